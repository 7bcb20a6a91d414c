"""Arrow batches: functions that Spark maps over them, and list columns as offsets and values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.kernels.types import Indices

BatchFunction: TypeAlias = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def offsets(column: pa.ListArray) -> npt.NDArray[np.int64]:
    """Where each row's list begins, and where the last one ends, from 0: (n + 1,)."""
    raw = column.offsets.to_numpy(zero_copy_only=True).astype(np.int64)
    return raw - raw[0]


def values(column: pa.ListArray, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """All lists' values one after the other; nulls become NaN."""
    flat = column.flatten()
    if flat.null_count:
        flat = flat.cast(pa.float64())
    return flat.to_numpy(zero_copy_only=False).astype(dtype, copy=False)


def lists(starts: npt.NDArray[np.int64], flat: npt.NDArray[Any] | pa.Array) -> pa.ListArray:
    """The inverse: a list column from offsets (n + 1,) and values.

    Raises:
        OverflowError: more values than Arrow's lists of 32-bit offsets can hold.
    """
    if starts[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"{starts[-1]} values do not fit into one Arrow list column")
    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), pa.array(flat))


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def entry_places(first: Indices, length: Indices) -> npt.NDArray[np.int64]:
    """The places first, first + 1, ... of each row's entries, one row after the other."""
    before = np.cumsum(length) - length
    return np.arange(length.sum()) + np.repeat(first - before, length)
