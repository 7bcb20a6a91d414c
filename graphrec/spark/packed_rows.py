"""Ragged rows that are made in parts, and how parts travel from the workers to the driver.

Spark copies an array column value by value, twice; a binary it copies as a whole. So a part of the
rows travels as one record whose columns are the bytes of its arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import INDEX
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector, read_only
from graphrec.spark.parallelism import on_all_cores

Array = npt.NDArray[Any]

_LENGTH = "length"


def packed_schema(names: Iterable[str]) -> str:
    """Spark's schema of packed rows with these arrays of entries."""
    return ", ".join(f"`{name}` binary" for name in (INDEX, _LENGTH, *names))


@dataclass(frozen=True)
class Rows:
    """Some rows of a ragged table, in any order."""

    index: Array  # (rows,), int32, which rows of the whole these are
    start: Array  # (rows + 1,), int64, where each row's entries stand
    entries: Mapping[str, Array]  # (entries,) by name


def pack(part: Rows) -> pa.RecordBatch:
    """Some rows as one record."""
    columns = {
        INDEX: part.index.astype(np.int32),
        _LENGTH: np.diff(part.start).astype(np.int64),
        **part.entries,
    }
    return pa.RecordBatch.from_pydict(
        {name: pa.array([np.ascontiguousarray(a).data]) for name, a in columns.items()}
    )


def gather(
    frame: DataFrame, rows: int, dtypes: Mapping[str, npt.DTypeLike]
) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
    """Collect packed rows; for tables as large as the catalogue.

    Args:
        frame: packed rows.
        rows: of the whole.
        dtypes: of the arrays of entries, as they were packed.

    Returns:
        As `assemble`.
    """
    parts = [
        _unpacked(batch, record, dtypes)
        for batch in frame.toArrow().to_batches()
        for record in range(batch.num_rows)
    ]
    return assemble(parts, rows, dtypes)


def assemble(
    parts: Sequence[Rows], rows: int, dtypes: Mapping[str, npt.DTypeLike]
) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
    """Put rows in the order of their indices.

    Args:
        parts: no row is in two of them; a row that is in none is empty.
        rows: of the whole.
        dtypes: of the arrays of entries.

    Returns:
        start (rows + 1,), and the arrays by name.
    """
    start = np.zeros(rows + 1, np.int64)
    for part in parts:
        start[part.index + 1] = np.diff(part.start)
    np.cumsum(start, out=start)
    arrays: dict[str, Array] = {name: np.empty(start[-1], kind) for name, kind in dtypes.items()}

    def put(part: Rows) -> None:
        first, length = read_only(start[part.index]), read_only(np.diff(part.start))
        for name, array in arrays.items():
            _put_rows(_as_words(array), first, length, _as_words(read_only(part.entries[name])))

    on_all_cores(put, parts)  # each row has a place of its own
    return start, arrays


def _unpacked(batch: pa.RecordBatch, record: int, dtypes: Mapping[str, npt.DTypeLike]) -> Rows:
    length = _numbers(batch[_LENGTH][record], np.int64)
    return Rows(
        index=_numbers(batch[INDEX][record], np.int32),
        start=np.concatenate(([0], np.cumsum(length))),
        entries={name: _numbers(batch[name][record], kind) for name, kind in dtypes.items()},
    )


def _numbers(packed: pa.BinaryScalar, kind: npt.DTypeLike) -> Array:
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
