"""Features of users and items that need no rating: how many there are, and which.

N holds 1/√(n_u·n_i) where user u rated item i. A user's features are 1, log(1 + n_u) and N's row in
the space of its first right singular vectors; an item's are 1, log(1 + n_i) and what these vectors
hold of it. All but the first two have a mean square of 1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from graphrec.kernels.csr import CSR
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.recommenders.als.svd_init import orthonormal, random_vectors
from graphrec.recommenders.rating.sides import Sides
from graphrec.serving.eigenbasis import rotate

OVERSAMPLING: Final = 2  # random vectors for each singular one
_POWER_ITERATIONS: Final = 2  # without them the vectors are not exact enough
_ROUNDING: Final = 1e-4  # relative to the largest singular value: smaller ones are rounding errors
_COUNTS: Final = 2  # features that go before those that are made of parts


class Features(NamedTuple):
    """Features of the items, and what those of users are made of."""

    items: Matrix  # (items, 2 + rank), float64
    parts: Matrix  # (items, rank), float32: what an item adds to the features of who rated it


def learn_features(sides: Sides, support: Indices, rank: int, seed: int) -> Features:
    """The singular vectors of N, by subspace iteration (Halko, Martinsson and Tropp, 2011).

    Args:
        sides: the ratings.
        support: (items,), n_i.
        rank: number of singular vectors.
        seed: of the random vectors that the decomposition starts from.
    """
    of_items = np.sqrt(support).astype(np.float32)[:, None]
    of_users = sides.user_features(np.ones_like(of_items))[:, _COUNTS:]  # n_u / √n_u
    images = random_vectors(support.size, OVERSAMPLING * rank, seed)
    for _ in range(1 + _POWER_ITERATIONS):
        basis = orthonormal(sides.user_features(images / of_items)[:, _COUNTS:])
        images = sides.item_features(basis / of_users)[:, _COUNTS:]
    images, eigenvalue = rotate(images)
    value = np.sqrt(eigenvalue.astype(np.float64))[-rank:]  # singular, ascending
    there = value > _ROUNDING * value.max(initial=_ROUNDING)
    value = np.where(there, value, 1.0)
    vectors = np.where(there, images[:, -rank:] / value, 0.0)  # (items, rank), of length 1
    parts = vectors / of_items * (np.sqrt(of_users.shape[0]) / value)
    known = (np.ones(support.size), np.log1p(support))
    items = np.column_stack((*known, vectors * of_items))
    return Features(items, parts.astype(np.float32))


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
