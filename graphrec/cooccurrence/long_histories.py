"""Counts of users that the cap on histories leaves out of the pair table, put back exactly.

Sums over pairs cost the square of a history's length, so long histories are capped before pairs are
counted (`graphrec.data.histories.cap_histories`). What is learned may be thinner by that; a count
that people read may not. Here only the pairs that the table holds are looked up, for capped users
alone: the cost is a history's length times the neighbours of an item, however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import AFTER, INDEX, ITEMS, SUPPORT, TIMES, TOGETHER
from graphrec.data.histories import cap_histories
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector, read_only
from graphrec.spark.arrow import offsets, one_array, values
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_SIGN = "sign"  # 1 for a whole history, -1 for what of it was counted already
_SCHEMA = f"{INDEX} long, {TOGETHER} long, {AFTER} long, {SUPPORT} long"


class Counts(NamedTuple):
    """Users, to be added to what capped histories gave."""

    together: Indices  # (pairs,), those who have both
    after: Indices  # (pairs,), those who had the neighbour later; (0,) without times
    support: Indices  # (items,), those who have the item


def counts_left_out(
    histories: DataFrame,
    start: Indices,
    neighbour: Indices,
    *,
    max_history: int,
    ordered: bool,
    on_driver: bool,
) -> Counts:
    """Count what capping left out of the pairs of a table.

    Args:
        histories: (user, items, weights, times), not capped.
        start: (items + 1,), rows of the table.
        neighbour: (pairs,), ascending within a row.
        max_history: interactions of a user that the table was counted from.
        ordered: also count in how many histories the neighbour came later.
        on_driver: whether the driver counts, which can hold all histories then.
    """
    whole = histories.where(F.size(ITEMS) > max_history)
    both_ways = whole.withColumn(_SIGN, F.lit(1)).unionByName(
        cap_histories(whole, max_history).withColumn(_SIGN, F.lit(-1))
    )
    signed = both_ways.select(ITEMS, _SIGN, *([TIMES] if ordered else []))
    if on_driver:
        return _count(signed.toArrow(), start, neighbour, ordered=ordered)
    shared = share_arrays(histories.sparkSession, {"start": start, "neighbour": neighbour})
    counted = signed.mapInArrow(partial(_count_batches, shared=shared, ordered=ordered), _SCHEMA)
    added = counted.groupBy(INDEX).agg(*(F.sum(name).alias(name) for name in Counts._fields))
    return _gathered(added.toArrow(), start.size - 1, neighbour.size, ordered=ordered)


def _count(histories: pa.Table, start: Indices, neighbour: Indices, *, ordered: bool) -> Counts:
    items = one_array(histories[ITEMS])
    time = values(one_array(histories[TIMES]), np.float64) if ordered else np.empty(0)
    counts = Counts(
        np.zeros(neighbour.size, np.int64),
        np.zeros(neighbour.size if ordered else 0, np.int64),
        np.zeros(start.size - 1, np.int64),
    )
    _add_counts(
        read_only(offsets(items)),
        read_only(values(items, np.int32)),
        read_only(time),
        read_only(one_array(histories[_SIGN]).to_numpy()),
        read_only(start),
        read_only(neighbour),
        *counts,
    )
    return counts


def _count_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, ordered: bool
) -> Iterator[pa.RecordBatch]:
    """Signed histories -> (index of a pair, counts), and (-1 - index of an item, its support)."""
    received = list(batches)
    if not received:
        return
    table = shared.open()
    found = _count(
        pa.Table.from_batches(received), table["start"], table["neighbour"], ordered=ordered
    )
    after = found.after if ordered else np.zeros_like(found.together)
    pair = np.flatnonzero(found.together | after)
    item = np.flatnonzero(found.support)
    nothing = np.zeros(item.size, np.int64)
    yield pa.RecordBatch.from_pydict(
        {
            INDEX: np.concatenate((pair, -1 - item)),
            TOGETHER: np.concatenate((found.together[pair], nothing)),
            AFTER: np.concatenate((after[pair], nothing)),
            SUPPORT: np.concatenate((np.zeros(pair.size, np.int64), found.support[item])),
        }
    )


def _gathered(rows: pa.Table, items: int, pairs: int, *, ordered: bool) -> Counts:
    column = {name: rows[name].to_numpy() for name in rows.column_names}
    of_pair = column[INDEX] >= 0
    return Counts(
        _filled(pairs, column, TOGETHER, of_pair),
        _filled(pairs, column, AFTER, of_pair) if ordered else np.empty(0, np.int64),
        _filled(items, column | {INDEX: -1 - column[INDEX]}, SUPPORT, ~of_pair),
    )


def _filled(size: int, column: Mapping[str, Indices], name: str, kept: Indices) -> Indices:
    counts = np.zeros(size, np.int64)
    counts[column[INDEX][kept]] = column[name][kept]
    return counts


@compiled
def _add_counts(
    history_start: Indices,
    history_item: Indices,
    history_time: Vector,
    sign: Indices,
    start: Indices,
    neighbour: Indices,
    together: Indices,
    after: Indices,
    support: Indices,
) -> None:
    """Add each history's pairs of the table, and its items, times its sign."""
    entry_of = np.full(start.size - 1, -1, np.int64)
    for user in range(history_start.size - 1):
        first, last = history_start[user], history_start[user + 1]
        for entry in range(first, last):
            entry_of[history_item[entry]] = entry
            support[history_item[entry]] += sign[user]
        for entry in range(first, last):
            item = history_item[entry]
            for pair in range(start[item], start[item + 1]):
                other = entry_of[neighbour[pair]]
                if other >= 0:
                    together[pair] += sign[user]
                    if history_time.size > 0 and history_time[other] > history_time[entry]:
                        after[pair] += sign[user]
        for entry in range(first, last):
            entry_of[history_item[entry]] = -1
