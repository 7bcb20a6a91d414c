"""One side of the rating model against its formulas."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.kernels.csr import csr
from graphrec.kernels.types import read_only
from graphrec.recommenders.rating.posterior import solve_rows

SIZE, COLUMNS, NOISE = 3, 6, 0.5


@pytest.mark.parametrize("of_others", ["variances", "covariances"])
def test_posteriors_and_expected_errors_are_those_of_bayesian_regression(of_others: str) -> None:
    """The expected error against chance: both sides are drawn from their distributions."""
    random = np.random.default_rng(1)
    means = random.normal(size=(COLUMNS, SIZE))
    roots = random.normal(size=(COLUMNS, SIZE, SIZE)) / 2
    covariances = roots @ roots.transpose(0, 2, 1)
    lower = np.tril_indices(SIZE, -1)
    if of_others == "variances":
        covariances *= np.eye(SIZE)
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    beside = covariances[:, *lower] if of_others == "covariances" else np.empty((COLUMNS, 0))
    fixed = np.column_stack((means, variances, beside)).astype(np.float32)
    side = csr(np.array([0, 4, 4]), np.array([0, 2, 3, 5], np.int32), np.float32([1, -1, 0.5, 2]))
    prior, precision = random.normal(size=(2, SIZE)), np.diag([2.0, 3.0, 4.0])
    found = solve_rows(side, read_only(fixed), read_only(prior), read_only(precision), NOISE)

    rated = side.indices
    features = np.column_stack((np.ones(4), means[rated, 1:]))
    spread = covariances[rated].sum(axis=0)
    uncertain = np.zeros_like(spread)
    uncertain[1:, 1:] = spread[1:, 1:]
    covariance = np.linalg.inv(precision + (features.T @ features + uncertain) / NOISE)
    evidence = features.T @ (side.data - means[rated, 0]) - [0.0, *spread[0, 1:]]
    mean = covariance @ (precision @ prior[0] + evidence / NOISE)
    own = [*mean, *np.diag(covariance), *covariance[lower]]
    np.testing.assert_allclose(found[0, :-1], own, rtol=1e-4, atol=1e-6)
    draws, total = 200_000, 0.0
    x = random.multivariate_normal(mean, covariance, draws)
    for column, rating in zip(rated, side.data, strict=True):
        y = random.multivariate_normal(means[column], covariances[column], draws)
        error = rating - y[:, 0] - x[:, 0] - (x[:, 1:] * y[:, 1:]).sum(axis=1)
        total += (error**2).mean()
    np.testing.assert_allclose(found[0, -1], total, rtol=0.02)
    without = [*prior[1], 1 / 2, 1 / 3, 1 / 4, 0, 0, 0, 0]
    np.testing.assert_allclose(found[1], without, rtol=1e-5, atol=1e-6)
