"""The posterior of the factors of one side, the other side's factors held fixed.

A rating of user u and item i at time t, in units of the ratings' deviation, is

    r = b_i + c_u + q_i·p_u + o_u(t) + noise of variance σ²

x_u = (c_u, p_u) and y_i = (b_i, q_i) have normal priors (`graphrec.recommenders.rating.prior`), and
o_u is the drift of `graphrec.recommenders.rating.drift`. For one row it is a Bayesian ridge
regression: with features φ = (1, q_i) of what the user rated, of variances V, the posterior of x_u
has the precision Λ + Σ (φφᵀ + V) / σ² (variational Bayes: Lim and Teh, "Variational Bayesian
approach to movie rating prediction", 2007). Of a posterior the means and the variances are kept,
not the covariances, so a row is 2·(rank + 1) numbers.
"""

import numpy as np

from graphrec.kernels.csr import CSR
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector


@compiled
def solve_rows(side: CSR, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
    """The posteriors of some rows of one side; drift has been taken off the ratings.

    Args:
        side: (rows, columns), the ratings.
        fixed: (columns, 2d), the other side: means of bias and factor, then their variances.
        prior: (rows, d), the means before any rating.
        precision: (d, d), Λ.
        noise: σ².

    Returns:
        (rows, 2d + 1): means, variances, and the expected sum of the squared errors.
    """
    rows, size = prior.shape
    solved = np.empty((rows, 2 * size + 1), np.float32)
    for row in range(rows):
        first, last = side.indptr[row], side.indptr[row + 1]
        columns = side.indices[first:last]
        features, target = features_of(columns, fixed, size), side.data[first:last]
        target = target - offsets_of(columns, fixed)
        mean, covariance = posterior(
            features,
            features,
            target,
            spread_of(columns, fixed, size),
            prior[row],
            precision,
            noise,
        )
        solved[row, :size] = mean
        for d in range(size):
            solved[row, size + d] = covariance[d, d]
        solved[row, 2 * size] = _squared_error(
            columns, features, target, fixed, mean, solved[row, size : 2 * size]
        )
    return solved


@compiled
def posterior(
    features: Matrix,
    distinct: Matrix,
    target: Vector,
    spread: Vector,
    prior: Vector,
    precision: Matrix,
    noise: float,
) -> tuple[Vector, Matrix]:
    """The mean, (d,), and the covariance, (d, d), of one row.

    Args:
        features: (n, d), φ.
        distinct: (n, d), φ without what the drift explains of it; φ itself where there is none.
        target: (n,), what the row is to explain, likewise.
        spread: (d,), Σ V.
        prior: (d,), the mean before.
        precision: (d, d), Λ.
        noise: σ².
    """
    size = prior.size
    system, right = precision.copy(), np.zeros(size)
    for d in range(size):
        system[d, d] += spread[d] / noise
        for other in range(size):
            right[d] += precision[d, other] * prior[other]
    for entry in range(target.size):
        for d in range(size):
            scaled = features[entry, d] / noise
            right[d] += scaled * target[entry]
            for other in range(size):
                system[d, other] += scaled * distinct[entry, other]
    covariance = np.linalg.inv(system)
    return np.dot(covariance, right), covariance


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
def spread_of(columns: Indices, fixed: Matrix, size: int) -> Vector:
    """Σ V: the summed variances of the other side's factors, (d,); 0 for the own bias."""
    spread = np.zeros(size)
    for entry in range(columns.size):
        for d in range(1, size):
            spread[d] += fixed[columns[entry], size + d]
    return spread


@compiled
def _squared_error(
    columns: Indices,
    features: Matrix,
    target: Vector,
    fixed: Matrix,
    mean: Vector,
    variance: Vector,
) -> float:
    """The expected sum of the squared errors of one row, both sides being uncertain."""
    size, total = mean.size, 0.0
    for entry in range(columns.size):
        other = fixed[columns[entry]]
        error, unsure = target[entry], float(other[size])
        for d in range(size):
            error -= features[entry, d] * mean[d]
            unsure += features[entry, d] * features[entry, d] * variance[d]
            if d > 0:
                unsure += other[size + d] * (mean[d] * mean[d] + variance[d])
        total += error * error + unsure
    return total
