"""Which held-out items are unlike the history they were taken from.

Much of a random cut is easy: two films of a series are parted, and the one in the history gives
the other away. What users turn to later is less like what they had. Held-out items are therefore
told apart by their familiarity, the largest cosine (of the pair table) to an item of the history,
and a choice must stand the test on the less familiar half as well.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import ITEMS, USER
from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector, read_only
from graphrec.recommenders.hybrid.hold_out import HELD_OUT
from graphrec.spark.arrow import offsets, one_array, values

NOVEL = "novel"  # array<int>, some of what is held out


def mark_novel(validation: DataFrame, pairs: PairTable) -> DataFrame:
    """Tell the less familiar half of all held-out items.

    Args:
        validation: (user, items, ..., held_out: array<int>); some thousands of users, whatever
            the data.
        pairs: of the histories without what is held out.

    Returns:
        (..., novel: array<int>): the held-out items as familiar as the median one, or less.
    """
    rows = validation.select(USER, ITEMS, HELD_OUT).toArrow()
    held_out = one_array(rows[HELD_OUT])
    start, item = offsets(held_out), values(held_out, np.int32)
    history = one_array(rows[ITEMS])
    familiarity = _familiarities(
        read_only(start),
        read_only(item),
        read_only(offsets(history)),
        read_only(values(history, np.int32)),
        read_only(pairs.start),
        read_only(pairs.neighbour),
        read_only(pairs.cosine),
    )
    novel = familiarity <= (np.median(familiarity) if familiarity.size else 0.0)
    novel_start = np.concatenate(([0], np.cumsum(novel)))[start].astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(novel_start), pa.array(item[novel]))
    marked = pa.table({USER: rows[USER], NOVEL: lists})
    return validation.join(validation.sparkSession.createDataFrame(marked), USER)


@compiled
def _familiarities(
    start: Indices,
    item: Indices,
    history_start: Indices,
    history: Indices,
    pair_start: Indices,
    neighbour: Indices,
    cosine: Vector,
) -> Vector:
    """The largest cosine of each held-out item to its user's history, (held out,); 0 for none."""
    found = np.zeros(item.size, np.float32)
    has = np.zeros(pair_start.size - 1, np.bool_)
    for user in range(start.size - 1):
        own = history[history_start[user] : history_start[user + 1]]
        has[own] = True
        for entry in range(start[user], start[user + 1]):
            for pair in range(pair_start[item[entry]], pair_start[item[entry] + 1]):
                if has[neighbour[pair]] and cosine[pair] > found[entry]:
                    found[entry] = cosine[pair]
        has[own] = False
    return found
