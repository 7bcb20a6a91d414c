"""Counting pairs on the driver, for histories that it can hold: all pairs by all of its cores.

A block's task would first start a Python worker, and its pairs would go through the JVM to the
driver. The same pairs are counted to the same bits (`graphrec.cooccurrence.in_blocks`).
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame

from graphrec.cooccurrence.spec import PairCount
from graphrec.cooccurrence.totals import Totals, totals_of
from graphrec.kernels.types import Array, Indices
from graphrec.spark.item_blocks import rows_on_driver


def count_on_driver(
    histories: DataFrame, count: PairCount
) -> tuple[Totals, Indices, Mapping[str, Array]]:
    """Count all pairs.

    Args:
        histories: (user, items, weights, times).
        count: what is counted.

    Returns:
        What the histories sum up to, indptr (items + 1,), and `count.entries` of the pairs.
    """
    read = count.read(count.read_columns(histories).toArrow())
    totals = totals_of(read, count.channels)
    indptr, entries = rows_on_driver(
        count.items, lambda some: count.rows(some, read, totals.norm), count.entries
    )
    return totals, indptr, entries
