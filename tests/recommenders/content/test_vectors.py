"""The regression, against scikit-free normal equations with an explicit intercept."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrec.recommenders.content.vectors import regress


def test_the_regression_solves_the_weighted_normal_equations() -> None:
    rng = np.random.default_rng(0)
    features = rng.random((40, 6)) * (rng.random((40, 6)) < 0.5)
    vectors = rng.standard_normal((40, 3)).astype(np.float32)
    support = rng.integers(0, 50, 40)
    found = regress(sparse.csr_array(features), vectors, support, reg_param=2.5)
    design = np.column_stack((np.ones(40), features))
    penalty = np.diag([0.0, *[2.5] * 6])  # the intercept has none
    weighted = design * np.sqrt(support)[:, np.newaxis]
    expected = np.linalg.solve(design.T @ weighted + penalty, weighted.T @ vectors)
    assert found.intercept == pytest.approx(expected[0], abs=1e-8)
    assert found.coefficients == pytest.approx(expected[1:], abs=1e-8)
    new = rng.random((2, 6))
    assert found.predict(sparse.csr_array(new)) == pytest.approx(
        np.column_stack((np.ones(2), new)) @ expected, abs=1e-8
    )
