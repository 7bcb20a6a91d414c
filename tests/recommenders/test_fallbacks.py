"""What is popular now, in three days of interactions."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

import graphrec as gr

DAY = 86400.0


def test_what_is_popular_now_is_listed_to_whom_nothing_is_known_of(spark: SparkSession) -> None:
    """Of 12 interactions, 4 on each day, a half-life of a day leaves 4 + 2 + 1 of 12."""
    rows = [("a", 0), ("a", 0), ("a", 0), ("b", 0)]  # item, day
    rows += [("a", 1), ("b", 1), ("b", 1), ("c", 1)]
    rows += [("b", 2), ("c", 2), ("c", 2), ("c", 2)]
    interactions = spark.createDataFrame(
        [(f"u{n}", item, DAY * (1 + day)) for n, (item, day) in enumerate(rows)],
        "user string, item string, timestamp double",
    )
    hybrid = gr.HybridRecommender([gr.RandomWalkRecommender()], trendHalfLife=1.0)
    stranger = spark.createDataFrame([("?",)], "user string")
    found = hybrid.fit(interactions).rankedLists(3, users=stranger).orderBy("rank").collect()

    # Each has 4 of 12 users, and 7 / 12 x 4 are expected now, if they are had as ever.
    expected = {
        item: 4 / 12 * (sum(0.5 ** (2 - day) for one, day in rows if one == item) + 1) / (7 / 3 + 1)
        for item in "abc"
    }
    assert [row["item"] for row in found] == ["c", "b", "a"]
    assert [row.score for row in found] == pytest.approx([expected[item] for item in "cba"])
    assert [row.source for row in found] == ["trending", "popular", "popular"]
