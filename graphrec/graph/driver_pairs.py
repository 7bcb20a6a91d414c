"""Counting pairs on the driver, for histories that it can hold: all pairs by all of its cores.

A block's task would first start a Python worker, and its pairs would go through the JVM to the
driver. The same pairs are counted to the same bits (`graphrec.graph.block_pairs`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyspark.sql import DataFrame

from graphrec.artifacts import Array
from graphrec.data.packed import assemble
from graphrec.graph.pair_count import PairCount
from graphrec.graph.pair_totals import Totals, totals_of
from graphrec.machine import cores
from graphrec.parallelism import on_all_cores
from graphrec.types import Indices

_PARTS_PER_CORE = 16  # counted one after the other: popular items make some longer than others


def count_on_driver(
    profiles: DataFrame, count: PairCount
) -> tuple[Totals, Indices, Mapping[str, Array]]:
    """Count all pairs.

    Args:
        profiles: (user, items, weights, times).
        count: what is counted.

    Returns:
        What the histories sum up to, start (items + 1,), and `count.entries` of the pairs.
    """
    histories = count.read(count.read_columns(profiles).toArrow())
    totals = totals_of(histories, count.channels)
    parts = _PARTS_PER_CORE * cores()
    rows = [np.arange(n, count.items, parts, dtype=np.int32) for n in range(parts)]
    counted = on_all_cores(lambda some: count.rows(some, histories, totals.norm), rows)
    start, entries = assemble(counted, count.items, count.entries)
    return totals, start, entries
