"""Three-hop reach: how many items a recommender that walks the graph can find for each user.

The candidates of every neighbour leg are three steps from a user: along an item of the history and
another user who has it. A walk would meet `Σ_u n_u²` pairs of items once for each
user. Sets do it in two passes over the interactions: what is two steps from an item is the union
of the histories that hold it; what is three steps from a user, the union of these sets over the
history. A set is a row of bits, and rows of 2 KiB for every item pass through the driver.

In a catalogue of more than `MAX_TARGETS` items the bits stand for every n-th item by popularity,
and the figures are scaled up. The standard error of a share p of the catalogue is at most
`√(p·(1 - p) / MAX_TARGETS)`, 0.004: a sample that is spread over the ranks does no worse than a
random one. Nothing in it is random, so two runs agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEMS, USER
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, read_only
from graphrec.spark.arrow import BatchFunction, offsets, one_array, values
from graphrec.spark.packed_rows import RowBlock, gather, pack, packed_schema
from graphrec.spark.parallelism import parallelism
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

HISTORY: Final = "history"
POOL: Final = "pool"
SHARE: Final = "share"

MAX_TARGETS: Final = 16_384

_BLOCK: Final = "block"
_BITS: Final = "bits"
_BITS_PER_WORD: Final = 64
_BLOCK_BYTES: Final = 2**28  # of the sets that one task holds


def reach_table(histories: DataFrame, items: int, *, targets: int = MAX_TARGETS) -> DataFrame:
    """The candidate pool of each user.

    Args:
        histories: (user, items: array<int>), one row per user.
        items: size of the catalogue.
        targets: how many items the sets have a bit for; exact if it is not below `items`.

    Returns:
        (user, history: int, pool: double, the number of items three steps away, without the
        history, share: double, the pool's part of all items that are not in the history; 0 if
        there are none), one row per user.
    """
    bits = _target_bits(items, min(targets, items))
    shared = share_arrays(histories.sparkSession, {"bits": bits})
    near = _near_items(histories, items, shared, _words(bits))
    tables = share_arrays(histories.sparkSession, {"bits": bits, "near": near})
    schema = T.StructType(
        [
            histories.schema[USER],
            T.StructField(HISTORY, T.IntegerType()),
            T.StructField(POOL, T.DoubleType()),
            T.StructField(SHARE, T.DoubleType()),
        ]
    )
    return histories.select(USER, ITEMS).mapInArrow(_measurer(tables), schema)


def _target_bits(items: int, targets: int) -> npt.NDArray[np.int32]:
    """(items,), which bit stands for an item, -1 for none: every n-th item by popularity."""
    bits = np.full(items, -1, np.int32)
    bits[np.arange(targets) * items // max(targets, 1)] = np.arange(targets, dtype=np.int32)
    return bits


def _words(bits: npt.NDArray[np.int32]) -> int:
    """Whole words of a set."""
    return int(bits.max(initial=0)) // _BITS_PER_WORD + 1


def _near_items(
    histories: DataFrame, items: int, shared: SharedArrays, words: int
) -> npt.NDArray[np.uint64]:
    """(items, words), what is two steps from each item; catalogue-sized, on the driver."""
    blocks = max(parallelism(histories.sparkSession), items * words * 8 // _BLOCK_BYTES + 1)

    def unite(key: tuple[pa.Scalar, ...], touching: pa.Table) -> pa.Table:
        return _unite_block(key[0].as_py(), touching, shared, blocks, words)

    touched = F.array_distinct(F.transform(ITEMS, lambda item: item % blocks))
    packed = (
        histories.select(ITEMS, F.explode(touched).alias(_BLOCK))
        .groupBy(_BLOCK)
        .applyInArrow(unite, schema=packed_schema([_BITS]))
    )
    _, entries = gather(packed, items, {_BITS: np.uint64})
    return entries[_BITS].reshape(items, words)


def _unite_block(
    block: int, histories: pa.Table, shared: SharedArrays, blocks: int, words: int
) -> pa.Table:
    """(block, the histories that touch it) -> the sets of its items, packed."""
    bits = shared.open()["bits"]
    history = one_array(histories[ITEMS])
    indptr, item = read_only(offsets(history)), read_only(values(history, np.int32))
    index = np.arange(block, bits.size, blocks, dtype=np.int32)
    near = np.zeros((index.size, words), np.uint64)
    unite_histories(indptr, item, bits, block, blocks, near)
    begin = np.arange(index.size + 1) * words
    return pa.Table.from_batches([pack(RowBlock(index, begin, {_BITS: near.reshape(-1)}))])


def _measurer(shared: SharedArrays) -> BatchFunction:
    def measure(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = shared.open()
        for batch in batches:
            yield _measured(batch, tables["bits"], tables["near"])

    return measure


def _measured(
    batch: pa.RecordBatch, bits: npt.NDArray[np.int32], near: npt.NDArray[np.uint64]
) -> pa.RecordBatch:
    """(user, items) -> (user, history, pool, share)."""
    items, targets = bits.size, int(bits.max(initial=-1)) + 1
    indptr = offsets(batch[ITEMS])
    found = reached(read_only(indptr), read_only(values(batch[ITEMS], np.int32)), bits, near)
    history = np.diff(indptr)
    unseen = items - history
    pool = np.minimum(found * (items / max(targets, 1)), unseen)
    share = pool / np.maximum(unseen, 1)
    columns = {HISTORY: history.astype(np.int32), POOL: pool, SHARE: share}
    return pa.RecordBatch.from_pydict({USER: batch[USER], **columns})


@compiled
def unite_histories(
    indptr: Indices, item: Indices, bits: Indices, block: int, blocks: int, near: Matrix
) -> None:
    """Add each history to the sets of those of its items that are in a block.

    Args:
        indptr: (users + 1,).
        item: (entries,).
        bits: (items,), the bit of each item, or -1.
        block: the items are block, block + blocks, ...
        blocks: how many there are.
        near: (items of the block, words), uint64, changed here.
    """
    history = np.zeros(near.shape[1], np.uint64)
    for user in range(indptr.size - 1):
        history[:] = 0
        for at in range(indptr[user], indptr[user + 1]):
            bit = bits[item[at]]
            if bit >= 0:
                history[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
        for at in range(indptr[user], indptr[user + 1]):
            if item[at] % blocks == block:
                row = near[item[at] // blocks]
                for word in range(row.size):
                    row[word] |= history[word]


@compiled
def reached(indptr: Indices, item: Indices, bits: Indices, near: Matrix) -> Indices:
    """How many targets outside its history each user reaches: (users,).

    Args:
        indptr: (users + 1,).
        item: (entries,).
        bits: (items,), the bit of each item, or -1.
        near: (items, words), uint64, what is two steps from each item, itself among it.
    """
    count = np.zeros(indptr.size - 1, np.int64)
    union = np.zeros(near.shape[1], np.uint64)
    for user in range(indptr.size - 1):
        union[:] = 0
        for at in range(indptr[user], indptr[user + 1]):
            row = near[item[at]]
            for word in range(row.size):
                union[word] |= row[word]
        for word in range(union.size):
            count[user] += _bits_in(union[word])
        for at in range(indptr[user], indptr[user + 1]):
            if bits[item[at]] >= 0:
                count[user] -= 1
    return count


@compiled
def _bits_in(word: int) -> int:
    """How many bits of an unsigned word of 64 bits are set (Warren, "Hacker's Delight", 2002)."""
    pairs = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    fours = (pairs & np.uint64(0x3333333333333333)) + (
        (pairs >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    bytes_ = (fours + (fours >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((bytes_ * np.uint64(0x0101010101010101)) >> np.uint64(56))
