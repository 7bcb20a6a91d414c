"""A pair table with fewer neighbours per item, out of one that has been counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.jit import compiled
from graphrec.kernels.top_k import best_unordered
from graphrec.kernels.types import Indices, Vector, read_only


def prune_neighbours(pairs: PairTable, max_neighbours: int) -> PairTable:
    """Keep each item's best neighbours by cosine, as if the table had been counted so.

    Args:
        pairs: a pair table.
        max_neighbours: neighbours that an item keeps; ties go to the more popular one.
    """
    length = np.diff(pairs.start)
    if length.max(initial=0) <= max_neighbours:
        return pairs
    kept = _best_places(
        read_only(pairs.start), read_only(pairs.neighbour), read_only(pairs.cosine), max_neighbours
    )
    return replace(
        pairs,
        start=np.concatenate(([0], np.cumsum(np.minimum(length, max_neighbours)))),
        neighbour=pairs.neighbour[kept],
        together=pairs.together[kept],
        after=pairs.after[kept] if pairs.after.size else pairs.after,
        sums={exponent: sums[kept] for exponent, sums in pairs.sums.items()},
    )


@compiled
def _best_places(start: Indices, neighbour: Indices, cosine: Vector, count: int) -> Indices:
    """Where each row's best entries stand, ascending."""
    kept = np.empty(neighbour.size, np.int64)
    total = 0
    for row in range(start.size - 1):
        first, last = start[row], start[row + 1]
        chosen = best_unordered(neighbour[first:last], cosine[first:last], count)
        kept[total : total + chosen.size] = first + chosen
        total += chosen.size
    return kept[:total].copy()
