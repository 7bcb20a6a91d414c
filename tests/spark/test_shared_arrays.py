"""Workers see the arrays that the driver shared, read-only, whatever their shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from threadpoolctl import threadpool_info

from graphrec.kernels.types import read_only
from graphrec.spark.shared_arrays import SharedArrays, share_arrays
from graphrec.spark.threads import one_thread

ARRAYS: dict[str, npt.NDArray[np.generic]] = {
    "vector": np.arange(5, dtype=np.int32),
    "matrix": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    "transposed": np.arange(12, dtype=np.int64).reshape(3, 4).T,
    "mask": np.array([True, False]),
    "empty": np.empty(0, np.float64),
    "no_columns": np.empty((7, 0), np.float32),
    "bytes": np.frombuffer(b"graph", np.uint8),
}


SEEN = pa.schema(
    {
        "name": pa.string(),
        "dtype": pa.string(),
        "shape": pa.list_(pa.int64()),
        "values": pa.list_(pa.float64()),
        "writable": pa.bool_(),
        "contiguous": pa.bool_(),
    }
)


def seen_by_a_worker(spark: SparkSession, shared: SharedArrays) -> dict[str, dict[str, object]]:
    """What a task finds when it opens the arrays, by their names."""
    schema = SEEN  # a worker cannot import this file

    def look(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            seen = [
                {
                    "name": name,
                    "dtype": array.dtype.name,
                    "shape": list(array.shape),
                    "values": [float(value) for value in array.reshape(-1)],
                    "writable": array.flags.writeable,
                    "contiguous": array.flags.c_contiguous,
                }
                for name, array in shared.open().items()
            ]
            yield pa.RecordBatch.from_pylist(seen, schema)

    frame = spark.range(1).mapInArrow(
        look,
        "name string, dtype string, shape array<bigint>, values array<double>, "
        "writable boolean, contiguous boolean",
    )
    return {row.pop("name"): row for row in frame.toArrow().to_pylist()}


def test_workers_open_what_was_shared(spark: SparkSession) -> None:
    found = seen_by_a_worker(spark, share_arrays(spark, ARRAYS))
    assert found == {
        name: {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "values": [float(value) for value in array.reshape(-1)],
            "writable": False,
            "contiguous": True,
        }
        for name, array in ARRAYS.items()
    }


def test_equal_arrays_are_distributed_once(spark: SparkSession) -> None:
    numbers = np.arange(8, dtype=np.int32)
    first = share_arrays(spark, {"a": numbers})
    again = share_arrays(spark, {"b": numbers.copy(), "c": numbers[::-1][::-1]})
    assert {file for _, file in first.files} == {file for _, file in again.files}


@pytest.mark.parametrize(
    "other",
    [
        np.arange(8, dtype=np.uint32),
        np.arange(8, dtype=np.int32).reshape(2, 4),
        np.arange(1, 9, dtype=np.int32),
    ],
    ids=["type", "shape", "values"],
)
def test_arrays_that_differ_have_files_of_their_own(
    spark: SparkSession, other: npt.NDArray[np.generic]
) -> None:
    """Neither is taken for the other, whichever came first."""
    first = np.arange(8, dtype=np.int32)
    both = [(array, share_arrays(spark, {"a": array})) for array in (first, other)]
    assert both[0][1].files != both[1][1].files
    for array, shared in both:
        found = shared.open()["a"]
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array, strict=True)


def test_a_read_only_view_leaves_the_array_writable() -> None:
    array = np.arange(3.0)
    view = read_only(array)
    assert np.shares_memory(view, array)
    assert (view.flags.writeable, array.flags.writeable) == (False, True)
    assert read_only(np.ones((4, 4))[:, :2]).flags.c_contiguous


def test_one_thread_while_it_lasts() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))  # the library is loaded
    before = [pool["num_threads"] for pool in threadpool_info()]
    with one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before
