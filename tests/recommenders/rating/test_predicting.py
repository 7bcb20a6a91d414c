"""Predictions against the dense normal distribution of all ratings of a user."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.types import read_only
from graphrec.recommenders.rating.predicting import drift_of_rows, predict_rows

SIZE, ITEMS = 3, 7  # a bias and two dimensions
RANDOM = np.random.default_rng(4)
MEANS = RANDOM.normal(0, 0.5, (ITEMS, SIZE)).astype(np.float32)
PARTS = RANDOM.normal(0, 0.3, (ITEMS, 2)).astype(np.float32)
WEIGHTS = RANDOM.normal(0, 0.3, (4, SIZE))
PRECISION = np.array([[4.0, 0.5, 0.0], [0.5, 3.0, -0.4], [0.0, -0.4, 2.0]])
NOISE, VARIANCE, MEMORY = 0.4, 0.3, 600.0
ITEM = np.array([0, 2, 3, 5], np.int32)
TIME = np.array([0.0, 100.0, 150.0, 5000.0])
RATING = np.array([0.5, -1.0, 0.3, 1.2])


def predicted(
    wanted: list[tuple[int, float]], variance: float = VARIANCE, only_earlier: bool = False
) -> npt.NDArray[np.float64]:
    fixed = np.column_stack((MEANS, np.zeros((ITEMS, SIZE)))).astype(np.float32)
    items, times = zip(*wanted, strict=True)
    asked = csr(np.array([0, len(items)]), np.array(items, np.int32), np.array(times))
    found: npt.NDArray[np.float64] = predict_rows(
        history(),
        asked,
        read_only(fixed),
        read_only(PARTS),
        read_only(WEIGHTS),
        read_only(PRECISION),
        read_only(np.array([NOISE, variance, MEMORY])),
        only_earlier,
    )
    return found


def history() -> CSR:
    return csr(np.array([0, 4]), ITEM, np.column_stack((RATING, TIME)))


def expected(item: int, time: float, known: int, variance: float) -> tuple[float, float]:
    """Mean and variance by conditioning on the first `known` ratings."""
    every = np.append(ITEM[:known], item)
    times = np.append(TIME[:known], time)
    features = np.column_stack((np.ones(known + 1), MEANS[every, 1:]))
    of_user = np.concatenate(
        ([1.0, np.log1p(known)], PARTS[ITEM[:known]].sum(axis=0) / np.sqrt(max(known, 1)))
    )
    mean = MEANS[every, 0] + features @ (of_user @ WEIGHTS)
    drift = variance * np.exp(-np.abs(times[:, None] - times[None, :]) / MEMORY)
    total = features @ np.linalg.inv(PRECISION) @ features.T + drift + NOISE * np.eye(known + 1)
    gain = total[-1, :-1] @ np.linalg.inv(total[:-1, :-1])
    value = mean[-1] + gain @ (RATING[:known] - mean[:-1])
    return float(value), float(total[-1, -1] - gain @ total[:-1, -1])


@pytest.mark.parametrize("variance", [0.0, VARIANCE])
def test_means_and_variances_are_those_of_the_normal_distribution(variance: float) -> None:
    wanted = [(1, -50.0), (1, 120.0), (4, 160.0), (6, 9000.0)]
    found = predicted(wanted, variance)
    for row, (item, time) in zip(found, wanted, strict=True):
        np.testing.assert_allclose(row, expected(item, time, 4, variance), rtol=1e-5)


def test_later_ratings_are_left_out_on_demand() -> None:
    wanted = [(1, -50.0), (1, 120.0), (4, 160.0)]
    found = predicted(wanted, only_earlier=True)
    for row, (item, time), known in zip(found, wanted, (0, 2, 3), strict=True):
        np.testing.assert_allclose(row, expected(item, time, known, VARIANCE), rtol=1e-5)


def test_a_rating_of_unknown_time_is_as_at_any_of_the_users_ratings() -> None:
    [unknown] = predicted([(1, np.nan)])
    at_ratings = predicted([(1, time) for time in TIME])
    np.testing.assert_allclose(unknown[0], at_ratings[:, 0].mean(), rtol=1e-3)
    assert unknown[1] > at_ratings[:, 1].max()


def test_the_drift_at_the_ratings_is_its_conditional_mean() -> None:
    bias, precision = np.float32([0.1] * ITEMS), 5.0
    covariance = VARIANCE * np.exp(-np.abs(TIME[:, None] - TIME[None, :]) / MEMORY)
    total = covariance + 1.0 / precision + NOISE * np.eye(4)
    settings = read_only(np.array([NOISE, VARIANCE, MEMORY]))
    found = drift_of_rows(history(), read_only(bias), settings, precision)
    np.testing.assert_allclose(found, covariance @ np.linalg.solve(total, RATING - 0.1), rtol=1e-3)
