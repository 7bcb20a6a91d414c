from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.data.duplicates import (
    DuplicateRule,
    check_rule,
    combine_duplicates,
    combine_rated,
    decayed,
)
from graphrec.errors import ParameterError

SCHEMA = "user string, item int, weight double, timestamp double"

Entry = tuple[float | None, float]  # (timestamp, weight)
Row = tuple[str, int, float, float | None]

ORACLE: dict[DuplicateRule, Callable[[list[Entry]], float]] = {
    "last": lambda entries: max(entries, key=lambda entry: (entry[0] or 0.0, entry[1]))[1],
    "sum": lambda entries: sum(weight for _, weight in entries),
    "mean": lambda entries: fmean(weight for _, weight in entries),
    "max": lambda entries: max(weight for _, weight in entries),
}

keys = st.tuples(st.sampled_from("ab"), st.integers(1, 3))
weights = st.sampled_from([0.0, 0.5, 1.0, 3.0, 4.5])
times = st.sampled_from([1.0, 2.0, 3.0])


@pytest.mark.parametrize("timed", [True, False])
@given(table=st.lists(st.tuples(keys, weights, times), min_size=1, max_size=30))
@settings(max_examples=2)
def test_rules_equal_the_oracle(
    spark: SparkSession, timed: bool, table: list[tuple[tuple[str, int], float, float]]
) -> None:
    rows: list[Row] = [(*key, weight, t if timed else None) for key, weight, t in table]
    entries: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for user, item, weight, t in rows:
        entries[user, item].append((t, weight))
    df = spark.createDataFrame(rows, SCHEMA).repartition(3)
    for rule, oracle in ORACLE.items():
        combined = combine_duplicates(df, rule, timed=timed)
        assert combined.columns == ["user", "item", "weight", "timestamp"]
        latest = {key: max((t for t, _ in e if t), default=None) for key, e in entries.items()}
        expected = sorted((*key, oracle(e), latest[key]) for key, e in entries.items())
        assert sorted(tuple(row) for row in combined.collect()) == expected


RATED: list[tuple[str, int, float, float, float]] = [
    ("liked again", 1, 0.0, 1.0, -1.0),
    ("liked again", 1, 2.0, 2.0, 4.0),
    ("liked at the same time", 1, 0.0, 3.0, -0.5),
    ("liked at the same time", 1, 3.0, 3.0, 3.0),
    ("disliked in the end", 1, 5.0, 1.0, 5.0),
    ("disliked in the end", 1, 0.0, 2.0, -2.0),
    ("only disliked", 1, 0.0, 7.0, -3.0),
    ("only disliked", 2, 1.0, 4.0, 2.0),
    ("only disliked", 2, 2.0, 5.0, 4.0),
]


@pytest.mark.parametrize(
    ("rule", "timed", "expected"),
    [
        (
            "mean",
            True,
            {
                ("liked again", 1, 2.0, 2.0, 4.0),
                ("liked at the same time", 1, 3.0, 3.0, 3.0),
                ("disliked in the end", 1, 0.0, 2.0, -1.0),
                ("only disliked", 1, 0.0, 7.0, -1.0),
                ("only disliked", 2, 1.5, 5.0, 3.0),
            },
        ),
        (
            "last",
            True,
            {
                ("liked again", 1, 2.0, 2.0, 4.0),
                ("liked at the same time", 1, 3.0, 3.0, 3.0),
                ("disliked in the end", 1, 0.0, 2.0, -1.0),
                ("only disliked", 1, 0.0, 7.0, -1.0),
                ("only disliked", 2, 2.0, 5.0, 4.0),
            },
        ),
        (
            "sum",
            False,
            {
                ("liked again", 1, 0.0, None, -1.0),
                ("liked at the same time", 1, 0.0, None, -1.0),
                ("disliked in the end", 1, 0.0, None, -1.0),
                ("only disliked", 1, 0.0, None, -1.0),
                ("only disliked", 2, 3.0, None, 6.0),
            },
        ),
    ],
)
def test_a_dislike_is_never_added_and_holds_until_a_later_row(
    spark: SparkSession, rule: DuplicateRule, timed: bool, expected: set[tuple[object, ...]]
) -> None:
    rows = [(*row[:3], row[3] if timed else None, row[4]) for row in RATED]
    found = combine_rated(spark.createDataFrame(rows, f"{SCHEMA}, stars double"), rule, timed=timed)
    assert {tuple(row) for row in found.collect()} == expected


def test_decay_halves_at_each_half_life(spark: SparkSession) -> None:
    days = [10.0, 9.0, 8.0, 6.0]
    df = spark.createDataFrame([("u", 1, 4.0, day * 86_400) for day in days], SCHEMA)
    weight = decayed(F.col("weight"), latest=10 * 86_400, half_life_days=2)
    expected = [4.0, 4 * 0.5**0.5, 2.0, 1.0]
    assert [row[0] for row in df.select(weight).collect()] == pytest.approx(expected)


def test_unknown_rule() -> None:
    check_rule("mean")
    with pytest.raises(ParameterError, match="found 'first'; choose of last, sum, mean, max"):
        check_rule("first")
