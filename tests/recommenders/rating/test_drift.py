"""The drift against the dense matrices that it avoids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphrec.recommenders.rating import drift

TIME = np.array([0.0, 5.0, 20.0, 21.0, 300.0])
VARIANCE, MEMORY, NOISE = 0.3, 60.0, 0.5


def covariance(
    one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Of the drift at two lists of times."""
    apart = np.abs(one[:, None] - other[None, :])
    return np.asarray(VARIANCE * np.exp(-apart / MEMORY))


def test_what_is_solved_in_one_pass_is_the_dense_inverse() -> None:
    dense = np.linalg.inv(np.linalg.inv(covariance(TIME, TIME)) + np.eye(5) / NOISE)
    lower, pivot = drift.factorise(TIME, VARIANCE, MEMORY, NOISE)
    right = np.random.default_rng(0).normal(size=(5, 2))
    solved = right.copy()
    drift.solve(lower, pivot, solved)
    np.testing.assert_allclose(solved, dense @ right, rtol=1e-9)
    found = drift.covariances(lower, pivot)
    np.testing.assert_allclose(found[:, 0], np.diag(dense), rtol=1e-9)
    np.testing.assert_allclose(found[1:, 1], np.diag(dense, 1), rtol=1e-9)


def test_the_values_beside_a_time_say_all_that_is_known_of_it() -> None:
    inverse = np.linalg.inv(covariance(TIME, TIME))
    for when, after in ((-30.0, 0), (10.0, 2), (250.0, 4), (400.0, 5)):
        towards = covariance(np.array([when]), TIME)[0]
        weights = np.zeros(5)
        found, old, new, rest = drift.between(TIME, when, MEMORY)
        assert found == after
        weights[max(after - 1, 0)] += old
        weights[min(after, 4)] += new
        np.testing.assert_allclose(weights, inverse @ towards, atol=1e-9)
        np.testing.assert_allclose(VARIANCE * rest, VARIANCE - towards @ inverse @ towards)


def test_ratings_of_one_time_are_taken_together() -> None:
    time = np.array([7.0, 7.0, 7.0])
    lower, pivot = drift.factorise(time, VARIANCE, MEMORY, NOISE)
    level = np.array([[1.0], [2.0], [0.0]]) / NOISE
    drift.solve(lower, pivot, level)
    np.testing.assert_allclose(level, 3.0 / (3.0 + NOISE / VARIANCE), rtol=1e-4)
