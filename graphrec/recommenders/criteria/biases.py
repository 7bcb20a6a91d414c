"""Biases of users and items in the overall rating and in all criteria at once.

The ratings of one row, in deviations from their means, are a vector

    r = b_i + c_u + noise,    b_i ~ N(μ, S_i),    c_u ~ N(0, S_u),    noise ~ N(0, S_e)

with full covariances: an item that is above the mean in its story is so in its acting, too. So a
criterion is one more, partly independent measurement of what the overall rating measures. Any of
the ratings may be missing in a row. The posteriors are those of variational Bayes, the covariances
the most likely ones (EM), as in `graphrec.recommenders.rating.learning`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrec.kernels.csr import CSR, row_indices
from graphrec.kernels.types import Array, Matrix, Vector
from graphrec.spark.threads import one_thread

_FIRST_SHARES = (0.2, 0.3, 0.5)  # of the variance: the items', the users' and the noise's
_LEAST_VARIANCE = 1e-4  # that is added to covariances: they can be inverted


class Posteriors(NamedTuple):
    """The biases of some users or items, in c ratings."""

    mean: Matrix  # (rows, c)
    covariance: Array  # (rows, c, c)


class Biases(NamedTuple):
    """What is learned of the items, and of all users together."""

    item_mean: Matrix  # (items, c)
    item_covariance: Array  # (items, c, c)
    mean: Vector  # (c,), μ
    of_items: Matrix  # (c, c), S_i
    of_users: Matrix  # (c, c), S_u
    noise: Matrix  # (c, c), S_e


class Evidence(NamedTuple):
    """What the ratings of some users say, the items being as they are known."""

    precision: Array  # (ratings, c, c), P: the noise's inverse among the ratings that are there
    weighted: Matrix  # (ratings, c), P·(r - c_u), for the items
    users: Array  # (users, c, c), second moments of the users' biases
    noise: Array  # (ratings, c, c), P·E[ee']·P - P: 0 in the mean where the noise is right


class Sums(NamedTuple):
    """The evidence of all users, and the number of users and ratings."""

    precision: Array  # (items, c, c)
    weighted: Matrix  # (items, c)
    users: Matrix  # (c, c)
    noise: Matrix  # (c, c)
    counts: tuple[int, int]


def first_biases(items: int, ratings: int) -> Biases:
    """Of some items in so many ratings: means of 0, and covariances without any correlation."""
    of_items, of_users, noise = (share * np.eye(ratings) for share in _FIRST_SHARES)
    unknown = Posteriors(np.zeros((items, ratings)), np.tile(of_items, (items, 1, 1)))
    return Biases(*unknown, np.zeros(ratings), of_items, of_users, noise)


def evidence_of(rated: CSR, known: Biases) -> Evidence:
    """What some users' ratings say.

    Args:
        rated: (users, items), every user having some; data (ratings, c), NaN where one is missing.
        known: of the items and of all users.
    """
    user, item = row_indices(rated.indptr), rated.indices
    with one_thread():
        precision = _precisions(~np.isnan(rated.data), known.noise)
        users = _user_biases(rated, precision, known)
        left = np.nan_to_num(rated.data - users.mean[user])
        error = np.nan_to_num(rated.data - users.mean[user] - known.item_mean[item])
        moment = _outer(error) + users.covariance[user] + known.item_covariance[item]
        return Evidence(
            precision,
            _times(precision, left),
            _outer(users.mean) + users.covariance,
            precision @ moment @ precision - precision,
        )


def _user_biases(rated: CSR, precision: Array, known: Biases) -> Posteriors:
    """The biases of some users, from their own ratings."""
    first = rated.indptr[:-1]
    left = np.nan_to_num(rated.data - known.item_mean[rated.indices])
    return _posteriors(
        np.add.reduceat(precision, first),
        np.add.reduceat(_times(precision, left), first),
        known.of_users,
        np.zeros(rated.data.shape[1]),
    )


def learned_biases(before: Biases, sums: Sums) -> Biases:
    """What is known of the items and of all users after the evidence of all."""
    users, ratings = sums.counts
    with one_thread():
        items = _posteriors(sums.precision, sums.weighted, before.of_items, before.mean)
        mean = items.mean.mean(axis=0)
        of_items = (_outer(items.mean - mean) + items.covariance).mean(axis=0)
        noise = before.noise + before.noise @ (sums.noise / ratings) @ before.noise
    return Biases(*items, mean, _proper(of_items), _proper(sums.users / users), _proper(noise))


def _precisions(there: Array, noise: Matrix) -> Array:
    """P of each rating, (ratings, c, c); 0 in the rows and columns of what is missing."""
    patterns, pattern = np.unique(there, axis=0, return_inverse=True)
    inverses = np.zeros((patterns.shape[0], *noise.shape))
    for number, given in enumerate(patterns):
        own = np.ix_(given, given)
        inverses[number][own] = np.linalg.inv(noise[own])
    return np.asarray(inverses[pattern.reshape(-1)])


def _posteriors(precision: Array, weighted: Matrix, prior: Matrix, mean: Vector) -> Posteriors:
    """By the summed evidence of each row, the prior being N(mean, prior)."""
    before = np.linalg.inv(prior)
    covariance = np.linalg.inv(precision + before)
    return Posteriors(_times(covariance, weighted + before @ mean), covariance)


def _times(matrices: Array, vectors: Matrix) -> Matrix:
    """Each row's matrix by its vector."""
    return np.asarray(np.einsum("nij,nj->ni", matrices, vectors))


def _outer(vectors: Matrix) -> Array:
    return np.asarray(vectors[:, :, np.newaxis] * vectors[:, np.newaxis, :])


def _proper(covariance: Matrix) -> Matrix:
    """Symmetric, and of full rank."""
    return (covariance + covariance.T) / 2 + _LEAST_VARIANCE * np.eye(covariance.shape[0])
