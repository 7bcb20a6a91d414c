"""Arrays by item survive the way through a DataFrame, bit for bit."""

from __future__ import annotations

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.spark.item_blocks import item_indices
from graphrec.spark.item_rows import from_rows, to_rows
from graphrec.spark.parallelism import parallelism


def test_arrays_come_back_as_they_went(spark: SparkSession) -> None:
    rng = np.random.default_rng(7)
    start = np.concatenate(([0], np.cumsum(rng.integers(0, 5, 100))))
    listed = {
        "neighbour": rng.integers(0, 100, start[-1], dtype=np.int32),
        "weight": rng.normal(size=start[-1]).astype(np.float32),
    }
    single = {"strength": rng.normal(size=100), "support": rng.integers(0, 9, 100)}
    frame = to_rows(spark, start, listed, single)
    assert frame.dtypes == [
        ("index", "int"),
        ("strength", "double"),
        ("support", "bigint"),
        ("neighbour", "array<int>"),
        ("weight", "array<float>"),
    ]
    found_start, found = from_rows(
        frame.orderBy(F.desc("index")),
        {"neighbour": "int32", "weight": "float32"},
        {"strength": "float64", "support": "int64"},
    )
    np.testing.assert_array_equal(found_start, start)
    for name, array in {**listed, **single}.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_rows_of_nothing(spark: SparkSession) -> None:
    start, found = from_rows(
        to_rows(spark, np.zeros(4, np.int64), {"weight": np.empty(0, np.float32)}),
        {"weight": "float32"},
    )
    assert (start.tolist(), found["weight"].tolist()) == ([0, 0, 0, 0], [])


def test_items_are_dealt_evenly(spark: SparkSession) -> None:
    """Each task gets every n-th item or so: popular ones stand first and cost most."""
    assert parallelism(spark) == spark.sparkContext.defaultParallelism
    dealt = item_indices(spark, 1000).withColumn("task", F.spark_partition_id())
    rows = dealt.toArrow().to_pandas()
    assert sorted(rows["index"]) == list(range(1000))
    by_task = rows.groupby("task")["index"]
    assert len(by_task) >= parallelism(spark)
    assert by_task.min().max() < 100  # each task has some of the most popular
    assert by_task.max().min() > 900  # and some of the least
