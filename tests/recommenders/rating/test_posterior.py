"""One side of the rating model against its formulas."""

from __future__ import annotations

import numpy as np

from graphrec.kernels.csr import csr
from graphrec.kernels.types import read_only
from graphrec.recommenders.rating.posterior import solve_rows


def test_posteriors_and_expected_errors_are_those_of_bayesian_regression() -> None:
    random = np.random.default_rng(1)
    size, noise = 3, 0.5
    fixed = np.abs(random.normal(size=(6, 2 * size))).astype(np.float32)
    side = csr(np.array([0, 4, 4]), np.array([0, 2, 3, 5], np.int32), np.float32([1, -1, 0.5, 2]))
    prior, precision = random.normal(size=(2, size)), np.diag([2.0, 3.0, 4.0])
    arguments = (read_only(fixed), read_only(prior), read_only(precision), noise)
    found = solve_rows(side, *arguments)
    features = np.column_stack((np.ones(4), fixed[side.indices, 1:size]))
    spread = np.diag([0.0, *fixed[side.indices, size + 1 :].sum(axis=0)])
    covariance = np.linalg.inv(precision + (features.T @ features + spread) / noise)
    target = side.data - fixed[side.indices, 0]
    mean = covariance @ (precision @ prior[0] + features.T @ target / noise)
    np.testing.assert_allclose(found[0, :size], mean, rtol=1e-4)
    np.testing.assert_allclose(found[0, size : 2 * size], np.diag(covariance), rtol=1e-4)
    # the expected error by chance: both sides are drawn from their distributions
    draws = 200_000
    x = random.normal(mean, np.sqrt(np.diag(covariance)), (draws, size))
    total = 0.0
    for column, rating in zip(side.indices, side.data, strict=True):
        y = random.normal(fixed[column, :size], np.sqrt(fixed[column, size:]), (draws, size))
        error = rating - y[:, 0] - x[:, 0] - (x[:, 1:] * y[:, 1:]).sum(axis=1)
        total += (error**2).mean()
    np.testing.assert_allclose(found[0, -1], total, rtol=0.02)
    np.testing.assert_allclose(found[1], [*prior[1], 1 / 2, 1 / 3, 1 / 4, 0], rtol=1e-5)
