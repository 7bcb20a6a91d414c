"""Errors of predicted ratings, and their intervals by user."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.sql import DataFrame

from graphrec.errors import ColumnError
from graphrec.evaluation.rating_metrics import rating_errors

Table = Callable[..., DataFrame]


def figures(df: DataFrame) -> dict[str, tuple[Any, ...]]:
    """Metric -> (k, mean, ci_low, ci_high, users)."""
    return {row.metric: tuple(row)[1:] for row in df.collect()}


def test_errors_by_hand(table: Table) -> None:
    predictions = table(
        "user weight prediction",
        ("a", 4.0, 3.0),
        ("a", 2.0, 2.0),
        ("b", 1.0, 4.0),
        ("b", 3.0, None),
        ("c", 5.0, math.nan),
        ("c", None, 2.0),
    )
    measured = figures(rating_errors(predictions))
    assert measured["mae"][:2] == (None, pytest.approx(4 / 3))
    assert measured["rmse"][:2] == (None, pytest.approx(math.sqrt(10 / 3)))
    assert measured["rating_coverage"][:2] == (None, pytest.approx(3 / 5))
    assert [measured[name][-1] for name in ("mae", "rmse", "rating_coverage")] == [2, 2, 3]


@pytest.fixture(scope="module")
def noisy() -> list[tuple[int, float, float]]:
    draw = np.random.RandomState(2)
    return [
        (user, float(draw.randint(1, 6)), float(draw.normal(3 + user % 3, 1)))
        for user in range(40)
        for _ in range(draw.randint(1, 9))
    ]


def test_mllib_agrees(table: Table, noisy: list[tuple[int, float, float]]) -> None:
    predictions = table("user stars guess", *noisy)
    measured = figures(rating_errors(predictions, rating="stars", prediction="guess"))
    for metric in ("rmse", "mae"):
        theirs = RegressionEvaluator(predictionCol="guess", labelCol="stars", metricName=metric)
        assert measured[metric][1] == pytest.approx(theirs.evaluate(predictions))


def test_the_interval_is_that_of_a_ratio_over_users(
    table: Table, noisy: list[tuple[int, float, float]]
) -> None:
    users = sorted({user for user, _, _ in noisy})
    error = np.array([sum(abs(r - p) for u, r, p in noisy if u == user) for user in users])
    n = np.array([sum(u == user for u, _, _ in noisy) for user in users])
    mae = error.sum() / n.sum()
    deviation = math.sqrt(40 / 39 * ((error - mae * n) ** 2).sum()) / n.sum()
    measured = figures(rating_errors(table("user weight prediction", *noisy)))
    _, mean, low, high, count = measured["mae"]
    assert (mean, count) == (pytest.approx(mae), 40)
    assert (mean - low, high - mean) == pytest.approx((1.959964 * deviation,) * 2)
    _, rmse, low, high, _ = measured["rmse"]
    assert low < rmse < high
    assert (low**2 + high**2) / 2 == pytest.approx(rmse**2)


def test_one_user_has_no_interval(table: Table) -> None:
    measured = figures(rating_errors(table("user weight prediction", (1, 1.0, 2.0), (1, 3.0, 3.0))))
    assert measured["mae"] == (None, 0.5, None, None, 1)


def test_a_perfect_prediction_has_no_error(table: Table) -> None:
    rows = [(user, 3.3, 3.3) for user in range(3)]
    measured = figures(rating_errors(table("user weight prediction", *rows)))
    assert measured["rmse"] == (None, 0.0, 0.0, 0.0, 3)


def test_what_is_not_finite_is_no_rating_and_no_prediction(table: Table) -> None:
    rows = [(1, 2.0, 3.0), (1, math.nan, 2.0), (2, 4.0, math.inf), (2, 4.0, 4.0)]
    measured = figures(rating_errors(table("user weight prediction", *rows)))
    assert measured["mae"][1] == 1 / 2
    assert measured["rating_coverage"][1] == pytest.approx(2 / 3)


def test_a_missing_column_is_named(table: Table) -> None:
    with pytest.raises(ColumnError, match="'prediction'"):
        rating_errors(table("user weight", (1, 1.0)))
