"""Sparse item-item weights on the driver: the rows of one leg, and of several legs merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector


class Side(NamedTuple):
    """Rows of the matrix, (start, column, weight)."""

    start: Indices  # (rows + 1,)
    column: Indices  # (entries,)
    weight: Vector  # (entries,)


@dataclass(frozen=True)
class SparseRows:
    """A weight for each of some pairs (item, neighbour), grouped by item."""

    start: npt.NDArray[np.int64]  # (items + 1,)
    neighbour: npt.NDArray[np.int32]  # (pairs,), ascending within a row
    weight: npt.NDArray[np.float32]  # (pairs,)

    def transposed(self) -> SparseRows:
        """The same weights grouped by neighbour."""
        items = self.start.size - 1
        rows = sparse.csr_array(
            (self.weight, self.neighbour, self.start), shape=(items, items)
        ).tocsc()
        return SparseRows(
            rows.indptr.astype(np.int64),
            rows.indices.astype(np.int32, copy=False),
            rows.data.astype(np.float32, copy=False),
        )


def merge(
    columns: Sequence[SparseRows],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Put several weights side by side: a pair that one column lacks has weight 0 there.

    Returns:
        start (items + 1,), neighbour (pairs,), weight (pairs, columns).
    """
    start, neighbour = columns[0].start, columns[0].neighbour
    for column in columns[1:]:
        start, neighbour = _union(start, neighbour, column.start, column.neighbour)
    weight = np.zeros((neighbour.size, len(columns)), np.float32)
    for place, column in enumerate(columns):
        weight[_places(start, neighbour, column.start, column.neighbour), place] = column.weight
    return start, neighbour, weight


@compiled
def _union(
    start_a: Indices, neighbour_a: Indices, start_b: Indices, neighbour_b: Indices
) -> tuple[Indices, Indices]:
    """Row by row the union of two ascending lists."""
    rows = start_a.size - 1
    start = np.zeros(rows + 1, np.int64)
    neighbour = np.empty(neighbour_a.size + neighbour_b.size, np.int32)
    count = 0
    for row in range(rows):
        a, b = start_a[row], start_b[row]
        while a < start_a[row + 1] or b < start_b[row + 1]:
            if b == start_b[row + 1] or (a < start_a[row + 1] and neighbour_a[a] <= neighbour_b[b]):
                if b < start_b[row + 1] and neighbour_a[a] == neighbour_b[b]:
                    b += 1
                neighbour[count] = neighbour_a[a]
                a += 1
            else:
                neighbour[count] = neighbour_b[b]
                b += 1
            count += 1
        start[row + 1] = count
    return start, neighbour[:count].copy()


@compiled
def _places(
    start: Indices, neighbour: Indices, part_start: Indices, part_neighbour: Indices
) -> Indices:
    """Where the pairs of a part stand in the whole."""
    places = np.empty(part_neighbour.size, np.int64)
    for row in range(start.size - 1):
        at = start[row]
        for pair in range(part_start[row], part_start[row + 1]):
            while neighbour[at] != part_neighbour[pair]:
                at += 1
            places[pair] = at
    return places
