"""Ragged rows on their way from the workers to the driver, as the bytes of whole arrays.

Spark copies an array column value by value, twice; a binary it copies as a whole. So a batch of
rows travels as one record whose columns are the bytes of its arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import INDEX
from graphrec.data.ragged import entry_places

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
    records = [record for record in frame.toArrow().to_pylist() if len(record[INDEX])]
    placed = [
        (np.frombuffer(record[INDEX], np.int32), np.frombuffer(record[_LENGTH], np.int64))
        for record in records
    ]
    start = np.zeros(rows + 1, np.int64)
    for index, length in placed:
        start[index + 1] = length
    np.cumsum(start, out=start)
    arrays = {name: np.empty(start[-1], dtype) for name, dtype in dtypes.items()}
    for record, (index, length) in zip(records, placed, strict=True):
        places = entry_places(start[index], length)
        for name, array in arrays.items():
            array[places] = np.frombuffer(record[name], array.dtype)
    return start, arrays
