"""Recall by support, counted by hand."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import SparkSession

from graphrec.evaluation.by_support import recall_by_support


def test_what_is_found_is_counted_by_the_support_of_the_items(spark: SparkSession) -> None:
    """Six users have a, one has b, nobody has c: groups 6 to 20, 1 to 5, and 0."""
    train = pd.DataFrame([(user, "a") for user in range(6)] + [(0, "b")], columns=["user", "item"])
    test = pd.DataFrame(
        [(7, "a"), (8, "a"), (7, "b"), (7, "c"), (8, "c")], columns=["user", "item"]
    )
    lists = [
        *[("one", 7, "a", 1), ("one", 7, "c", 2), ("one", 8, "b", 1), ("one", 8, "a", 2)],
        *[("two", 7, "b", 1), ("two", 9, "a", 1)],
    ]
    found = recall_by_support(
        spark.createDataFrame(pd.DataFrame(lists, columns=["model", "user", "item", "rank"])),
        spark.createDataFrame(test),
        spark.createDataFrame(train),
        models=["two", "one"],
        model="model",
        k=[1, 2],
    )
    assert [tuple(row) for row in found.collect()] == [
        ("two", 0, 0, 1, 2, 0, 0.0),
        ("two", 0, 0, 2, 2, 0, 0.0),
        ("two", 1, 5, 1, 1, 1, 1.0),
        ("two", 1, 5, 2, 1, 1, 1.0),
        ("two", 6, 20, 1, 2, 0, 0.0),
        ("two", 6, 20, 2, 2, 0, 0.0),
        ("one", 0, 0, 1, 2, 0, 0.0),
        ("one", 0, 0, 2, 2, 1, 0.5),
        ("one", 1, 5, 1, 1, 0, 0.0),
        ("one", 1, 5, 2, 1, 0, 0.0),
        ("one", 6, 20, 1, 2, 1, 0.5),
        ("one", 6, 20, 2, 2, 2, 1.0),
    ]
