"""Features of users and items that need no rating: how many there are, and which.

N holds 1/√(n_u·n_i) where user u rated item i. A user's features are 1, log(1 + n_u) and N's row in
the space of its first right singular vectors; an item's are 1, log(1 + n_i) and what these vectors
hold of it. All but the first two have a mean square of 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import ITEMS, USER, WEIGHTS
from graphrec.kernels.csr import CSR, row_indices
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.recommenders.als.engine import fit_als
from graphrec.spark.arrow import list_column, offsets, values
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_OVERSAMPLING = 4  # random vectors for each singular one: the more, the more exact are these


class Features(NamedTuple):
    """Features of the items, and what those of users are made of."""

    items: Matrix  # (items, 2 + rank), float64
    parts: Matrix  # (items, rank), float32: what an item adds to the features of who rated it


def learn_features(
    histories: DataFrame, support: Indices, size: tuple[int, int], rank: int, seed: int
) -> Features:
    """The singular vectors of N.

    Args:
        histories: (user, items, ...).
        support: (items,), n_i.
        size: users and ratings of the histories.
        rank: number of singular vectors.
        seed: of the random vectors that the decomposition starts from.
    """
    shared = share_arrays(histories.sparkSession, {"support": support})
    rows = histories.select(USER, ITEMS, WEIGHTS)
    scaled = rows.mapInArrow(partial(_scale_batches, shared=shared), rows.schema)
    found = fit_als(
        scaled,
        support.size,
        size=size,
        rank=_OVERSAMPLING * rank,
        iterations=0,  # the start of ALS is the decomposition
        unobserved=0.0,
        regularization=1.0,
        seed=seed,
        explicit=True,
    )
    value = np.maximum(found.eigenvalue.astype(np.float64), 0.0)[-rank:]  # singular, ascending
    there = value > 1e-6 * value.max(initial=1e-300)
    root = np.where(there, np.sqrt(value), 1.0)
    vectors = np.where(there, found.vector[:, -rank:] / root, 0.0)  # (items, rank), of length 1
    per_user = np.sqrt(size[0]) / np.where(there, value, 1.0)
    parts = vectors / np.sqrt(support)[:, None] * per_user
    known = (np.ones(support.size), np.log1p(support))
    items = np.column_stack((*known, vectors * np.sqrt(support.size)))
    return Features(items, parts.astype(np.float32))


def _scale_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays
) -> Iterator[pa.RecordBatch]:
    """Histories with the entries of N for weights."""
    support = shared.open()["support"]
    for batch in batches:
        indptr, item = offsets(batch[ITEMS]), values(batch[ITEMS], np.int32)
        rated = np.diff(indptr)[row_indices(indptr)]
        entry = (1.0 / np.sqrt(rated * support[item])).astype(np.float32)
        yield pa.RecordBatch.from_pydict(
            {USER: batch[USER], ITEMS: batch[ITEMS], WEIGHTS: list_column(indptr, entry)}
        )


@compiled
def features_of_users(side: CSR, parts: Matrix) -> Matrix:
    """The features of some users, (users, 2 + rank), from what they rated."""
    users, rank = side.indptr.size - 1, parts.shape[1]
    features = np.empty((users, 2 + rank), np.float32)
    for user in range(users):
        rated = side.indices[side.indptr[user] : side.indptr[user + 1]]
        features[user] = features_of_user(rated, parts)
    return features


@compiled
def features_of_user(rated: Indices, parts: Matrix) -> Vector:
    """The features of a user who rated some items, (2 + rank,)."""
    rank = parts.shape[1]
    features = np.zeros(2 + rank)
    features[0], features[1] = 1.0, np.log1p(rated.size)
    for item in rated:
        for d in range(rank):
            features[2 + d] += parts[item, d]
    if rated.size > 0:
        for d in range(rank):
            features[2 + d] /= np.sqrt(rated.size)
    return features
