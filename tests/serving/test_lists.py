"""What workers do with an Arrow batch, without Spark around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.kernels.types import read_only
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.embedding.fold_in import MeanFoldIn
from graphrec.serving.dense_scores import score_all_items
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.list_rules import list_rules
from graphrec.serving.lists import _batch_users
from graphrec.serving.ranking import read_histories, user_factors
from graphrec.serving.request import Request
from graphrec.serving.tables import factor_arrays

ITEMS = st.lists(st.lists(st.integers(0, 9), unique=True, max_size=4).map(sorted), max_size=6)


def batch_of(items: list[list[int]], **columns: Any) -> pa.RecordBatch:
    lists = pa.array(items, pa.list_(pa.int32()))
    weights = pa.array([[1.0 + i for i in row] for row in items], pa.list_(pa.float32()))
    return pa.RecordBatch.from_pydict({"items": lists, "weights": weights, **columns})


@given(seen=ITEMS, data=st.data(), filter_seen=st.booleans())
@settings(max_examples=60)
def test_hidden_are_the_seen_and_the_denied(
    seen: list[list[int]], data: st.DataObject, *, filter_seen: bool
) -> None:
    rows = st.lists(st.integers(0, 9), max_size=3)
    denied = data.draw(st.lists(rows, min_size=len(seen), max_size=len(seen)))
    hidden = pa.array(denied, pa.list_(pa.int32()))
    histories = read_histories(batch_of(seen, hidden=hidden), filter_seen=filter_seen)
    for user, (own, others) in enumerate(zip(seen, denied, strict=True)):
        part = slice(histories.items.indptr[user], histories.items.indptr[user + 1])
        assert histories.items.indices[part].tolist() == own
        assert histories.items.data[part].tolist() == [1.0 + i for i in own]
        part = slice(histories.hidden_indptr[user], histories.hidden_indptr[user + 1])
        assert histories.hidden_indices[part].tolist() == (own if filter_seen else []) + others


@pytest.mark.parametrize("filter_seen", [True, False])
def test_without_a_column_of_denied_items(*, filter_seen: bool) -> None:
    histories = read_histories(batch_of([[1, 2], [], [3]]), filter_seen=filter_seen)
    assert histories.hidden_indptr.tolist() == ([0, 2, 2, 3] if filter_seen else [0, 0, 0, 0])
    assert histories.hidden_indices.tolist() == ([1, 2, 3] if filter_seen else [])


def test_given_user_factors_are_used_as_they_are_and_the_others_folded_in() -> None:
    rng = np.random.default_rng(0)
    vector, eigenvalue = rotate(rng.normal(size=(10, 3)).astype(np.float32))
    given_one = pa.array([None, [7.0, 8.0, 9.0], None], pa.list_(pa.float32()))
    batch = batch_of([[1, 2], [3], []], vector=given_one)
    histories = read_histories(batch, filter_seen=True)
    given = ItemFactors(vector, eigenvalue, SolvedFoldIn(0.05, 0.05, takes_given=True))
    others = [
        replace(given, fold_in=SolvedFoldIn(0.05, 0.05)),
        replace(given, fold_in=MeanFoldIn()),
    ]
    legs = [others[0], given, others[1]]
    fold_ins = [leg.fold_in for leg in legs]
    found = np.split(user_factors(batch, histories, factor_arrays(legs), fold_ins), 3, axis=1)
    folded = others[0].users(histories.items)
    np.testing.assert_array_equal(found[0], folded)
    np.testing.assert_array_equal(found[1], [folded[0], [7, 8, 9], [0, 0, 0]])
    np.testing.assert_array_equal(found[2], others[1].users(histories.items))


@given(seed=st.integers(0, 1000), rank=st.integers(1, 9), items=st.integers(1, 1100))
@settings(max_examples=20)
def test_scores_of_all_items_have_the_same_bits_in_any_block(
    seed: int, rank: int, items: int
) -> None:
    rng = np.random.default_rng(seed)
    users = rng.normal(size=(7, rank)).astype(np.float32)
    factors = read_only(rng.normal(size=(rank, items)).astype(np.float32))
    together = score_all_items(read_only(users), factors)
    np.testing.assert_allclose(together, users @ factors, atol=1e-4)
    alone = [score_all_items(read_only(users[[user]]), factors)[0] for user in range(7)]
    assert together.tobytes() == np.array(alone).tobytes()


def test_a_request_retrieves_at_least_as_many_as_it_lists() -> None:
    request = Request(blend=(0.5, 0.5), standardise=True, length=40, candidates=30)
    popularity = np.ones(50, np.float32)
    settings_ = request.settings(popularity, list_rules(popularity))
    assert (settings_.candidates, settings_.length) == (40, 40)
    assert settings_.blend.tolist() == [0.5, 0.5]
    assert not settings_.blend.flags.writeable


def test_nothing_exceeds_the_catalogue_nor_long_lists_the_memory() -> None:
    popularity = np.ones(40_000, np.float32)
    rules = list_rules(popularity)
    large = Request((1.0,), True, length=10**9, candidates=10**12, reasons=10**9)
    most = large.settings(popularity, rules)
    assert (most.length, most.candidates, most.reasons) == (40_000, 40_000, 40_000)
    assert _batch_users(most) == 1
    usual = Request((1.0,), True).settings(popularity, rules)
    assert (usual.length, usual.candidates, usual.reasons) == (10, 300, 3)
    assert _batch_users(usual) == 2000
    assert _batch_users(replace(large, reasons=3).settings(popularity, rules)) == 50
