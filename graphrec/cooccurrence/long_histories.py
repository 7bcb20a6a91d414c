"""Exact numbers of users for a pair table that was counted from capped histories.

Sums over pairs cost the square of a history's length, so long histories are capped before pairs are
counted (`graphrec.data.histories.cap_histories`). The weights that are learned from the sums may
depend on the cap, but a number of users that people read must not. So the users with longer
histories are counted once more, whole, and only for the pairs that the table holds: the cost is a
history's length times the number of an item's neighbours.
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
from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, read_only
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
    indptr: Indices,
    indices: Indices,
    *,
    max_history: int,
    ordered: bool,
    on_driver: bool,
) -> Counts:
    """Count what capping left out of the pairs of a table.

    Args:
        histories: (user, items, weights, times), not capped.
        indptr: (items + 1,), rows of the table.
        indices: (pairs,), the neighbours, ascending within a row.
        max_history: interactions of a user that the table was counted from.
        ordered: also count in how many histories the neighbour came later.
        on_driver: whether the driver counts, which can hold all histories then.
    """
    whole = histories.where(F.size(ITEMS) > max_history)
    read = [ITEMS, *([TIMES] if ordered else [])]
    signed = whole.select(*read, F.lit(1).alias(_SIGN)).unionByName(
        cap_histories(whole, max_history).select(*read, F.lit(-1).alias(_SIGN))
    )
    if on_driver:
        return _count(signed.toArrow(), indptr, indices, ordered=ordered)
    shared = share_arrays(histories.sparkSession, {"indptr": indptr, "indices": indices})
    counted = signed.mapInArrow(partial(_count_batches, shared=shared, ordered=ordered), _SCHEMA)
    added = counted.groupBy(INDEX).agg(*(F.sum(name).alias(name) for name in Counts._fields))
    return _gathered(added.toArrow(), indptr.size - 1, indices.size, ordered=ordered)


def _count(histories: pa.Table, indptr: Indices, indices: Indices, *, ordered: bool) -> Counts:
    items = one_array(histories[ITEMS])
    time = values(one_array(histories[TIMES]), np.float64) if ordered else np.empty(0)
    counts = Counts(
        np.zeros(indices.size, np.int64),
        np.zeros(indices.size if ordered else 0, np.int64),
        np.zeros(indptr.size - 1, np.int64),
    )
    _add_counts(
        csr(offsets(items), values(items, np.int32), time),
        read_only(one_array(histories[_SIGN]).to_numpy()),
        read_only(indptr),
        read_only(indices),
        counts,
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
        pa.Table.from_batches(received), table["indptr"], table["indices"], ordered=ordered
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
    histories: CSR, sign: Indices, indptr: Indices, indices: Indices, counts: Counts
) -> None:
    """Add each history's pairs of the table, and its items, times its sign.

    Args:
        histories: (users, items), as data the times; (0,) without.
        sign: (users,), 1 or -1.
        indptr: (items + 1,), rows of the table.
        indices: (pairs,).
        counts: written.
    """
    entry_of = np.full(indptr.size - 1, -1, np.int64)
    time = histories.data
    for user in range(histories.indptr.size - 1):
        first, last = histories.indptr[user], histories.indptr[user + 1]
        for entry in range(first, last):
            entry_of[histories.indices[entry]] = entry
            counts.support[histories.indices[entry]] += sign[user]
        for entry in range(first, last):
            item = histories.indices[entry]
            for pair in range(indptr[item], indptr[item + 1]):
                other = entry_of[indices[pair]]
                if other >= 0:
                    counts.together[pair] += sign[user]
                    if time.size > 0 and time[other] > time[entry]:
                        counts.after[pair] += sign[user]
        for entry in range(first, last):
            entry_of[histories.indices[entry]] = -1
