from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark import StorageLevel
from pyspark.sql import SparkSession

from graphrec.data.ids import dense_ids
from graphrec.errors import ParameterError


def numbered(
    spark: SparkSession, kind: str, values: list[object], buckets: int, parts: int
) -> dict[object, int]:
    """The ids of the values, after a check of what every id table must be."""
    df = spark.createDataFrame([(value,) for value in values], f"`an id` {kind}")
    with dense_ids(df.repartition(parts), "an id", buckets=buckets) as ids:
        assert ids.frame.dtypes == [("an id", kind), ("index", "bigint")]
        rows = [tuple(row) for row in ids.frame.collect()]
        assert ids.size == len(rows)
    assert sorted(index for _, index in rows) == list(range(len(rows)))
    assert len({value for value, _ in rows}) == len(rows)
    return dict(rows)


@pytest.mark.parametrize(
    ("kind", "cells"),
    [("string", st.text(max_size=5)), ("bigint", st.integers(-(2**63), 2**63 - 1))],
)
@given(data=st.data(), buckets=st.sampled_from([1, 3, 1024]))
@settings(max_examples=3)
def test_dense_and_the_same_for_any_order_and_partitions(
    spark: SparkSession,
    kind: str,
    cells: st.SearchStrategy[object],
    data: st.DataObject,
    buckets: int,
) -> None:
    values = data.draw(st.lists(cells, min_size=1, max_size=60))
    first = numbered(spark, kind, values, buckets, parts=1)
    assert set(first) == set(values)
    again = values * 2
    random.Random(1).shuffle(again)
    assert numbered(spark, kind, again, buckets, parts=5) == first


def test_many_values(spark: SparkSession) -> None:
    df = spark.range(0, 200_000, 7, numPartitions=3)
    with dense_ids(df, "id") as ids:
        assert ids.size == df.count() == ids.frame.select("index").distinct().count()
        assert ids.frame.selectExpr("min(index)", "max(index)").first() == (0, ids.size - 1)
        assert ids.frame.join(df, "id").count() == ids.size


def test_null_gets_no_id(spark: SparkSession) -> None:
    df = spark.createDataFrame([(None,), ("a",), (None,)], "user string")
    assert [tuple(row) for row in dense_ids(df, "user").frame.collect()] == [("a", 0)]


def test_no_values(spark: SparkSession) -> None:
    ids = dense_ids(spark.createDataFrame([], "user int"), "user")
    assert (ids.size, ids.frame.count()) == (0, 0)


def test_the_frame_is_kept_until_it_is_freed(spark: SparkSession) -> None:
    ids = dense_ids(spark.range(10), "id")
    [kept] = ids._persisted._frames
    assert kept.storageLevel != StorageLevel.NONE
    ids.unpersist()
    assert kept.storageLevel == StorageLevel.NONE
    assert ids.frame.count() == 10


@pytest.mark.parametrize("buckets", [0, -1, 65_537])
def test_buckets_are_bounded(spark: SparkSession, buckets: int) -> None:
    with pytest.raises(ParameterError, match="buckets must be within 1 and 65,536"):
        dense_ids(spark.range(3), "id", buckets=buckets)
