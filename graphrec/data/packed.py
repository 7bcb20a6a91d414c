"""Ragged rows on their way from the workers to the driver, as the bytes of whole arrays.

Spark copies an array column value by value, twice; a binary it copies as a whole. So a batch of
rows travels as one record whose columns are the bytes of its arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.artifacts import read_only
from graphrec.columns import INDEX
from graphrec.jit import compiled
from graphrec.machine import cores
from graphrec.types import Indices, Vector

Array = npt.NDArray[Any]

_LENGTH = "length"


def packed_schema(names: Iterable[str]) -> str:
    """Spark's schema of packed rows with these arrays of entries."""
    return ", ".join(f"`{name}` binary" for name in (INDEX, _LENGTH, *names))


def pack(index: Array, start: Array, entries: Mapping[str, Array]) -> pa.RecordBatch:
    """Some rows as one record.

    Args:
        index: (rows,), int32, which rows of the whole these are.
        start: (rows + 1,), int64, where each row's entries stand.
        entries: (entries,) arrays by name.
    """
    columns = {INDEX: index.astype(np.int32), _LENGTH: np.diff(start).astype(np.int64), **entries}
    return pa.RecordBatch.from_pydict(
        {name: pa.array([np.ascontiguousarray(a).data]) for name, a in columns.items()}
    )


def gather(
    frame: DataFrame, rows: int, dtypes: Mapping[str, npt.DTypeLike]
) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
    """Collect packed rows, in the order of their indices; for tables as large as the catalogue.

    Args:
        frame: packed rows; a row that is nowhere is empty.
        rows: of the whole.
        dtypes: of the arrays of entries, as they were packed.

    Returns:
        start (rows + 1,), and the arrays by name.
    """
    kinds: dict[str, np.dtype[Any]]
    kinds = {INDEX: np.dtype(np.int32), _LENGTH: np.dtype(np.int64)}
    kinds |= {name: np.dtype(dtype) for name, dtype in dtypes.items()}
    records = [
        {name: _numbers(batch[name][row], kind) for name, kind in kinds.items()}
        for batch in frame.toArrow().to_batches()
        for row in range(batch.num_rows)
    ]
    start = np.zeros(rows + 1, np.int64)
    for record in records:
        start[record[INDEX] + 1] = record[_LENGTH]
    np.cumsum(start, out=start)
    arrays: dict[str, Array] = {name: np.empty(start[-1], kind) for name, kind in dtypes.items()}

    def put(record: dict[str, Array]) -> None:
        first, length = read_only(start[record[INDEX]]), read_only(record[_LENGTH])
        for name, array in arrays.items():
            _put_rows(_as_words(array), first, length, _as_words(read_only(record[name])))

    with ThreadPoolExecutor(cores()) as threads:  # each row has a place of its own
        list(threads.map(put, records))
    return start, arrays


def _numbers(packed: pa.BinaryScalar, kind: np.dtype[Any]) -> Array:
    """The numbers in a binary, which are not copied."""
    return np.frombuffer(memoryview(packed.as_buffer()), kind)


def _as_words(array: Array) -> Array:
    """Numbers of one size as one type, for which the copying code is compiled once."""
    return array.view(f"u{array.itemsize}")


@compiled
def _put_rows(whole: Vector, start: Indices, length: Indices, part: Vector) -> None:
    """Copy rows that stand one after the other to where they belong."""
    entry = 0
    for row in range(start.size):
        for place in range(start[row], start[row] + length[row]):
            whole[place] = part[entry]
            entry += 1
