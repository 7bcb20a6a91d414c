"""Arrays by item, as a DataFrame with one row per item, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from graphrec.columns import INDEX, VECTOR
from graphrec.kernels.csr import entries_of_rows
from graphrec.kernels.types import Array, Matrix
from graphrec.spark.arrow import BatchFunction, arrays_of, list_column
from graphrec.spark.item_blocks import item_indices
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_TYPES = {"float32": "float", "float64": "double", "int32": "int", "int64": "bigint"}


def to_rows(
    spark: SparkSession,
    indptr: npt.NDArray[np.int64],
    listed: Mapping[str, Array],
    single: Mapping[str, Array] | None = None,
) -> DataFrame:
    """Write arrays as rows; the workers read them from shared files, not from the driver.

    Args:
        spark: the running session.
        indptr: (items + 1,), the rows of the listed arrays, one per item.
        listed: arrays of entries, each an array column.
        single: (items,) arrays, each a plain column.

    Returns:
        (index: int, the single columns, the listed columns).
    """
    single = single or {}
    columns = {f"single_{name}": array for name, array in single.items()}
    columns |= {f"listed_{name}": array for name, array in listed.items()}
    fields = [f"{INDEX} int"]
    fields += [f"`{name}` {_TYPES[array.dtype.name]}" for name, array in single.items()]
    fields += [f"`{name}` array<{_TYPES[array.dtype.name]}>" for name, array in listed.items()]
    shared = share_arrays(spark, {"indptr": indptr, **columns})
    writer = _writer(shared, tuple(single), tuple(listed))
    return item_indices(spark, indptr.size - 1).mapInArrow(writer, ", ".join(fields))


def vector_rows(spark: SparkSession, vectors: Matrix) -> DataFrame:
    """Vectors of the items, (items, rank), as rows (index: int, vector: array<float>)."""
    indptr = np.arange(vectors.shape[0] + 1, dtype=np.int64) * vectors.shape[1]
    return to_rows(spark, indptr, {VECTOR: vectors.reshape(-1)})


def _writer(
    shared: SharedArrays, single: tuple[str, ...], listed: tuple[str, ...]
) -> BatchFunction:
    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        table = shared.open()
        for batch in batches:
            index = batch[INDEX].to_numpy()
            indptr, entry = entries_of_rows(table["indptr"], index)
            yield pa.RecordBatch.from_pydict(
                {INDEX: batch[INDEX]}
                | {name: pa.array(table[f"single_{name}"][index]) for name in single}
                | {name: list_column(indptr, table[f"listed_{name}"][entry]) for name in listed}
            )

    return write


def from_rows(
    frame: DataFrame, listed: Mapping[str, str], single: Mapping[str, str] | None = None
) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
    """The inverse of `to_rows`: catalogue-sized arrays on the driver.

    Args:
        frame: (index, ...), one row per item, in any order.
        listed: array columns and the dtypes they get.
        single: plain columns and the dtypes they get.

    Returns:
        indptr (items + 1,), and the arrays by name.
    """
    single = single or {}
    return arrays_of(frame.select(INDEX, *single, *listed).toArrow(), listed, single)
