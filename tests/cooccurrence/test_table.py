"""The pair table equals dense NumPy, and its bits do not depend on how the work was dealt out."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.cooccurrence.table import PairSpec, PairTable, build_pair_table, count_pairs
from graphrec.data.dataset import Dataset
from graphrec.progress import Event, listen
from tests.cooccurrence.brute_force import Histories, random_histories

EXPONENTS = (0.0, 0.5, 1.0, 2.0)


@pytest.fixture(scope="module")
def histories() -> Histories:
    return random_histories(1)


@pytest.fixture(scope="module")
def whole(spark: SparkSession, histories: Histories) -> PairTable:
    """All pairs, with all that can be asked for."""
    return build_pair_table(
        histories.histories(spark),
        histories.items,
        exponents=EXPONENTS,
        max_neighbours=histories.items,
        ordered=True,
    )


@pytest.fixture(scope="module")
def cut(spark: SparkSession, histories: Histories) -> PairTable:
    """The best four neighbours of those with three common users."""
    return build_pair_table(
        histories.histories(spark), histories.items, max_neighbours=4, min_support=3
    )


def kept(table: PairTable) -> npt.NDArray[np.bool_]:
    """(items, items), True for the pairs that the table holds."""
    mask = np.zeros((table.items, table.items), bool)
    mask[table.row_indices, table.indices] = True
    return mask


def usable(histories: Histories) -> npt.NDArray[np.bool_]:
    """Pairs that users have in common, of items that have some weight."""
    weighed = histories.weight.sum(axis=0) > 0
    return (
        (histories.together() > 0) & np.outer(weighed, weighed) & ~np.eye(len(weighed), dtype=bool)
    )


def assert_same_bits(one: PairTable, other: PairTable) -> None:
    for own in fields(PairTable):
        a, b = getattr(one, own.name), getattr(other, own.name)
        if isinstance(a, dict):
            assert a.keys() == b.keys()
            for key in a:
                assert np.asarray(a[key]).tobytes() == np.asarray(b[key]).tobytes(), (own.name, key)
        else:
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), own.name


def test_it_holds_all_pairs_when_nothing_is_cut(whole: PairTable, histories: Histories) -> None:
    np.testing.assert_array_equal(kept(whole), usable(histories))
    rows = np.split(whole.indices, whole.indptr[1:-1])
    assert all(np.all(np.diff(row) > 0) for row in rows)


def test_counts_equal_brute_force(whole: PairTable, histories: Histories) -> None:
    pair = whole.row_indices, whole.indices
    np.testing.assert_array_equal(whole.together, histories.together()[pair])
    np.testing.assert_array_equal(whole.after, histories.after()[pair])
    np.testing.assert_array_equal(whole.support, histories.has.sum(axis=0))
    assert whole.users == histories.has.any(axis=1).sum()


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_sums_equal_brute_force(whole: PairTable, histories: Histories, exponent: float) -> None:
    gram = histories.gram(exponent)
    np.testing.assert_allclose(
        whole.sums[exponent], gram[whole.row_indices, whole.indices], rtol=1e-6, atol=1e-12
    )
    np.testing.assert_allclose(whole.own[exponent], np.diag(gram), rtol=1e-12, atol=1e-15)
    assert whole.mean_scale[exponent] == pytest.approx(histories.mean_scale(exponent), rel=1e-12)


def test_strength_and_cosine_equal_brute_force(whole: PairTable, histories: Histories) -> None:
    np.testing.assert_allclose(whole.strength, histories.weight.sum(axis=0), rtol=1e-12)
    cosine = histories.cosine()[whole.row_indices, whole.indices]
    np.testing.assert_allclose(whole.cosine, cosine, rtol=1e-5)


def test_the_best_neighbours_by_cosine_are_kept(cut: PairTable, histories: Histories) -> None:
    enough = usable(histories) & (histories.together() >= 3)
    cosine = np.where(enough, histories.cosine(), -1.0)
    for item in range(histories.items):
        best = [j for j in np.argsort(-cosine[item], kind="stable") if enough[item, j]][:4]
        assert sorted(best) == np.flatnonzero(kept(cut)[item]).tolist()
    pair = cut.row_indices, cut.indices
    np.testing.assert_array_equal(cut.together, histories.together()[pair])
    np.testing.assert_allclose(cut.sums[1.0], histories.gram(1.0)[pair], rtol=1e-6)
    assert cut.after.size == 0


def test_equal_cosines_go_to_the_more_popular_item(spark: SparkSession) -> None:
    everybody_has_everything = np.ones((3, 6))
    table = build_pair_table(
        Histories(
            everybody_has_everything > 0, everybody_has_everything, everybody_has_everything
        ).histories(spark),
        6,
        max_neighbours=2,
    )
    rows = np.split(table.indices, table.indptr[1:-1])
    assert [row.tolist() for row in rows] == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1], [0, 1]]


def test_its_bits_do_not_depend_on_partitions_and_blocks(
    spark: SparkSession, histories: Histories, whole: PairTable
) -> None:
    dealt_otherwise = build_pair_table(
        histories.histories(spark).repartition(7, F.xxhash64("user") % 5).orderBy(F.desc("user")),
        histories.items,
        exponents=EXPONENTS[::-1],
        max_neighbours=histories.items,
        ordered=True,
        block_entries=1,  # a block for each item
    )
    assert_same_bits(whole, dealt_otherwise)


@pytest.mark.parametrize("block_entries", [32_000_000, 1], ids=["driver", "blocks"])
def test_sums_are_of_capped_histories_and_counts_of_whole_ones(
    spark: SparkSession, histories: Histories, block_entries: int
) -> None:
    rng = np.random.default_rng(0)
    time = np.argsort(rng.random(histories.has.shape), axis=1).astype(np.float64)
    time += 1.0  # all of a user's are different
    latest = np.argsort(np.argsort(-np.where(histories.has, time, 0.0), axis=1), axis=1) < 6
    shortened = Histories(
        histories.has & latest, np.where(latest, histories.weight, 0.0), histories.time
    )
    full = Histories(histories.has, histories.weight, time)
    table = build_pair_table(
        full.histories(spark),
        histories.items,
        max_neighbours=histories.items,
        max_history=6,
        ordered=True,
        block_entries=block_entries,
    )
    np.testing.assert_array_equal(kept(table), usable(shortened))
    pair = table.row_indices, table.indices
    np.testing.assert_allclose(table.sums[1.0], shortened.gram(1.0)[pair], rtol=1e-6)
    assert (full.together()[pair] > shortened.together()[pair]).any()
    np.testing.assert_array_equal(table.together, full.together()[pair])
    np.testing.assert_array_equal(table.after, full.after()[pair])
    np.testing.assert_array_equal(table.support, full.has.sum(axis=0))


def test_users_who_share_nothing_make_no_pairs(spark: SparkSession) -> None:
    has = np.eye(3)
    table = build_pair_table(
        Histories(has > 0, has, has).histories(spark), 3, max_neighbours=3, ordered=True
    )
    assert (table.indices.size, table.indptr.tolist()) == (0, [0, 0, 0, 0])
    assert (table.users, table.support.tolist()) == (3, [1, 1, 1])
    assert table.cosine.size == 0


# --- of a dataset ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("timed", "rated"), [(True, False), (False, False), (True, True)])
def test_the_pairs_of_a_dataset(spark: SparkSession, timed: bool, rated: bool) -> None:
    rows = [
        (user, item, 1e9 + user * item, 5.0 - (item == 1))
        for user in range(9)
        for item in range(user + 2)
    ]
    frame = spark.createDataFrame(rows, "user int, item int, time double, stars double")
    given = {"timestampCol": "time" if timed else "", "ratingCol": "stars" if rated else ""}
    events: list[Event] = []
    with Dataset.from_interactions(frame, **given, maxHistory=5) as dataset:
        with listen(events.append):
            table = count_pairs(
                dataset, PairSpec(frozenset({0.5}), max_neighbours=4, min_support=3)
            )
        expected = build_pair_table(
            dataset.histories,
            dataset.catalogue.size,
            max_neighbours=4,
            max_history=5,
            exponents=(0.5,),
            min_support=3,
            ordered=timed,
        )
    assert table.indices.size > 0
    assert (table.after.size > 0) == timed
    assert_same_bits(table, expected)
    (end,) = [event for event in events if event.seconds is not None]
    assert (end.name, end.counts) == ("item pairs", {"pairs": table.indices.size})


@pytest.mark.parametrize(("items", "kept"), [(0, 2000), (1_000, 2000), (20_000, 838), (10**9, 200)])
def test_a_table_is_as_wide_as_memory_allows(items: int, kept: int) -> None:
    assert PairSpec().neighbours_kept(items) == kept
    assert PairSpec(max_neighbours=7).neighbours_kept(items) == 7
