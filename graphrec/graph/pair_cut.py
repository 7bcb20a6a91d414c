"""A pair table with fewer partners per item, out of one that has been counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graphrec.graph.pairs import PairTable


def cut_partners(pairs: PairTable, max_partners: int) -> PairTable:
    """Keep each item's best partners by cosine, as if the table had been counted so.

    Args:
        pairs: a pair table.
        max_partners: partners that an item keeps; ties go to the more popular one.
    """
    order = np.lexsort((pairs.neighbour, -pairs.cosine, pairs.item))
    length = np.diff(pairs.start)
    rank = np.arange(order.size) - np.repeat(pairs.start[:-1], length)
    kept = np.sort(order[rank < max_partners])
    counts = np.minimum(length, max_partners)
    return replace(
        pairs,
        start=np.concatenate(([0], np.cumsum(counts))),
        neighbour=pairs.neighbour[kept],
        together=pairs.together[kept],
        after=pairs.after[kept] if pairs.after.size else pairs.after,
        sums={exponent: sums[kept] for exponent, sums in pairs.sums.items()},
    )
