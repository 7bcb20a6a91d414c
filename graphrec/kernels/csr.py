"""Sparse rows: one container, with the names of SciPy's `csr_array`, and what is done with it.

Row r of a matrix stands at `indptr[r]:indptr[r + 1]` of `indices` (its columns) and of `data` (its
values). Everything here that is a sparse matrix, such as histories, neighbours and item-item
weights, is one of these, or has one. Compiled code takes it as it is: numba knows named tuples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Array, Indices, Mask, read_only


class CSR(NamedTuple):
    """A matrix in compressed sparse rows; make one by `csr`, which makes its arrays read-only."""

    indptr: Indices  # (rows + 1,), int64, where each row's entries begin, and where the last end
    indices: Indices  # (entries,), int32, the column of each entry
    data: Array  # (entries,) or (entries, k), the value or the k values of each entry


def csr(indptr: Indices, indices: Indices, data: Array) -> CSR:
    """A CSR of read-only views: the one type for which compiled code is made.

    Args:
        indptr: (rows + 1,), int64, from 0.
        indices: (entries,), int32.
        data: (entries,) or (entries, k).
    """
    return CSR(read_only(indptr), read_only(indices), read_only(data))


def indptr_of(length: Indices) -> npt.NDArray[np.int64]:
    """The row pointers, (rows + 1,), of rows of some lengths, (rows,)."""
    indptr = np.zeros(length.size + 1, np.int64)
    np.cumsum(length, out=indptr[1:])
    return indptr


def row_indices(indptr: Indices) -> npt.NDArray[np.int32]:
    """The row of each entry, (entries,)."""
    return np.repeat(np.arange(indptr.size - 1, dtype=np.int32), np.diff(indptr))


def entries_of_rows(
    indptr: Indices, rows: Indices
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the entries of some rows stand, one row after the other.

    Args:
        indptr: (all rows + 1,).
        rows: (rows,), which, in any order.

    Returns:
        indptr of these rows alone (rows + 1,), and the position of each of their entries among all
        entries (entries,).
    """
    first = indptr[rows]
    of_rows = indptr_of(indptr[rows + 1] - first)
    position = np.arange(of_rows[-1]) + np.repeat(first - of_rows[:-1], np.diff(of_rows))
    return of_rows, position


def take_rows(matrix: CSR, rows: Indices) -> CSR:
    """Some rows, (rows,), in any order."""
    indptr, position = entries_of_rows(matrix.indptr, rows)
    return csr(indptr, matrix.indices[position], matrix.data[position])


def row_slice(matrix: CSR, first: int, last: int) -> CSR:
    """The rows first .. last - 1; their entries are not copied."""
    indptr = matrix.indptr[first : last + 1]
    entries = slice(indptr[0], indptr[-1])
    return csr(indptr - indptr[0], matrix.indices[entries], matrix.data[entries])


def keep_entries(matrix: CSR, kept: Mask) -> CSR:
    """The same rows with some of their entries.

    Args:
        matrix: the rows.
        kept: (entries,), True for those that stay.
    """
    return csr(kept_indptr(matrix.indptr, kept), matrix.indices[kept], matrix.data[kept])


def replace_rows(matrix: CSR, other: CSR, replaced: Mask) -> CSR:
    """A matrix with some rows of another one.

    Args:
        matrix: (rows, columns).
        other: likewise.
        replaced: (rows,), which are the other's.
    """
    both = CSR(
        np.concatenate((matrix.indptr, matrix.indptr[-1] + other.indptr[1:])),
        np.concatenate((matrix.indices, other.indices)),
        np.concatenate((matrix.data, other.data)),
    )
    row = np.arange(replaced.size)
    return take_rows(both, np.where(replaced, row + replaced.size, row))


def kept_indptr(indptr: Indices, kept: Mask) -> npt.NDArray[np.int64]:
    """The row pointers, (rows + 1,), when only some of the entries, (entries,), stay."""
    return indptr_of(kept)[indptr]


def transpose(matrix: CSR, columns: int) -> CSR:
    """The transposed matrix; the columns of each of its rows ascend.

    Args:
        matrix: (rows, columns).
        columns: number of columns.
    """
    indptr, indices, entry = transpose_pattern(matrix.indptr, matrix.indices, columns)
    return csr(indptr, indices, matrix.data[entry])


@compiled
def transpose_pattern(
    indptr: Indices, indices: Indices, columns: int
) -> tuple[Indices, Indices, Indices]:
    """Group entries by column, in one pass; a counting sort.

    Args:
        indptr: (rows + 1,).
        indices: (entries,), 0 .. columns - 1.
        columns: number of columns.

    Returns:
        indptr (columns + 1,) and indices (entries,) int32 of the transposed matrix, and for each of
        its entries the position that it has in the matrix (entries,) int64.
    """
    column_start = np.zeros(columns + 1, np.int64)
    for entry in range(indices.size):
        column_start[indices[entry] + 1] += 1
    for column in range(columns):
        column_start[column + 1] += column_start[column]
    free = column_start[:-1].copy()
    row_of = np.empty(indices.size, np.int32)
    entry_of = np.empty(indices.size, np.int64)
    for row in range(indptr.size - 1):
        for entry in range(indptr[row], indptr[row + 1]):
            position = free[indices[entry]]
            row_of[position] = row
            entry_of[position] = entry
            free[indices[entry]] = position + 1
    return column_start, row_of, entry_of


def merge_columns(matrices: Sequence[CSR]) -> CSR:
    """Put the values of several matrices side by side.

    Args:
        matrices: of the same number of rows, at least one; the columns of a row ascend.

    Returns:
        The entries that any of them has, with data (entries, matrices) of float32: 0 where a matrix
        lacks the entry.
    """
    indptr, indices = matrices[0].indptr, matrices[0].indices
    for matrix in matrices[1:]:
        indptr, indices = (
            read_only(array) for array in _union(indptr, indices, matrix.indptr, matrix.indices)
        )
    data = np.zeros((indices.size, len(matrices)), np.float32)
    for column, matrix in enumerate(matrices):
        data[_positions(indptr, indices, matrix.indptr, matrix.indices), column] = matrix.data
    return csr(indptr, indices, data)


@compiled
def _union(
    indptr_a: Indices, indices_a: Indices, indptr_b: Indices, indices_b: Indices
) -> tuple[Indices, Indices]:
    """Row by row the union of two ascending lists."""
    rows = indptr_a.size - 1
    indptr = np.zeros(rows + 1, np.int64)
    indices = np.empty(indices_a.size + indices_b.size, np.int32)
    count = 0
    for row in range(rows):
        a, b = indptr_a[row], indptr_b[row]
        while a < indptr_a[row + 1] or b < indptr_b[row + 1]:
            if b == indptr_b[row + 1] or (a < indptr_a[row + 1] and indices_a[a] <= indices_b[b]):
                if b < indptr_b[row + 1] and indices_a[a] == indices_b[b]:
                    b += 1
                indices[count] = indices_a[a]
                a += 1
            else:
                indices[count] = indices_b[b]
                b += 1
            count += 1
        indptr[row + 1] = count
    return indptr, indices[:count].copy()


@compiled
def _positions(
    indptr: Indices, indices: Indices, part_indptr: Indices, part_indices: Indices
) -> Indices:
    """The position of each entry of a part among the entries of the whole."""
    positions = np.empty(part_indices.size, np.int64)
    for row in range(indptr.size - 1):
        position = indptr[row]
        for entry in range(part_indptr[row], part_indptr[row + 1]):
            while indices[position] != part_indices[entry]:
                position += 1
            positions[entry] = position
    return positions
