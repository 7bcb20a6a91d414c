"""Arrow batches: functions that Spark maps over them, and list columns as sparse rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import INDEX
from graphrec.kernels.csr import CSR, csr

BatchFunction: TypeAlias = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def rows_from_lists(indices: pa.ListArray, data: pa.ListArray) -> CSR:
    """Two list columns of the same lengths as sparse rows: int32 columns and float32 values."""
    return csr(offsets(indices), values(indices, np.int32), values(data, np.float32))


def offsets(column: pa.ListArray) -> npt.NDArray[np.int64]:
    """The indptr of the lists, (rows + 1,): where each begins, and where the last one ends."""
    raw = column.offsets.to_numpy(zero_copy_only=True).astype(np.int64)
    return raw - raw[0]


def values(column: pa.ListArray, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """All lists' values one after the other; nulls become NaN."""
    flat = column.flatten()
    if flat.null_count:
        flat = flat.cast(pa.float64())
    return flat.to_numpy(zero_copy_only=False).astype(dtype, copy=False)


def list_column(indptr: npt.NDArray[np.int64], flat: npt.NDArray[Any] | pa.Array) -> pa.ListArray:
    """The inverse: a list column from indptr (rows + 1,) and values (entries,).

    Raises:
        OverflowError: more values than Arrow's lists of 32-bit offsets can hold.
    """
    if indptr[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"{indptr[-1]} values do not fit into one Arrow list column")
    return pa.ListArray.from_arrays(pa.array(indptr.astype(np.int32)), pa.array(flat))


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def arrays_of(
    table: pa.Table, listed: Mapping[str, str], single: Mapping[str, str]
) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[Any]]]:
    """Arrays of rows that were written by item, see `graphrec.spark.item_rows.to_rows`.

    Args:
        table: (index, ...), one row per item, in any order.
        listed: array columns and the dtypes they get.
        single: plain columns and the dtypes they get.

    Returns:
        indptr (items + 1,), and the arrays by name.
    """
    table = table.select([INDEX, *single, *listed]).sort_by(INDEX).combine_chunks()
    indptr = np.zeros(table.num_rows + 1, np.int64)
    arrays: dict[str, npt.NDArray[Any]] = {
        name: one_array(table[name]).to_numpy().astype(dtype) for name, dtype in single.items()
    }
    for name, dtype in listed.items():
        column = one_array(table[name])
        arrays[name] = values(column, dtype)
        indptr = np.maximum(indptr, offsets(column))  # a list that was not kept is empty throughout
    return indptr, arrays
