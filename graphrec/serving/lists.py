"""Ranked lists for a DataFrame of histories, in Arrow batches over memory-mapped tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from graphrec.columns import (
    BECAUSE,
    ITEM,
    ITEMS,
    RANK,
    RECOMMENDATIONS,
    SCORE,
    SOURCE,
    USER,
    VECTOR,
    WEIGHTS,
)
from graphrec.data.ids_arrow import from_bytes
from graphrec.kernels.csr import indptr_of, row_slice
from graphrec.kernels.types import Array, Mask, Matrix, read_only
from graphrec.serving.dense_scores import score_all_items
from graphrec.serving.filters import hidden_items
from graphrec.serving.item_factors import FoldIn
from graphrec.serving.kernel import rank_dense, rank_popular, rank_users
from graphrec.serving.kernel_types import Histories, Lists, Settings
from graphrec.serving.request import Request
from graphrec.serving.tables import ItemTables, factors_of, item_factors_of, neighbours_of
from graphrec.spark.arrow import BatchFunction, list_column, rows_from_lists, values
from graphrec.spark.parallelism import one_thread
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

PERSONAL = "personal"  # the source of a list that a history led to
POPULAR = "popular"  # the source of a list for a user without a history

DENSE_BATCH_USERS = 256  # whose scores of all items are held at a time
BATCH_USERS = 2000  # whose lists are handed on together, at most
BATCH_VALUES = 20_000_000  # of the lists that are held together, but for a single list
_VALUES_PER_ITEM = 7  # of a listed item, without its reasons

Arrangement: TypeAlias = Callable[[pa.Array, Lists, pa.Array, tuple[str, ...]], pa.RecordBatch]
"""(users, their lists, ids of the items, legs) -> the batch that Spark gets."""


def serve(
    histories: DataFrame,
    tables: ItemTables,
    request: Request,
    *,
    item_type: T.DataType,
    excluded: Mask | None = None,
    flat: bool = False,
) -> DataFrame:
    """Ranked lists for users by their histories.

    Args:
        histories: (user, items: array<int>, weights: array<float>), items ascending and known to
            the catalogue; perhaps `hidden`: array<int>, items not to be listed to this user, and
            `vector`: array<float>, a user factor to be used as it is. A user without items gets
            the most popular ones.
        tables: the model.
        request: what the lists shall be.
        item_type: Spark's type of the item ids.
        excluded: (items,), True for items never to be listed; None lists all.
        flat: a row for each listed item: to take nested lists apart costs Spark more than it costs
            the workers to make flat ones.

    Returns:
        (user, recommendations: array<struct<item, rank, score, one column per leg: float,
        because: array<item>, source>>), best first; a leg's column is its share of the score. Flat:
        the user, and the columns of the struct.
    """
    row = _row_fields(tables, item_type)
    nested = [T.StructField(RECOMMENDATIONS, T.ArrayType(T.StructType(row)))]
    schema = T.StructType([histories.schema[USER], *(row if flat else nested)])
    arrange = _as_rows if flat else _as_lists
    return histories.mapInArrow(_server(histories, tables, request, excluded, arrange), schema)


def _row_fields(tables: ItemTables, item_type: T.DataType) -> list[T.StructField]:
    """The fields of a listed item."""
    return [
        T.StructField(ITEM, item_type),
        T.StructField(RANK, T.IntegerType()),
        T.StructField(SCORE, T.FloatType()),
        *(T.StructField(leg, T.FloatType()) for leg in tables.legs),
        T.StructField(BECAUSE, T.ArrayType(item_type)),
        T.StructField(SOURCE, T.StringType()),
    ]


def _server(
    histories: DataFrame,
    tables: ItemTables,
    request: Request,
    excluded: Mask | None,
    arrange: Arrangement,
) -> BatchFunction:
    """A function that serves batches of histories."""
    spark = histories.sparkSession
    mask = np.zeros(tables.catalogue.size, np.bool_) if excluded is None else excluded
    return partial(
        _serve_batches,
        shared=tables.share(spark, diversify=request.diversity > 0),
        shared_mask=share_arrays(spark, {"excluded": mask}),
        legs=tables.legs,
        fold_ins=tables.fold_ins,
        request=request,
        arrange=arrange,
    )


def _serve_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    shared_mask: SharedArrays,
    legs: tuple[str, ...],
    fold_ins: Sequence[FoldIn],
    request: Request,
    arrange: Arrangement,
) -> Iterator[pa.RecordBatch]:
    ids = from_bytes(shared.open()["ids"])
    ranked = rank_batches(
        batches, shared=shared, shared_mask=shared_mask, fold_ins=fold_ins, request=request
    )
    for some, lists in ranked:
        yield arrange(some[USER], lists, ids, legs)


def rank_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    shared_mask: SharedArrays,
    fold_ins: Sequence[FoldIn],
    request: Request,
) -> Iterator[tuple[pa.RecordBatch, Lists]]:
    """Batches of histories with their lists; for arguments see `rank_batch`."""
    tables = shared.open()
    excluded = shared_mask.open()["excluded"]
    users = _batch_users(request.settings(tables["popularity"], excluded))
    for batch in batches:
        for first in range(0, batch.num_rows, users):  # Spark writes some while more are made
            some = batch.slice(first, users)
            with one_thread():
                lists = rank_batch(some, tables, excluded, fold_ins, request)
            yield some, lists


def _batch_users(settings: Settings) -> int:
    """How many users' lists are made together; fewer, the longer these are."""
    values_per_user = max(settings.length, 1) * (_VALUES_PER_ITEM + settings.reasons)
    return max(min(BATCH_VALUES // values_per_user, BATCH_USERS), 1)


def rank_batch(
    batch: pa.RecordBatch,
    tables: Mapping[str, Array],
    excluded: Mask,
    fold_ins: Sequence[FoldIn],
    request: Request,
) -> Lists:
    """Rank the users of one batch.

    Candidates come from the neighbour legs, or are all items where none of these has any weight.

    Args:
        batch: histories, as `serve` takes them.
        tables: as `ItemTables.arrays` gives them.
        excluded: (items,), True for items never to be listed.
        fold_ins: how each factor leg makes a user's vector.
        request: what the lists shall be.
    """
    histories = read_histories(batch, filter_seen=request.filter_seen)
    settings = request.settings(tables["popularity"], excluded)
    if not request.blend:
        return rank_popular(histories, settings)
    neighbours = neighbours_of(tables)
    users = user_factors(batch, histories, tables, fold_ins)
    factors = factors_of(tables, users)
    if request.retrieves_by_graph(neighbours.weights.data.shape[1]):
        return rank_users(histories, neighbours, factors, settings)
    legs = [
        (read_only(users[:, columns]), read_only(leg.vector.T))  # (rank, items)
        for columns, leg in item_factors_of(tables, fold_ins)
    ]
    return _concatenated(
        rank_dense(
            _slice(histories, first, first + DENSE_BATCH_USERS),
            _dense_scores(legs, request, first),
            neighbours,
            factors,
            settings,
        )
        for first in range(0, users.shape[0], DENSE_BATCH_USERS)
    )


def _dense_scores(
    legs: Sequence[tuple[Matrix, Matrix]], request: Request, first: int
) -> npt.NDArray[np.float32]:
    """The factor legs' scores of all items for a block of users, 0 in legs without weight.

    Args:
        legs: (users, rank) and (rank, items) of each.
        request: has their weights, the last of the blend.
        first: the first user of the block.
    """
    weights = request.blend[len(request.blend) - len(legs) :]
    block = slice(first, first + DENSE_BATCH_USERS)
    return np.stack(
        [
            score_all_items(users[block], items)
            if weight > 0.0
            else np.zeros((users[block].shape[0], items.shape[1]), np.float32)
            for (users, items), weight in zip(legs, weights, strict=True)
        ]
    )


def read_histories(batch: pa.RecordBatch, *, filter_seen: bool) -> Histories:
    """(user, items, weights[, hidden]) as the kernel takes it."""
    items = rows_from_lists(batch[ITEMS], batch[WEIGHTS])
    return Histories(items, *hidden_items(batch, items, filter_seen=filter_seen))


def user_factors(
    batch: pa.RecordBatch,
    histories: Histories,
    tables: Mapping[str, Array],
    fold_ins: Sequence[FoldIn],
) -> Matrix:
    """The users' vectors, leg by leg, (users, Σ rank): given ones as they are, others folded in."""
    items = histories.items
    users = np.empty((items.indptr.size - 1, tables["factor_rank"].sum()), np.float32)
    for columns, leg in item_factors_of(tables, fold_ins):
        own = leg.users(items)
        if leg.fold_in.takes_given and VECTOR in batch.schema.names:
            given = batch[VECTOR].is_valid().to_numpy(zero_copy_only=False)
            own[given] = values(batch[VECTOR].drop_null(), np.float32).reshape(-1, leg.rank)
        users[:, columns] = own
    return users


def _slice(histories: Histories, first: int, last: int) -> Histories:
    """The users first .. last - 1; nothing is copied."""
    hidden = histories.hidden_indptr[first : last + 1]
    return Histories(
        row_slice(histories.items, first, last),
        read_only(hidden - hidden[0]),
        histories.hidden_indices[hidden[0] : hidden[-1]],
    )


def _concatenated(parts: Iterator[Lists]) -> Lists:
    return Lists(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _as_lists(user: pa.Array, lists: Lists, ids: pa.Array, legs: tuple[str, ...]) -> pa.RecordBatch:
    """A row for each user, with a column array<struct>."""
    columns, length = _columns(lists, ids, legs)
    rows = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    nested = list_column(indptr_of(length), rows)
    return pa.RecordBatch.from_pydict({USER: user, RECOMMENDATIONS: nested})


def _as_rows(user: pa.Array, lists: Lists, ids: pa.Array, legs: tuple[str, ...]) -> pa.RecordBatch:
    """A row for each listed item."""
    columns, length = _columns(lists, ids, legs)
    owner = np.repeat(np.arange(length.size, dtype=np.int32), length)
    return pa.RecordBatch.from_pydict({USER: user.take(pa.array(owner)), **columns})


def _columns(
    lists: Lists, ids: pa.Array, legs: tuple[str, ...]
) -> tuple[dict[str, pa.Array], npt.NDArray[np.int64]]:
    """The rows of all lists, with item ids instead of indices, and the length of each list."""
    filled = lists.item >= 0  # (users, k)
    length = filled.sum(axis=1)
    rank = np.broadcast_to(np.arange(1, filled.shape[1] + 1, dtype=np.int32), filled.shape)
    share = lists.share[filled]  # (rows, legs)
    cold = np.repeat(lists.cold, length)
    columns = {
        ITEM: ids.take(pa.array(lists.item[filled])),
        RANK: pa.array(rank[filled]),
        SCORE: pa.array(lists.score[filled]),
        **{leg: pa.array(np.ascontiguousarray(share[:, n])) for n, leg in enumerate(legs)},
        BECAUSE: _reasons(lists.because[filled], ids),
        SOURCE: pa.array([PERSONAL, POPULAR]).take(pa.array(cold.astype(np.int8))),
    }
    return columns, length


def _reasons(because: npt.NDArray[np.int32], ids: pa.Array) -> pa.ListArray:
    named = because >= 0
    return list_column(indptr_of(named.sum(axis=1)), ids.take(pa.array(because[named])))
