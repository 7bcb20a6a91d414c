"""Rows come back in order whatever batches they travelled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from graphrec.spark.arrow import BatchFunction
from graphrec.spark.packed_rows import RowBlock, gather, pack, packed_schema


def multiples() -> BatchFunction:
    """A function for which row n has n % 4 entries: n·10, n·10 + 1, ..."""

    def pack_multiples(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            index = batch["id"].to_numpy()[::-1]
            indptr = np.concatenate(([0], np.cumsum(index % 4)))
            values = np.concatenate([n * 10 + np.arange(n % 4) for n in index])
            entries = {"value": values.astype(np.int32), "half": values / 2}
            yield pack(RowBlock(index, indptr, entries))

    return pack_multiples  # nested, so that it travels as it is: workers do not know the tests


def test_rows_are_put_in_order(spark: SparkSession) -> None:
    schema = packed_schema(("value", "half"))
    assert schema == "`index` binary, `length` binary, `value` binary, `half` binary"
    frame = spark.range(0, 30, 1, 4).where("id <> 7").mapInArrow(multiples(), schema)
    indptr, entries = gather(frame, 31, {"value": np.int32, "half": np.float64})
    rows = [row.tolist() for row in np.split(entries["value"], indptr[1:-1])]
    expected = [[n * 10 + entry for entry in range(n % 4)] for n in range(30)]
    expected[7] = []  # nobody sent it
    assert rows == [*expected, []]
    np.testing.assert_array_equal(entries["half"], entries["value"] / 2)


def test_no_rows_at_all(spark: SparkSession) -> None:
    frame = spark.range(0).mapInArrow(multiples(), packed_schema(("value",)))
    indptr, entries = gather(frame, 3, {"value": np.float32})
    assert indptr.tolist() == [0, 0, 0, 0]
    assert entries["value"].size == 0
