"""Ranked lists for a DataFrame of histories, in Arrow batches over memory-mapped tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from graphrec.columns import (
    BECAUSE,
    HISTORY_SIZE,
    ITEM,
    ITEMS,
    RANK,
    RECOMMENDATIONS,
    SCORE,
    SOURCE,
    USER,
)
from graphrec.data.ids_arrow import from_bytes
from graphrec.kernels.csr import indptr_of
from graphrec.serving.fallback import fallback_of
from graphrec.serving.item_factors import FoldIn
from graphrec.serving.kernel_types import ListRules, Lists, Settings
from graphrec.serving.list_rules import list_rules
from graphrec.serving.ranking import rank_batch
from graphrec.serving.request import Request
from graphrec.serving.shared_tables import share_rules, share_tables
from graphrec.serving.sources import PERSONAL, SOURCES
from graphrec.serving.tables import ItemTables
from graphrec.spark.arrow import BatchFunction, list_column, offsets
from graphrec.spark.shared_arrays import SharedArrays
from graphrec.spark.threads import one_thread

BATCH_USERS = 2000  # whose lists are handed on together, at most
BATCH_VALUES = 20_000_000  # of the lists that are held together, but for a single list
_VALUES_PER_ITEM = 7  # of a listed item, without its reasons

Arrangement: TypeAlias = Callable[
    [pa.RecordBatch, Lists, pa.Array, tuple[str, ...], int], pa.RecordBatch
]
"""(histories, their lists, ids of the items, legs, offset) -> the batch that Spark gets."""


def serve(
    histories: DataFrame,
    tables: ItemTables,
    request: Request,
    *,
    item_type: T.DataType,
    rules: ListRules | None = None,
    flat: bool = False,
) -> DataFrame:
    """Ranked lists for users by their histories.

    Args:
        histories: (user, items: array<int>, weights: array<float>), items ascending and known to
            the catalogue; perhaps `hidden`: array<int>, items not to be listed to this user,
            `shown`: array<int> and `demotion`: array<float>, items whose scores count less and the
            factor of each, and `vector`: array<float>, a user factor that was given. A user of whom
            nothing is known gets what the tables' fallback has.
        tables: the model.
        request: what the lists shall be.
        item_type: Spark's type of the item ids.
        rules: of all lists; None: there are none.
        flat: a row for each listed item: to take nested lists apart costs Spark more than it costs
            the workers to make flat ones.

    Returns:
        (user, recommendations: array<struct<item, rank, score, one column per leg: float,
        because: array<item>, source, history_size: int>>), best first; a leg's column is its share
        of the score. Flat: the user, and the columns of the struct.
    """
    row = _row_fields(tables, item_type)
    nested = [T.StructField(RECOMMENDATIONS, T.ArrayType(T.StructType(row)))]
    schema = T.StructType([histories.schema[USER], *(row if flat else nested)])
    arrange = _as_rows if flat else _as_lists
    return histories.mapInArrow(_server(histories, tables, request, rules, arrange), schema)


def _row_fields(tables: ItemTables, item_type: T.DataType) -> list[T.StructField]:
    """The fields of a listed item."""
    return [
        T.StructField(ITEM, item_type),
        T.StructField(RANK, T.IntegerType()),
        T.StructField(SCORE, T.FloatType()),
        *(T.StructField(leg, T.FloatType()) for leg in tables.legs),
        T.StructField(BECAUSE, T.ArrayType(item_type)),
        T.StructField(SOURCE, T.StringType()),
        T.StructField(HISTORY_SIZE, T.IntegerType()),
    ]


def _server(
    histories: DataFrame,
    tables: ItemTables,
    request: Request,
    rules: ListRules | None,
    arrange: Arrangement,
) -> BatchFunction:
    """A function that serves batches of histories."""
    spark = histories.sparkSession
    return partial(
        _serve_batches,
        shared=share_tables(spark, tables, diversify=request.diversity > 0),
        shared_rules=share_rules(spark, rules or list_rules(tables.popularity)),
        legs=tables.legs,
        fold_ins=tables.fold_ins,
        request=request,
        arrange=arrange,
    )


def _serve_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    shared_rules: SharedArrays,
    legs: tuple[str, ...],
    fold_ins: Sequence[FoldIn],
    request: Request,
    arrange: Arrangement,
) -> Iterator[pa.RecordBatch]:
    ids = from_bytes(shared.open()["ids"])
    ranked = rank_batches(
        batches, shared=shared, shared_rules=shared_rules, fold_ins=fold_ins, request=request
    )
    for some, lists in ranked:
        yield arrange(some, lists, ids, legs, request.offset)


def rank_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    shared_rules: SharedArrays,
    fold_ins: Sequence[FoldIn],
    request: Request,
) -> Iterator[tuple[pa.RecordBatch, Lists]]:
    """Batches of histories with their lists; for arguments see `rank_batch`."""
    tables = shared.open()
    rules = ListRules(**shared_rules.open())
    users = _batch_users(request.settings(tables["popularity"], rules, fallback_of(tables)))
    for batch in batches:
        for first in range(0, batch.num_rows, users):  # Spark writes some while more are made
            some = batch.slice(first, users)
            with one_thread():
                lists = rank_batch(some, tables, rules, fold_ins, request)
            yield some, lists


def _batch_users(settings: Settings) -> int:
    """How many users' lists are made together; fewer, the longer these are."""
    values_per_user = max(settings.length, 1) * (_VALUES_PER_ITEM + settings.reasons)
    return max(min(BATCH_VALUES // values_per_user, BATCH_USERS), 1)


def _as_lists(
    histories: pa.RecordBatch, lists: Lists, ids: pa.Array, legs: tuple[str, ...], offset: int
) -> pa.RecordBatch:
    """A row for each user, with a column array<struct>."""
    columns, length = _columns(histories, lists, ids, legs, offset)
    rows = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    nested = list_column(indptr_of(length), rows)
    return pa.RecordBatch.from_pydict({USER: histories[USER], RECOMMENDATIONS: nested})


def _as_rows(
    histories: pa.RecordBatch, lists: Lists, ids: pa.Array, legs: tuple[str, ...], offset: int
) -> pa.RecordBatch:
    """A row for each listed item."""
    columns, length = _columns(histories, lists, ids, legs, offset)
    owner = np.repeat(np.arange(length.size, dtype=np.int32), length)
    return pa.RecordBatch.from_pydict({USER: histories[USER].take(pa.array(owner)), **columns})


def _columns(
    histories: pa.RecordBatch, lists: Lists, ids: pa.Array, legs: tuple[str, ...], offset: int
) -> tuple[dict[str, pa.Array], npt.NDArray[np.int64]]:
    """The rows of all lists, with item ids instead of indices, and the length of each list."""
    filled = lists.item >= 0  # (users, offset + k)
    filled[:, :offset] = False
    length = filled.sum(axis=1)
    rank = np.broadcast_to(np.arange(1, filled.shape[1] + 1, dtype=np.int32), filled.shape)
    share = lists.share[filled]  # (rows, legs)
    source = lists.source[filled]
    size = np.repeat(np.diff(offsets(histories[ITEMS])), length)
    rests_on = np.where(source == SOURCES.index(PERSONAL), size, 0).astype(np.int32)
    columns = {
        ITEM: ids.take(pa.array(lists.item[filled])),
        RANK: pa.array(rank[filled]),
        SCORE: pa.array(lists.score[filled]),
        **{leg: pa.array(np.ascontiguousarray(share[:, n])) for n, leg in enumerate(legs)},
        BECAUSE: _reasons(lists.because[filled], ids),
        SOURCE: pa.array(SOURCES).take(pa.array(source)),
        HISTORY_SIZE: pa.array(rests_on),
    }
    return columns, length


def _reasons(because: npt.NDArray[np.int32], ids: pa.Array) -> pa.ListArray:
    named = because >= 0
    return list_column(indptr_of(named.sum(axis=1)), ids.take(pa.array(because[named])))
