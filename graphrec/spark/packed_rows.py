"""Blocks of sparse rows, as they travel from the workers to the driver, and their assembly.

Spark copies an array column value by value, twice; a binary it copies as a whole. So a block of
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
from graphrec.kernels.csr import indptr_of
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector, read_only
from graphrec.spark.parallelism import on_all_cores

Array = npt.NDArray[Any]

_LENGTH = "length"


def packed_schema(names: Iterable[str]) -> str:
    """Spark's schema of packed rows with these arrays of entries."""
    return ", ".join(f"`{name}` binary" for name in (INDEX, _LENGTH, *names))


@dataclass(frozen=True)
class RowBlock:
    """Some rows of a table, in any order, with any number of values for each entry."""

    index: Array  # (rows,), int32, which rows of the whole these are
    indptr: Array  # (rows + 1,), int64
    entries: Mapping[str, Array]  # (entries,) by name


def pack(block: RowBlock) -> pa.RecordBatch:
    """A block of rows as one record."""
    columns = {
        INDEX: block.index.astype(np.int32),
        _LENGTH: np.diff(block.indptr).astype(np.int64),
        **block.entries,
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
    blocks = [
        _unpacked(batch, record, dtypes)
        for batch in frame.toArrow().to_batches()
        for record in range(batch.num_rows)
    ]
    return assemble(blocks, rows, dtypes)


def assemble(
    blocks: Sequence[RowBlock], rows: int, dtypes: Mapping[str, npt.DTypeLike]
) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
    """Put rows in the order of their indices.

    Args:
        blocks: no row is in two of them; a row that is in none is empty.
        rows: of the whole.
        dtypes: of the arrays of entries.

    Returns:
        indptr (rows + 1,), and the arrays of entries by name.
    """
    length = np.zeros(rows, np.int64)
    for block in blocks:
        length[block.index] = np.diff(block.indptr)
    indptr = indptr_of(length)
    arrays: dict[str, Array] = {name: np.empty(indptr[-1], kind) for name, kind in dtypes.items()}

    def put(block: RowBlock) -> None:
        first, length = read_only(indptr[block.index]), read_only(np.diff(block.indptr))
        for name, array in arrays.items():
            _put_rows(_as_words(array), first, length, _as_words(read_only(block.entries[name])))

    on_all_cores(put, blocks)  # no two of them write to the same entries
    return indptr, arrays


def _unpacked(batch: pa.RecordBatch, record: int, dtypes: Mapping[str, npt.DTypeLike]) -> RowBlock:
    length = _numbers(batch[_LENGTH][record], np.int64)
    return RowBlock(
        index=_numbers(batch[INDEX][record], np.int32),
        indptr=indptr_of(length),
        entries={name: _numbers(batch[name][record], kind) for name, kind in dtypes.items()},
    )


def _numbers(packed: pa.BinaryScalar, kind: npt.DTypeLike) -> Array:
    """The numbers in a binary, which are not copied."""
    return np.frombuffer(memoryview(packed.as_buffer()), kind)


def _as_words(array: Array) -> Array:
    """Numbers of one size as one type, for which the copying code is compiled once."""
    return array.view(f"u{array.itemsize}")


@compiled
def _put_rows(whole: Vector, first: Indices, length: Indices, block: Vector) -> None:
    """Copy the rows of a block, of some lengths (rows,), to where they begin in the whole."""
    entry = 0
    for row in range(first.size):
        for position in range(first[row], first[row] + length[row]):
            whole[position] = block[entry]
            entry += 1
