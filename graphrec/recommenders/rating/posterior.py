"""The posterior of the factors of one side, the other side's factors held fixed.

A rating of user u and item i at time t, in units of the ratings' deviation, is

    r = b_i + c_u + q_i·p_u + o_u(t) + noise of variance σ²

x_u = (c_u, p_u) and y_i = (b_i, q_i) have normal priors (`graphrec.recommenders.rating.prior`), and
o_u is the drift of `graphrec.recommenders.rating.drift`. For one row it is a Bayesian ridge
regression: with features φ = (1, q_i) of what the user rated, of variances V, the posterior of x_u
has the precision Λ + Σ (φφᵀ + V) / σ² (variational Bayes: Lim and Teh, "Variational Bayesian
approach to movie rating prediction", 2007). The items see the covariances of the users who rated
them; of the items variances alone are kept, because more gains on some ratings and loses on others.

A posterior of d = rank + 1 numbers is a row of d means, d variances and, where they are kept, the
d·(d - 1)/2 covariances: each with those before it.
"""

import numpy as np

from graphrec.kernels.csr import CSR
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector


@compiled
def posterior_columns(size: int) -> int:
    """How many numbers a posterior of d means has, its covariances included."""
    return size + size * (size + 1) // 2


@compiled
def solve_rows(side: CSR, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
    """The posteriors of some rows of one side; drift has been taken off the ratings.

    Args:
        side: (rows, columns), the ratings.
        fixed: (columns, 2d or more), posteriors of the other side, with covariances or without.
        prior: (rows, d), the means before any rating.
        precision: (d, d), Λ.
        noise: σ².

    Returns:
        (rows, posterior_columns(d) + 1): posteriors with covariances, and the expected sum of the
        squared errors.
    """
    rows, size = prior.shape
    solved = np.empty((rows, posterior_columns(size) + 1), np.float32)
    for row in range(rows):
        first, last = side.indptr[row], side.indptr[row + 1]
        columns = side.indices[first:last]
        features = features_of(columns, fixed, size)
        target = side.data[first:last] - offsets_of(columns, fixed)
        spread = spread_of(columns, fixed, size)
        mean, covariance = posterior(
            features, features, target, spread, prior[row], precision, noise
        )
        solved[row, :size] = mean
        _pack(covariance, solved[row, size:-1])
        left = target - np.dot(features, mean)
        own = noise * (size - np.sum(covariance * precision))  # the row's: tr(C·Σ(φφᵀ + V))
        towards = mean.copy()
        towards[0] = 1.0
        solved[row, -1] = np.dot(left, left) + own + np.dot(towards, np.dot(spread, towards))
    return solved


@compiled
def _pack(covariance: Matrix, packed: Vector) -> None:
    """The variances, then each row's covariances with the ones before."""
    size = covariance.shape[0]
    at = size
    for d in range(size):
        packed[d] = covariance[d, d]
        for other in range(d):
            packed[at] = covariance[d, other]
            at += 1


@compiled
def posterior(
    features: Matrix,
    distinct: Matrix,
    target: Vector,
    spread: Matrix,
    prior: Vector,
    precision: Matrix,
    noise: float,
) -> tuple[Vector, Matrix]:
    """The mean, (d,), and the covariance, (d, d), of one row.

    Args:
        features: (n, d), φ.
        distinct: (n, d), φ without what the drift explains of it; φ itself where there is none.
        target: (n,), what the row is to explain, likewise.
        spread: (d, d), see `spread_of`.
        prior: (d,), the mean before.
        precision: (d, d), Λ.
        noise: σ².
    """
    size = prior.size
    system, right = spread.copy(), -spread[0]  # the other side's bias goes with its factor
    system[0, :], system[:, 0], right[0] = 0.0, 0.0, 0.0
    for entry in range(target.size):
        for d in range(size):
            feature = features[entry, d]
            right[d] += feature * target[entry]
            for other in range(d + 1):
                system[d, other] += feature * distinct[entry, other]
    for d in range(size):
        for other in range(d):
            system[other, d] = system[d, other]
    covariance = np.linalg.inv(precision + system / noise)
    return np.dot(covariance, np.dot(precision, prior) + right / noise), covariance


@compiled
def features_of(columns: Indices, fixed: Matrix, size: int) -> Matrix:
    """φ of some columns of the other side, (n, d): 1 for the own bias, then their factors."""
    features = np.ones((columns.size, size))
    for entry in range(columns.size):
        for d in range(1, size):
            features[entry, d] = fixed[columns[entry], d]
    return features


@compiled
def offsets_of(columns: Indices, fixed: Matrix) -> Vector:
    """The biases of some columns of the other side, (n,)."""
    offset = np.empty(columns.size)
    for entry in range(columns.size):
        offset[entry] = fixed[columns[entry], 0]
    return offset


@compiled
def spread_of(columns: Indices, fixed: Matrix, size: int) -> Matrix:
    """Σ V: the summed covariances of bias and factor of some columns of the other side, (d, d)."""
    kept = fixed.shape[1] - size
    total = np.zeros(kept)
    for column in columns:
        for number in range(kept):
            total[number] += fixed[column, size + number]
    spread = np.diag(total[:size])
    if kept > size:
        at = size
        for d in range(size):
            for other in range(d):
                spread[d, other] = spread[other, d] = total[at]
                at += 1
    return spread
