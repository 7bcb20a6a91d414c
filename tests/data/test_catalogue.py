"""An item's number is its rank by popularity, whatever the partitioning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from graphrec.data.catalogue import Catalogue


@pytest.mark.parametrize(
    ("kind", "ids"),
    [("string", ["b", "a", "c", "10", "9"]), ("int", [30, -4, 10, 2, 5]), ("bigint", [2**40, 1])],
)
def test_items_are_numbered_by_support_and_then_by_id(
    spark: SparkSession, kind: str, ids: list[Any]
) -> None:
    counts = dict(zip(ids, [2, 4, 2, 1, 2], strict=False))
    rows = [(user, item) for item, count in counts.items() for user in range(count)]
    frame = spark.createDataFrame(rows, f"user int, item {kind}").repartition(3)
    catalogue = Catalogue.from_interactions(frame)
    expected = sorted(counts, key=lambda item: (-counts[item], item))
    assert catalogue.ids.to_pylist() == expected
    assert catalogue.support.tolist() == [counts[item] for item in expected]
    assert catalogue.size == len(ids)
    table = catalogue.to_frame(spark)
    assert table.dtypes == [("item", kind), ("index", "int"), ("support", "bigint")]
    assert sorted(map(tuple, table.collect()), key=lambda row: row[1]) == [
        (item, place, counts[item]) for place, item in enumerate(expected)
    ]
    again = Catalogue.from_frame(table.repartition(3, "item"))
    assert again.ids.equals(catalogue.ids)
    assert again.support.tolist() == catalogue.support.tolist()


def test_no_interactions_no_items(spark: SparkSession) -> None:
    catalogue = Catalogue.from_interactions(spark.createDataFrame([], "user int, item string"))
    assert (catalogue.size, catalogue.ids.to_pylist(), catalogue.support.size) == (0, [], 0)
    assert catalogue.to_frame(spark).collect() == []


@pytest.mark.parametrize(
    ("ids", "wanted", "index"),
    [
        (["b", "a"], "a", 1),
        (["b", "a"], "A", None),
        ([30, -4], -4, 1),
        ([30, -4], 5, None),
    ],
)
def test_an_item_is_found_by_its_id(ids: list[Any], wanted: Any, index: int | None) -> None:
    assert Catalogue(pa.array(ids), np.arange(2, 0, -1)).index_of(wanted) == index
