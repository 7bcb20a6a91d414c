"""Histories hold what the interactions say, and a cap keeps the latest of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.data.catalogue import Catalogue
from graphrec.data.figures import CappedHistories
from graphrec.data.histories import build_histories, cap_histories, history_sizes

INTERACTIONS = "user string, item string, weight double, timestamp double"
PROFILES = "user string, items array<int>, weights array<float>, times array<double>"


def by_user(histories: DataFrame) -> dict[str, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in histories.collect()}


def test_histories_ascend_by_item_and_keep_what_belongs_together(spark: SparkSession) -> None:
    rows = [
        ("ann", "cube", 3.0, 30.0),
        ("ann", "alien", 1.0, None),
        ("bob", "alien", 0.5, 10.0),
        ("cat", "alien", 2.0, 5.0),
        ("cat", "cube", 0.0, 6.0),
    ]
    frame = spark.createDataFrame(rows, INTERACTIONS)
    histories = build_histories(frame, Catalogue.from_interactions(frame))
    assert histories.dtypes == [
        ("user", "string"),
        ("items", "array<int>"),
        ("weights", "array<float>"),
        ("times", "array<double>"),
    ]
    assert by_user(histories) == {
        "ann": ([0, 1], [1.0, 3.0], [None, 30.0]),
        "bob": ([0], [0.5], [10.0]),
        "cat": ([0, 1], [2.0, 0.0], [5.0, 6.0]),
    }


def test_what_the_catalogue_does_not_hold_is_left_out(spark: SparkSession) -> None:
    known = spark.createDataFrame([("x", "alien", 1.0, None)], INTERACTIONS)
    baskets = spark.createDataFrame(
        [("ann", "alien", 1.0, None), ("ann", "dune", 1.0, None), ("bob", "dune", 1.0, None)],
        INTERACTIONS,
    )
    found = by_user(build_histories(baskets, Catalogue.from_interactions(known)))
    assert found == {"ann": ([0], [1.0], [None])}


@pytest.fixture(scope="module")
def long_histories(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(
        [
            ("timed", [1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4], [40.0, 10.0, 30.0, 20.0]),
            ("short", [5, 7], [1.0, 2.0], [1.0, 2.0]),
            ("half timed", [1, 2, 3, 4], [1.0] * 4, [None, 10.0, None, 20.0]),
            ("none", [], [], []),
        ],
        PROFILES,
    ).cache()


def test_the_latest_are_kept_in_the_order_of_the_items(long_histories: DataFrame) -> None:
    found = by_user(cap_histories(long_histories, 2))
    items, weights, times = found["timed"]
    assert (items, times) == ([1, 3], [40.0, 30.0])
    assert weights == pytest.approx([0.1, 0.3])
    assert found["short"] == ([5, 7], [1.0, 2.0], [1.0, 2.0])
    assert found["half timed"] == ([2, 4], [1.0, 1.0], [10.0, 20.0])
    assert found["none"] == ([], [], [])


def test_a_cap_that_nobody_reaches_changes_nothing(long_histories: DataFrame) -> None:
    assert by_user(cap_histories(long_histories, 4)) == by_user(long_histories)


def test_without_times_a_hash_decides_for_no_item_in_particular(spark: SparkSession) -> None:
    users = spark.range(200).select(F.concat(F.lit("u"), "id").alias("user"))
    items = F.sequence(F.lit(0), F.lit(9))
    alike = users.select(
        "user",
        items.alias("items"),
        F.transform(items, lambda item: item.cast("float")).alias("weights"),
        F.transform(items, lambda item: F.lit(7.0)).alias("times"),
    )
    kept = by_user(cap_histories(alike, 3))
    assert all(items == weights for items, weights, _ in kept.values())
    assert all(len(items) == 3 for items, _, _ in kept.values())
    counts = _counts(items for items, _, _ in kept.values())
    assert min(counts) > 35  # of 60 that an even draw gives
    assert by_user(cap_histories(alike.repartition(3).orderBy(F.desc("user")), 3)) == kept


def _counts(lists: Iterable[list[int]]) -> list[int]:
    drawn = [item for items in lists for item in items]
    return [drawn.count(item) for item in range(10)]


def test_what_a_cap_leaves_out_is_counted(spark: SparkSession) -> None:
    histories = spark.createDataFrame(
        [(str(n), list(range(n)), [1.0] * n, [None] * n) for n in (1, 3, 4, 9)], PROFILES
    )
    capped = cap_histories(histories, 3)
    kept = sum(len(row["items"]) for row in capped.collect())
    assert kept == 1 + 3 + 3 + 3
    assert history_sizes(histories, 3) == (4, 17, CappedHistories(3, 2, 17 - kept))
    assert history_sizes(histories.limit(0), 3) == (0, 0, CappedHistories(3, 0, 0))
