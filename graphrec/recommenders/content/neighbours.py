"""Rows and columns of new items in the neighbour legs: averages over those of the nearest items.

With weights K of the nearest items (new items, known items) and a leg's weights S (known items,
known items), what a new item of a history adds to the others are the rows K·S, and what they add to
it the columns S·Kᵀ. A leg has no weight of an item with itself, so a history that holds the nearest
item would say least of all: for the average, an item is as near to itself as its nearest neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphrec.data.feature_encoding import Sparse
from graphrec.kernels.csr import (
    CSR,
    csr,
    indptr_of,
    keep_entries,
    merge_columns,
    row_indices,
    transpose,
)
from graphrec.kernels.types import read_only
from graphrec.serving.tables import ItemTables

_BLOCK: Final = 256  # new items whose rows are averaged at a time


def complete_neighbours(tables: ItemTables, weights: Sparse) -> tuple[CSR, npt.NDArray[np.float32]]:
    """The neighbours of all items, new ones among them, and the similarities of these pairs.

    New items get as many neighbours as the others have on average, the best of all legs together.

    Args:
        tables: of the known items.
        weights: (new items, known items), each row an average over known items, or empty.
    """
    whole, legs = tables.neighbours, tables.neighbours.data.shape[1]
    if not whole.indices.size or not weights.shape[0]:
        longer = np.concatenate((whole.indptr, np.full(weights.shape[0], whole.indptr[-1])))
        return csr(longer, whole.indices, whole.data), tables.similarity
    similar = [tables.similarity[:, np.newaxis]] if tables.similarity.size else []
    together = csr(whole.indptr, whole.indices, np.concatenate([whole.data, *similar], axis=1))
    matrices = [
        _with_diagonal(together, leg, cosine=leg == legs) for leg in range(legs + len(similar))
    ]
    most = -(-whole.indices.size // (whole.indptr.size - 1))
    rows = _averages(weights, matrices, most)
    columns = _averages(weights, [Sparse(matrix.T) for matrix in matrices], most)
    joined = _bordered(together, rows, columns)
    similarity = read_only(joined.data[:, legs]) if similar else tables.similarity
    return csr(joined.indptr, joined.indices, joined.data[:, :legs]), similarity


def _with_diagonal(matrix: CSR, leg: int, *, cosine: bool) -> Sparse:
    """One leg's weights, an item's with itself being 1 or that with its nearest neighbour."""
    items = matrix.indptr.size - 1
    own = Sparse((matrix.data[:, leg], matrix.indices, matrix.indptr), shape=(items, items))
    nearest = np.ones(items) if cosine else own.max(axis=1).toarray().reshape(-1)
    return Sparse(own.astype(np.float64) + sparse.diags_array(nearest.astype(np.float64)))


def _averages(weights: Sparse, matrices: Sequence[Sparse], most: int) -> CSR:
    """Averages over rows of each matrix, (new items, known items), the best `most` of each row."""
    scale = [np.sqrt(np.square(matrix.data).mean()) or 1.0 for matrix in matrices]
    parts = []
    for first in range(0, weights.shape[0], _BLOCK):
        block = weights[first : first + _BLOCK]
        merged = merge_columns([_as_csr(block @ matrix) for matrix in matrices])
        parts.append(_best_entries(merged, (merged.data / scale).sum(axis=1), most))
    return csr(
        indptr_of(np.concatenate([np.diff(part.indptr) for part in parts])),
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.data for part in parts]),
    )


def _as_csr(matrix: Sparse) -> CSR:
    matrix = Sparse(matrix)
    matrix.sort_indices()
    return csr(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data)


def _best_entries(matrix: CSR, score: npt.NDArray[np.float64], most: int) -> CSR:
    """The entries of the highest scores in each row; ties go to the smaller column."""
    row = row_indices(matrix.indptr)
    order = np.lexsort((matrix.indices, -score, row))
    kept = np.zeros(score.size, np.bool_)
    kept[order] = np.arange(score.size) - matrix.indptr[row[order]] < most
    return keep_entries(matrix, kept)


def _bordered(matrix: CSR, rows: CSR, columns: CSR) -> CSR:
    """A square matrix with more rows and columns; where these cross, it has no entry.

    Args:
        matrix: (n, n).
        rows: (m, n), the rows that are appended.
        columns: (m, n), the columns that are appended, as rows.
    """
    items = matrix.indptr.size - 1
    across = transpose(columns, items)  # (n, m)
    old, new = matrix.indices.size, across.indices.size
    at_old = np.arange(old) + np.repeat(across.indptr[:-1], np.diff(matrix.indptr))
    at_new = np.arange(new) + np.repeat(matrix.indptr[1:], np.diff(across.indptr))
    indices = np.empty(old + new, np.int32)
    data = np.empty((old + new, matrix.data.shape[1]), np.float32)
    indices[at_old], indices[at_new] = matrix.indices, across.indices + items
    data[at_old], data[at_new] = matrix.data, across.data
    return csr(
        np.concatenate((matrix.indptr + across.indptr, old + new + rows.indptr[1:])),
        np.concatenate((indices, rows.indices)),
        np.concatenate((data, rows.data)),
    )
