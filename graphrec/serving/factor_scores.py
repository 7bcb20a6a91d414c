"""The factor legs' scores of one user, products of vectors, and their shares of the blend."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.linear import product
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.serving.kernel_types import Factors
from graphrec.serving.neighbour_scores import MIN_DEVIATION


@compiled
def item_vectors(factors: Factors, leg: int) -> Matrix:
    """The item vectors of a leg, (items, rank); a view."""
    items = factors.norm.size
    before = factors.rank[:leg].sum()
    return factors.item[before * items : (before + factors.rank[leg]) * items].reshape(
        (items, factors.rank[leg])
    )


@compiled
def user_vector(factors: Factors, leg: int, user: int) -> Vector:
    """The user's vector of a leg, (rank,); a view."""
    before = factors.rank[:leg].sum()
    return factors.user[user, before : before + factors.rank[leg]]


@compiled
def add_factor_shares(
    factors: Factors,
    user: int,
    candidates: Indices,
    weight: Vector,
    standardise: bool,
    share: Matrix,
) -> None:
    """Write the factor legs' shares of the blended score into the last columns.

    Args:
        factors: the legs.
        user: whose scores these are.
        candidates: (n,), items.
        weight: (legs,), of all legs in the blend.
        standardise: whether a share is a z-score times the weight, or the score times it.
        share: (n, legs), written.
    """
    first = weight.size - factors.rank.size
    for leg in range(factors.rank.size):
        mean, deviation = np.float32(0.0), np.float32(1.0)
        if standardise:
            mean, deviation = factors.mean[user, leg], factors.deviation[user, leg]
        if deviation <= MIN_DEVIATION:
            continue
        scale = weight[first + leg] / deviation
        vector, items = user_vector(factors, leg, user), item_vectors(factors, leg)
        for candidate in range(candidates.size):
            score = product(items[candidates[candidate]], vector)
            share[candidate, first + leg] = scale * (score - mean)
