"""Counting pairs on the driver, for histories that it can hold: all pairs by all of its cores.

A block's task would first start a Python worker, and its pairs would go through the JVM to the
driver. The same pairs are counted to the same bits (`graphrec.graph.block_pairs`).
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame

from graphrec.artifacts import Array
from graphrec.graph.item_blocks import rows_on_driver
from graphrec.graph.pair_count import PairCount
from graphrec.graph.pair_totals import Totals, totals_of
from graphrec.types import Indices


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
    start, entries = rows_on_driver(
        count.items, lambda some: count.rows(some, histories, totals.norm), count.entries
    )
    return totals, start, entries
