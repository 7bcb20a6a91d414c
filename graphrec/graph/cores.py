"""Core numbers: how deep in the dense part of the graph a user or an item is.

The k-core is what is left after everything with fewer than k interactions was taken away, again
and again (Seidman, "Network structure and minimum degree", 1983). A vertex' core number is the
largest k whose core it is in; the vertices of one number are a shell. Removal one by one cannot be
distributed, but core numbers are also the fixed point of an iteration: every vertex begins with its
degree and takes the h-index of its neighbours' numbers, until nothing changes (Lü et al., "The
H-index of a network node and its relation to degree and coreness", 2016). Users and items take
turns, which halves the rounds.

The items' numbers, as many as the catalogue has items, go to the workers; the users' are made
there from the histories, and only counted. Where all histories fit into one task, it does all the
rounds. By GraphFrames' `aggregateMessages` a round has three joins and a checkpoint, and the some
25 rounds that real data need take many minutes instead of seconds.
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

from graphrec.columns import INDEX, ITEM, ITEMS, SUPPORT, USER
from graphrec.data.catalogue import Catalogue
from graphrec.graph.bipartite import DEGREE, TYPE
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, read_only
from graphrec.spark.arrow import BatchFunction, offsets, one_array, values
from graphrec.spark.packed_rows import RowBlock, gather, pack, packed_schema
from graphrec.spark.parallelism import parallelism
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

CORE: Final = "core"
USERS: Final = "users"

_BLOCK: Final = "block"
_COUNTS: Final = "counts"


def core_table(
    histories: DataFrame, catalogue: Catalogue, *, one_task_entries: int = 32_000_000
) -> DataFrame:
    """The core number of each user and item.

    Args:
        histories: (user, items: array<int>), persisted; they are read once a round.
        catalogue: numbers the items.
        one_task_entries: with no more interactions, some 16 bytes each, one task does all rounds.

    Returns:
        (type: "user" or "item", user, null for an item, item, null for a user, degree: long, core:
        int, at most the degree), one row per user and per item.
    """
    spark = histories.sparkSession
    numbers = _item_numbers(histories, catalogue, one_task_entries)
    shared = share_arrays(spark, {CORE: numbers})
    catalogue_frame = catalogue.to_frame(spark)
    schema = T.StructType(
        [
            histories.schema[USER],
            T.StructField(DEGREE, T.LongType()),
            T.StructField(CORE, T.IntegerType()),
        ]
    )
    users = histories.select(USER, ITEMS).mapInArrow(_user_writer(shared), schema)
    of_items = spark.createDataFrame(
        pa.table({INDEX: np.arange(catalogue.size, dtype=np.int32), CORE: numbers})
    )
    no_user = F.lit(None).cast(histories.schema[USER].dataType).alias(USER)
    no_item = F.lit(None).cast(catalogue_frame.schema[ITEM].dataType).alias(ITEM)
    items = catalogue_frame.join(of_items, INDEX).select(
        F.lit(ITEM).alias(TYPE), no_user, ITEM, F.col(SUPPORT).alias(DEGREE), CORE
    )
    return users.select(F.lit(USER).alias(TYPE), USER, no_item, DEGREE, CORE).unionByName(items)


def shell_table(cores: DataFrame) -> DataFrame:
    """The shells: how many users and items have each core number.

    Args:
        cores: as `core_table` gives them.

    Returns:
        (core: int, users: long, items: long), one row per number that occurs.
    """
    return cores.groupBy(CORE).agg(
        F.count_if(F.col(TYPE) == USER).alias(USERS), F.count_if(F.col(TYPE) == ITEM).alias(ITEMS)
    )


def _item_numbers(
    histories: DataFrame, catalogue: Catalogue, one_task_entries: int
) -> npt.NDArray[np.int32]:
    """(items,), the core numbers after as many rounds as it takes; catalogue-sized."""
    # No number is above the h-index of the supports: a k-core has at least k items of k users.
    highest = int((catalogue.support >= np.arange(1, catalogue.size + 1)).sum())
    numbers = np.minimum(catalogue.support, highest).astype(np.int32)
    if catalogue.support.sum() <= one_task_entries:
        shared = share_arrays(histories.sparkSession, {CORE: numbers})
        histories = histories.select(ITEMS).coalesce(1)
        packed = histories.mapInArrow(_all_rounds(shared), packed_schema([CORE]))
        return _gathered(packed, numbers.size)
    blocks = parallelism(histories.sparkSession)
    while True:
        now = _one_round(histories, numbers, blocks)
        if (now == numbers).all():
            return now
        numbers = now


def _gathered(packed: DataFrame, items: int) -> npt.NDArray[np.int32]:
    _, entries = gather(packed, items, {CORE: np.int32})
    return entries[CORE]


def _packed(first: int, numbers: npt.NDArray[np.int32]) -> pa.RecordBatch:
    """The numbers of the items from one on, one each."""
    index = np.arange(first, first + numbers.size)
    return pack(RowBlock(index, np.arange(numbers.size + 1), {CORE: numbers}))


def _all_rounds(shared: SharedArrays) -> BatchFunction:
    """All rounds in one task, which is given all histories."""

    def settle(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        histories = pa.chunked_array([batch[ITEMS] for batch in batches], pa.list_(pa.int32()))
        yield _packed(0, _settled(one_array(histories), shared.open()[CORE]))

    return settle


def _settled(histories: pa.ListArray, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    indptr, item = read_only(offsets(histories)), read_only(values(histories, np.int32))
    while True:
        begin = read_only(_slots(numbers))
        counts = np.zeros(begin[-1], np.int64)
        count_users(indptr, item, numbers, begin, counts)
        now = read_only(h_indices(begin, read_only(counts)))
        if (now == numbers).all():
            return now
        numbers = now


def _one_round(
    histories: DataFrame, numbers: npt.NDArray[np.int32], blocks: int
) -> npt.NDArray[np.int32]:
    """The items' numbers after a turn of the users and a turn of the items; catalogue-sized."""
    shared = share_arrays(histories.sparkSession, {CORE: numbers})

    def add_up(key: tuple[pa.Scalar, ...], counted: pa.Table) -> pa.Table:
        return _add_up_block(key[0].as_py(), counted, shared, blocks)

    packed = (
        histories.select(ITEMS)
        .mapInArrow(_counter(shared, blocks), f"{_BLOCK} int, {_COUNTS} binary")
        .groupBy(_BLOCK)
        .applyInArrow(add_up, schema=packed_schema([CORE]))
    )
    return _gathered(packed, numbers.size)


