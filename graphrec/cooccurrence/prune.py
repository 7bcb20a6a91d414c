"""Pruning a pair table to fewer neighbours per item."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import CSR, indptr_of
from graphrec.kernels.jit import compiled
from graphrec.kernels.top_k import best_unordered
from graphrec.kernels.types import Indices


def prune_neighbours(pairs: PairTable, max_neighbours: int) -> PairTable:
    """Keep each item's best neighbours by cosine, as `build_pair_table` would have kept them.

    Args:
        pairs: a pair table.
        max_neighbours: neighbours that an item keeps; ties go to the more popular one.
    """
    length = np.diff(pairs.indptr)
    if length.max(initial=0) <= max_neighbours:
        return pairs
    kept = _best_entries(pairs.with_data(pairs.cosine), max_neighbours)
    return replace(
        pairs,
        indptr=indptr_of(np.minimum(length, max_neighbours)),
        indices=pairs.indices[kept],
        together=pairs.together[kept],
        after=pairs.after[kept] if pairs.after.size else pairs.after,
        sums={exponent: sums[kept] for exponent, sums in pairs.sums.items()},
    )


@compiled
def _best_entries(cosines: CSR, count: int) -> Indices:
    """The positions of the `count` best entries of each row, ascending."""
    kept = np.empty(cosines.indices.size, np.int64)
    total = 0
    for row in range(cosines.indptr.size - 1):
        first, last = cosines.indptr[row], cosines.indptr[row + 1]
        chosen = best_unordered(cosines.indices[first:last], cosines.data[first:last], count)

        kept[total : total + chosen.size] = first + chosen
        total += chosen.size
    return kept[:total].copy()
