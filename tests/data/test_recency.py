"""Older items of a history count less, counted from the user's own latest."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from graphrec.data.recency import weigh_by_recency

DAY = 86_400.0


def test_weights_halve_from_each_users_latest_on(spark: SparkSession) -> None:
    frame = spark.createDataFrame(
        [
            ("ann", [1.0, 4.0, 2.0], [1e9, 1e9 - 10 * DAY, 1e9 - 20 * DAY]),
            ("bob", [1.0, 1.0], [0.0, 5 * DAY]),  # long ago, but recent for bob
            ("cat", [3.0, 1.0], [None, 1e9]),  # what has no time keeps its weight
            ("dan", [2.0], [None]),
        ],
        "user string, weights array<float>, times array<double>",
    )
    found = {row.user: row.weights for row in weigh_by_recency(frame, 10.0).collect()}
    assert found["ann"] == [1.0, 2.0, 0.5]
    assert found["bob"] == pytest.approx([0.5**0.5, 1.0])
    assert found["cat"] == [3.0, 1.0]
    assert found["dan"] == [2.0]


def test_weights_halve_from_one_moment_on(spark: SparkSession) -> None:
    frame = spark.createDataFrame(
        [("ann", [1.0, 4.0], [1e9, 1e9 - 10 * DAY]), ("bob", [1.0, 3.0], [1e9 - 20 * DAY, None])],
        "user string, weights array<float>, times array<double>",
    )
    found = {row.user: row.weights for row in weigh_by_recency(frame, 10.0, until=1e9).collect()}
    assert found == {"ann": [1.0, 2.0], "bob": [0.25, 3.0]}
