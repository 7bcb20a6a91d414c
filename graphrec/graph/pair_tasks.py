"""Dealing the counting of pairs out to Spark's tasks.

Where one task can hold all histories, and there are no other machines that would be quicker, it
counts all pairs on all cores of its machine. Otherwise each history travels to the blocks of
items that it touches, at most once to each, and there is a task for each block. Both count the
same pairs to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.artifacts import SharedArrays, share_arrays
from graphrec.columns import AFTER, ITEMS, NEIGHBOUR, TIMES, TOGETHER, USER, WEIGHTS
from graphrec.data.packed import pack, packed_schema
from graphrec.graph.pair_counting import Histories, count_pairs
from graphrec.graph.pair_histories import read_histories
from graphrec.machine import cores
from graphrec.parallelism import is_better_in_one_task, parallelism
from graphrec.types import Indices, Vector

_BLOCK = "block"
_BLOCK_CHOICES = tuple(2**power for power in range(15))
_PARTS_PER_CORE = 16  # counted one after the other: popular items make some longer than others
_ENTRY_BYTES = 64  # of an interaction in all its arrays, while it is read
_QUICK = 1_000_000  # interactions, some seconds on one machine


@dataclass(frozen=True)
class PairCount:
    """What is counted for each pair, and which pairs are kept."""

    items: int
    channels: tuple[float, ...]  # exponents; the first one's cosine selects the partners
    max_partners: int
    min_support: int
    ordered: bool

    @property
    def entries(self) -> dict[str, type[np.generic]]:
        """The names of what is counted for a pair, and as what."""
        counts = (NEIGHBOUR, TOGETHER, AFTER) if self.ordered else (NEIGHBOUR, TOGETHER)
        return dict.fromkeys(counts, np.int32) | {f"sums_{e}": np.float32 for e in self.channels}


def deal_out(
    profiles: DataFrame, norm: Vector, count: PairCount, *, entries: int, block_entries: int
) -> DataFrame:
    """Count pairs where it is quickest.

    Args:
        profiles: (user, items, weights, times).
        norm: (items,), the square root of each item's own sum in the first channel.
        count: what is counted.
        entries: number of interactions.
        block_entries: how many of them one task may hold.

    Returns:
        Packed rows of the pair table (`graphrec.data.packed`), with `count.entries`.
    """
    spark = profiles.sparkSession
    shared = share_arrays(spark, {"norm": norm})
    columns = profiles.select(USER, ITEMS, WEIGHTS, *([TIMES] if count.ordered else []))
    schema = packed_schema(count.entries)
    counted = count.items * min(count.max_partners, count.items) * 4 * len(count.entries)
    if entries <= block_entries and is_better_in_one_task(
        spark, size=entries * _ENTRY_BYTES + counted, quick=entries <= _QUICK
    ):
        whole = partial(_count_whole, shared=shared, count=count)
        return columns.coalesce(1).mapInArrow(whole, schema)
    blocks = min(_blocks(profiles, block_entries), count.items)
    block = partial(_count_block, shared=shared, count=count, blocks=blocks)
    sent = columns.withColumn(_BLOCK, F.explode(_touched_blocks(blocks)))
    return sent.repartitionById(blocks, _BLOCK).mapInArrow(block, schema)


def _blocks(profiles: DataFrame, block_entries: int) -> int:
    """The fewest blocks that keep all cores busy and each block within its bound."""
    size = F.size(ITEMS).cast("long")
    row = profiles.agg(*(F.sum(size * F.least(size, F.lit(b))) for b in _BLOCK_CHOICES)).first()
    assert row is not None  # an aggregate without groups has one row
    tasks = parallelism(profiles.sparkSession)
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
    """Profiles that touch a block of items -> its rows of the table."""
    received = list(batches)
    if received:
        block = received[0][_BLOCK][0].as_py()
        histories = _read(received, count)
        rows = np.arange(block, count.items, blocks, dtype=np.int32)
        yield _count_rows(rows, histories, shared.open()["norm"], count)


def _count_whole(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, count: PairCount
) -> Iterator[pa.RecordBatch]:
    """All profiles -> all rows of the table, counted by all cores."""
    received = list(batches)
    if received:
        histories = _read(received, count)
        norm = shared.open()["norm"]
        parts = _PARTS_PER_CORE * cores()
        rows = [np.arange(n, count.items, parts, dtype=np.int32) for n in range(parts)]
        with ThreadPoolExecutor(cores()) as threads:
            yield from threads.map(lambda some: _count_rows(some, histories, norm, count), rows)


def _read(batches: list[pa.RecordBatch], count: PairCount) -> Histories:
    table = pa.Table.from_batches(batches)
    return read_histories(table, count.items, count.channels, ordered=count.ordered)


def _count_rows(
    rows: Indices, histories: Histories, norm: Vector, count: PairCount
) -> pa.RecordBatch:
    """Some rows of the table, packed."""
    found = count_pairs(rows, histories, norm, count.max_partners, count.min_support)
    sums = {f"sums_{e}": found.sums[:, channel] for channel, e in enumerate(count.channels)}
    entries = found._asdict() | sums
    return pack(rows, found.start, {name: entries[name] for name in count.entries})
