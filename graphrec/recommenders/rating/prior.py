"""What is known of a user or an item before any rating: a normal prior, learned from all of them.

The mean of a row's bias and factor is a linear function of the row's features, which say how many
ratings there are and, of a user, which items were rated (`graphrec.recommenders.rating.features`).
That is SVD++ (Koren, "Factorization meets the neighborhood", 2008) as empirical Bayes: what was
rated shifts where the factor is expected, and the ratings then move it from there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrec.kernels.types import Matrix
from graphrec.spark.threads import one_thread

_RIDGE = 5.0  # rows of weight 0 that a feature's weights start with; the constant has none
_LEAST_VARIANCE = 0.01  # of one row, that covariances start with


class Prior(NamedTuple):
    """The prior of all rows of one side; d = rank + 1, the bias first."""

    weights: Matrix  # (features, d): means are features · weights
    precision: Matrix  # (d, d), the inverse of the covariance


def first_prior(features: int, size: int, precision: float) -> Prior:
    """Means of 0, and one precision for everything."""
    return Prior(np.zeros((features, size)), np.eye(size) * precision)


def learned_prior(features: Matrix, mean: Matrix, variance: Matrix) -> Prior:
    """The prior that makes the posteriors of one side most likely (a step of EM).

    Args:
        features: (rows, features), the first one 1 everywhere.
        mean: (rows, d), of the posteriors.
        variance: (rows, d), of the posteriors.
    """
    ridge = np.full(features.shape[1], _RIDGE)
    ridge[0] = 1e-3
    with one_thread():
        features, mean = features.astype(np.float64), mean.astype(np.float64)
        weights = np.linalg.solve(features.T @ features + np.diag(ridge), features.T @ mean)
        left = mean - features @ weights
        spread = variance.sum(axis=0, dtype=np.float64) + _LEAST_VARIANCE
        covariance = (left.T @ left + np.diag(spread)) / (mean.shape[0] + 1)
        return Prior(weights, np.linalg.inv(covariance))
