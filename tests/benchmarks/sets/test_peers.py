"""The peers against their formulas, item by item, on a handful of users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks.sets.choice import choose
from benchmarks.sets.cuts import Cut
from benchmarks.sets.matrix import Interactions
from benchmarks.sets.peers import PEERS, Peer
from graphrec.evaluation.metrics import ranking_metrics

Matrix = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def cut(spark: SparkSession) -> Cut:
    """Thirty users and twelve items; q is in the test set alone."""
    draw = np.random.default_rng(7)
    has = draw.random((30, 12)) < np.linspace(0.7, 0.2, 12)
    has[:, 0] = True
    held_out = has & (draw.random(has.shape) < 0.25) & (np.arange(12) > 0)
    frames = []
    for part, more in ((has & ~held_out, []), (held_out, [(3, "q")])):
        users, items = part.nonzero()
        rows = [(int(user), f"i{item:02}") for user, item in zip(users, items, strict=True)]
        frames.append(spark.createDataFrame(pd.DataFrame([*rows, *more], columns=["user", "item"])))
    return Cut.of(*frames)


@pytest.fixture(scope="module")
def data(cut: Cut) -> Interactions:
    return Interactions.of(cut)


def scores(data: Interactions, name: str, **setting: Any) -> Matrix:
    found = PEERS[name].fit(data, **setting)(np.arange(data.users.size))
    return np.asarray(found, np.float64)


def test_items_are_numbered_by_popularity(cut: Cut, data: Interactions) -> None:
    counts = cut.train.toPandas()["item"].value_counts()
    wanted = sorted(counts.index, key=lambda item: (-counts[item], item))
    assert list(data.items) == wanted
    assert "q" not in data.items
    assert list(data.popularity) == [counts[item] for item in wanted]


def of_p3(data: Interactions, alpha: float, beta: float = 0.0) -> Matrix:
    has = data.matrix.toarray().astype(float)
    users, items = has.shape
    weights = np.zeros((items, items))
    for i in range(items):
        for j in range(items):
            for u in range(users):
                step, next_step = has[u, i] / has[:, i].sum(), has[u, j] / has[u].sum()
                weights[i, j] += step**alpha * next_step**alpha if has[u, i] * has[u, j] else 0.0
            weights[i, j] /= has[:, j].sum() ** beta
    return has @ weights


def of_ease(data: Interactions, penalty: float) -> Matrix:
    has = data.matrix.toarray().astype(float)
    inverse = np.linalg.inv(has.T @ has + penalty * np.eye(has.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return has @ weights


def of_graph_filter(data: Interactions, rank: int, alpha: float) -> Matrix:
    has = data.matrix.toarray().astype(float)
    by_user, by_item = has.sum(axis=1), has.sum(axis=0)
    normalised = has / np.sqrt(by_user)[:, None] / np.sqrt(by_item)
    vectors = np.linalg.svd(normalised)[2][:rank]
    ideal = np.diag(by_item**-0.5) @ vectors.T @ vectors @ np.diag(by_item**0.5)
    return has @ (normalised.T @ normalised + alpha * ideal)


@pytest.mark.parametrize(
    ("name", "setting", "formula"),
    [
        ("p3", {"alpha": 0.8}, of_p3),
        ("rp3beta", {"alpha": 1.0, "beta": 0.4}, of_p3),
        ("ease", {"penalty": 20.0}, of_ease),
        ("graph-filter", {"rank": 4, "alpha": 0.3}, of_graph_filter),
        ("graph-filter", {"rank": 4, "alpha": 0.0}, of_graph_filter),
    ],
)
def test_a_peer_is_its_formula(
    data: Interactions, name: str, setting: dict[str, float], formula: Callable[..., Matrix]
) -> None:
    np.testing.assert_allclose(
        scores(data, name, **setting), formula(data, **setting), rtol=1e-4, atol=1e-5
    )


def test_large_catalogues_are_inverted_in_single_precision(
    data: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.sets.peers._DOUBLE_ITEMS", 1)
    np.testing.assert_allclose(scores(data, "ease", penalty=20.0), of_ease(data, 20.0), atol=1e-4)


def test_neighbours_of_implicit(data: Interactions) -> None:
    pytest.importorskip("implicit", reason="the peers of implicit are of the extra `bench`")
    has = data.matrix.toarray().astype(float)
    lengths = np.sqrt((has * has).sum(axis=0))
    np.testing.assert_allclose(
        scores(data, "cosine", K=12), has @ (has.T @ has / lengths / lengths[:, None]), rtol=1e-5
    )
    few = data.lists(PEERS["bm25"].fit(data, K=3, K1=1.2, B=0.2), data.tested, 5)
    assert few.shape == (data.tested.size, 5)


def test_factors_of_implicit_find_what_is_there(data: Interactions) -> None:
    pytest.importorskip("implicit", reason="the peers of implicit are of the extra `bench`")
    found = scores(data, "als", factors=8, regularization=0.1, alpha=10.0)
    has = data.matrix.toarray() > 0
    assert found[has].mean() > found[~has].mean() + 0.3


def test_lists_leave_out_what_is_known_and_ties_go_to_the_popular(data: Interactions) -> None:
    users = np.arange(data.users.size)
    listed = data.lists(lambda some: np.zeros((some.size, data.items.size)), users, 3)
    has = data.matrix.toarray() > 0
    for user in users:
        assert list(listed[user]) == list(np.flatnonzero(~has[user])[:3])
    assert data.lists(lambda some: np.zeros((some.size, data.items.size)), users, 99).shape[1] == 12


def test_ndcg_is_that_of_the_library(spark: SparkSession, cut: Cut, data: Interactions) -> None:
    """The one that settings are chosen by; q counts as missed."""
    listed = data.lists(PEERS["p3"].fit(data, alpha=1.0), data.tested, 4)
    measured = ranking_metrics(data.frame(spark, listed), cut.test, k=4, metrics=["ndcg"])
    wanted = measured.toPandas().set_index("user")["ndcg"]
    assert data.sizes.sum() == cut.test.count()
    for rows in (np.arange(data.tested.size), np.array([2, 5])):
        value = data.ndcg(listed[rows], rows)
        assert value == pytest.approx(wanted.loc[data.users[data.tested[rows]]].mean())


def test_the_best_setting_is_chosen(data: Interactions) -> None:
    """Of a peer that turns the scores round, the setting that does not."""

    def turned(data: Interactions, sign: float) -> Any:
        own = PEERS["p3"].fit(data, alpha=1.0)
        return lambda users: sign * np.asarray(own(users))

    choice = choose(Peer("turned", turned, ({"sign": -1.0}, {"sign": 1.0})), data, 4)
    assert choice.setting == {"sign": 1.0}
    worse, better = (trial.ndcg for trial in choice.trials)
    assert better > worse
    alone = choose(replace(PEERS["p3"], grid=({"alpha": 0.5},)), data, 4)
    assert (alone.setting, alone.trials) == ({"alpha": 0.5}, [])
