"""Ranked lists for one batch of histories over mapped tables, by the kernel; it needs no Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import ITEMS, VECTOR, WEIGHTS
from graphrec.kernels.csr import row_slice
from graphrec.kernels.types import Array, Matrix, read_only
from graphrec.serving.demoted import demoted_items
from graphrec.serving.dense_scores import score_all_items
from graphrec.serving.fallback import fallback_of
from graphrec.serving.hidden import hidden_items, liked_entries
from graphrec.serving.item_factors import FoldIn
from graphrec.serving.kernel import rank_dense, rank_popular, rank_users
from graphrec.serving.kernel_types import Histories, ListRules, Lists
from graphrec.serving.request import Request
from graphrec.serving.tables import factors_of, item_factors_of, neighbours_of
from graphrec.spark.arrow import rows_from_lists, values

DENSE_BATCH_USERS = 256  # whose scores of all items are held at a time


def rank_batch(
    batch: pa.RecordBatch,
    tables: Mapping[str, Array],
    rules: ListRules,
    fold_ins: Sequence[FoldIn],
    request: Request,
) -> Lists:
    """Rank the users of one batch.

    Candidates come from the neighbour legs, or are all items where none of these has any weight.

    Args:
        batch: histories, as `serving.lists.serve` takes them.
        tables: as `ItemTables.arrays` gives them.
        rules: of all lists.
        fold_ins: how each factor leg makes a user's vector.
        request: what the lists shall be.
    """
    histories = read_histories(batch, filter_seen=request.filter_seen)
    settings = request.settings(tables["popularity"], rules, fallback_of(tables))
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
    """(user, items, weights[, disliked, hidden, shown, demotion]) as the kernel takes it."""
    items = rows_from_lists(batch[ITEMS], batch[WEIGHTS])
    liked = read_only(liked_entries(batch, items))
    hidden = hidden_items(batch, items, filter_seen=filter_seen)
    return Histories(items, liked, *hidden, demoted_items(batch))


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
            if given.any():
                vectors = values(batch[VECTOR].drop_null(), np.float32)
                own[given] = leg.fold_in.of_given(vectors.reshape(int(given.sum()), -1))
        users[:, columns] = own
    return users


def _slice(histories: Histories, first: int, last: int) -> Histories:
    """The users first .. last - 1; nothing is copied."""
    hidden = histories.hidden_indptr[first : last + 1]
    entries = slice(*histories.items.indptr[[first, min(last, histories.hidden_indptr.size - 1)]])
    return Histories(
        row_slice(histories.items, first, last),
        histories.liked[entries],
        read_only(hidden - hidden[0]),
        histories.hidden_indices[hidden[0] : hidden[-1]],
        row_slice(histories.demoted, first, last),
    )


def _concatenated(parts: Iterator[Lists]) -> Lists:
    return Lists(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
