"""A pair table with fewer partners per item, out of one that has been counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graphrec.artifacts import read_only
from graphrec.graph.pairs import PairTable
from graphrec.jit import compiled
from graphrec.selection import best_unordered
from graphrec.types import Indices, Vector


def cut_partners(pairs: PairTable, max_partners: int) -> PairTable:
    """Keep each item's best partners by cosine, as if the table had been counted so.

    Args:
        pairs: a pair table.
        max_partners: partners that an item keeps; ties go to the more popular one.
    """
    length = np.diff(pairs.start)
    if length.max(initial=0) <= max_partners:
        return pairs
    kept = _best_places(
        read_only(pairs.start), read_only(pairs.neighbour), read_only(pairs.cosine), max_partners
    )
    return replace(
        pairs,
        start=np.concatenate(([0], np.cumsum(np.minimum(length, max_partners)))),
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