def _counter(shared: SharedArrays, blocks: int) -> BatchFunction:
    """Count, in each task, the users of each item by their numbers."""

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        numbers = shared.open()[CORE]
        begin = read_only(_slots(numbers))
        counts = np.zeros(begin[-1], np.int64)
        for batch in batches:
            _count_batch(batch, numbers, begin, counts)
        parts = np.split(counts, begin[_edges(numbers.size, blocks)[1:-1]])
        yield pa.RecordBatch.from_pydict(
            {
                _BLOCK: np.arange(len(parts), dtype=np.int32),
                _COUNTS: pa.array([part.tobytes() for part in parts], pa.binary()),
            }
        )

    return count


def _slots(numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """(items + 1,), where each item's users are counted, by their numbers from 1 to its own."""
    return np.concatenate(([0], np.cumsum(numbers, dtype=np.int64)))


def _edges(items: int, blocks: int) -> npt.NDArray[np.int64]:
    """(blocks + 1,), the first item of each block, and the end of the last one."""
    return np.arange(blocks + 1) * items // blocks


def _add_up_block(block: int, counted: pa.Table, shared: SharedArrays, blocks: int) -> pa.Table:
    """(block of items, what the tasks counted) -> its items' numbers, packed."""
    numbers = shared.open()[CORE]
    first, last = _edges(numbers.size, blocks)[block : block + 2]
    begin = _slots(numbers[first:last])
    parts = (np.frombuffer(part, np.int64) for part in counted[_COUNTS].to_pylist())
    total = sum(parts, np.zeros(begin[-1], np.int64))
    found = h_indices(read_only(begin), read_only(total))
    return pa.Table.from_batches([_packed(first, found)])


def _user_writer(shared: SharedArrays) -> BatchFunction:
    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        numbers = shared.open()[CORE]
        for batch in batches:
            columns = {DEGREE: np.diff(offsets(batch[ITEMS])), CORE: _users_of(batch, numbers)}
            yield pa.RecordBatch.from_pydict({USER: batch[USER], **columns})

    return write


# Plain functions between the tasks and the compiled code: a nested one would take compiled
# functions along to the workers, to be compiled anew.


def _count_batch(
    batch: pa.RecordBatch,
    numbers: npt.NDArray[np.int32],
    begin: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int32],
) -> None:
    indptr = read_only(offsets(batch[ITEMS]))
    count_users(indptr, read_only(values(batch[ITEMS], np.int32)), numbers, begin, counts)


def _users_of(batch: pa.RecordBatch, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    indptr = read_only(offsets(batch[ITEMS]))
    return user_numbers(indptr, read_only(values(batch[ITEMS], np.int32)), numbers)


@compiled
def user_numbers(indptr: Indices, item: Indices, number: Indices) -> Indices:
    """The h-index of the items' numbers in each history: (users,), int32.

    Args:
        indptr: (users + 1,).
        item: (entries,).
        number: (items,).
    """
    found = np.zeros(indptr.size - 1, np.int32)
    for user in range(indptr.size - 1):
        descending = -np.sort(-number[item[indptr[user] : indptr[user + 1]]])
        while found[user] < descending.size and descending[found[user]] > found[user]:
            found[user] += 1
    return found


@compiled
def count_users(
    indptr: Indices, item: Indices, number: Indices, begin: Indices, counts: Indices
) -> None:
    """Count each item's users by their numbers, those above the item's own as equal to it.

    Args:
        indptr: (users + 1,).
        item: (entries,).
        number: (items,).
        begin: (items + 1,), item i's users of number n are counted at begin[i] + n - 1.
        counts: (Σ number,), changed here.
    """
    users = user_numbers(indptr, item, number)
    for user in range(indptr.size - 1):
        for at in range(indptr[user], indptr[user + 1]):
            least = min(users[user], number[item[at]])
            if least > 0:
                counts[begin[item[at]] + least - 1] += 1


@compiled
def h_indices(begin: Indices, counts: Indices) -> Indices:
    """The h-index of each item's users, from how many have which number: (items,), int32."""
    found = np.zeros(begin.size - 1, np.int32)
    for item in range(begin.size - 1):
        users, number = 0, begin[item + 1] - begin[item]
        while number > 0:
            users += counts[begin[item] + number - 1]
            if users >= number:
                break
            number -= 1
        found[item] = number
    return found
