from __future__ import annotations

import numpy as np

from graphrec.recommenders.criteria.weights import shrunken_weights

OF_ALL = np.array([0.5, 0.5])


def test_weights_are_the_planted_ones_of_who_rates_much_and_nearly_those_of_all_of_others() -> None:
    random = np.random.default_rng(0)
    indptr = np.array([0, 400, 401, 401])
    criteria = random.normal(size=(401, 2))
    planted = np.array([0.9, 0.1])
    overall = criteria @ planted + random.normal(0, 0.1, 401)
    much, little, nothing = shrunken_weights(indptr, overall, criteria, OF_ALL, 20.0)
    np.testing.assert_allclose(much, planted, atol=0.04)
    assert 0.0 < np.abs(little - OF_ALL).max() < 0.1
    np.testing.assert_array_equal(nothing, OF_ALL)


def test_weights_solve_the_ridge_regression_from_the_weights_of_all() -> None:
    random = np.random.default_rng(1)
    criteria, overall = random.normal(size=(6, 2)), random.normal(size=6)
    [found] = shrunken_weights(np.array([0, 6]), overall, criteria, OF_ALL, 3.0)
    # with the weights of all as ratings of their own: 3 = (√3)²
    x = np.vstack((criteria, np.sqrt(3) * np.eye(2)))
    y = np.append(overall, np.sqrt(3) * OF_ALL)
    np.testing.assert_allclose(found, np.linalg.lstsq(x, y, rcond=None)[0])
