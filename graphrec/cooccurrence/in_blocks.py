"""Counting pairs in blocks of items, each the task of a worker.

Each history travels to the blocks of items that it touches, at most once to each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS
from graphrec.cooccurrence.spec import PairCount
from graphrec.cooccurrence.totals import Totals, total_histories
from graphrec.kernels.types import Array, Indices
from graphrec.spark.packed_rows import gather, pack, packed_schema
from graphrec.spark.parallelism import parallelism
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_BLOCK = "block"
_BLOCK_CHOICES = tuple(2**power for power in range(15))


def count_in_blocks(
    histories: DataFrame, count: PairCount, *, block_entries: int
) -> tuple[Totals, Indices, Mapping[str, Array]]:
    """Count all pairs.

    Args:
        histories: (user, items, weights, times).
        count: what is counted.
        block_entries: how many interactions one task may hold.

    Returns:
        What the histories sum up to, indptr (items + 1,), and `count.entries` of the pairs.
    """
    totals = total_histories(histories, count.items, count.channels)
    shared = share_arrays(histories.sparkSession, {"norm": totals.norm})
    blocks = min(_blocks(histories, block_entries), count.items)
    block = partial(_count_block, shared=shared, count=count, blocks=blocks)
    columns = count.read_columns(histories).withColumn(_BLOCK, F.explode(_touched_blocks(blocks)))
    counted = columns.repartitionById(blocks, _BLOCK).mapInArrow(
        block, packed_schema(count.entries)
    )
    indptr, entries = gather(counted, count.items, count.entries)
    return totals, indptr, entries


def _blocks(histories: DataFrame, block_entries: int) -> int:
    """The fewest blocks that keep all cores busy and each block within its bound."""
    size = F.size(ITEMS).cast("long")
    row = histories.agg(*(F.sum(size * F.least(size, F.lit(b))) for b in _BLOCK_CHOICES)).first()
    assert row is not None  # an aggregate without groups has one row
    tasks = parallelism(histories.sparkSession)
    for blocks, sent in zip(_BLOCK_CHOICES, row, strict=True):
        if blocks >= tasks and (sent or 0) / blocks <= block_entries:
            return blocks
    return _BLOCK_CHOICES[-1]


def _touched_blocks(blocks: int) -> Column:
    """Items are dealt out in turn, so that popular ones, which cost most, spread evenly."""
    return F.array_distinct(F.transform(ITEMS, lambda item: item % blocks))


def _count_block(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, count: PairCount, blocks: int
) -> Iterator[pa.RecordBatch]:
    """Histories that touch a block of items -> its rows of the table."""
    received = list(batches)
    if received:
        block = received[0][_BLOCK][0].as_py()
        histories = count.read(pa.Table.from_batches(received))
        rows = np.arange(block, count.items, blocks, dtype=np.int32)
        yield pack(count.rows(rows, histories, shared.open()["norm"]))
