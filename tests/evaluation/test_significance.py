"""Paired comparisons against SciPy, and the bootstrap against its theory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple

import numpy as np
import pytest
from pyspark.sql import DataFrame
from scipy import stats

from graphrec.errors import ColumnError, EmptyInputError, InputError, ParameterError
from graphrec.evaluation.significance import compare, compare_with, holm

Table = Callable[..., DataFrame]


@pytest.fixture(scope="module")
def samples() -> tuple[list[float], list[float]]:
    draw = np.random.RandomState(3)
    a = draw.uniform(size=60)
    return a.tolist(), (a + draw.normal(0.04, 0.15, size=60)).tolist()


@pytest.fixture(scope="module")
def frames(table: Table, samples: tuple[list[float], list[float]]) -> tuple[DataFrame, DataFrame]:
    def frame(values: list[float]) -> DataFrame:
        rows = [(f"u{u}", 10, value) for u, value in enumerate(values)]
        return table("user k ndcg", *rows, *((f"u{u}", 20, 0.0) for u in range(60)))

    a, b = samples
    return frame(a), frame(b)


def test_the_t_test_is_scipys(
    frames: tuple[DataFrame, DataFrame], samples: tuple[list[float], list[float]]
) -> None:
    a, b = samples
    theirs = stats.ttest_rel(b, a)
    low, high = theirs.confidence_interval(0.9)
    compared = compare(*frames, "ndcg", k=10, confidence=0.9)
    assert (compared.metric, compared.k, compared.users) == ("ndcg", 10, 60)
    assert astuple(compared)[3:] == pytest.approx(
        (np.mean(a), np.mean(b), np.mean(b) - np.mean(a), low, high, theirs.pvalue)
    )


def test_the_bootstrap_is_near_the_t_test(frames: tuple[DataFrame, DataFrame]) -> None:
    by_t = compare(*frames, "ndcg", k=10)
    drawn = compare(*frames, "ndcg", k=10, method="bootstrap")
    width = by_t.ci_high - by_t.ci_low
    assert drawn.difference == pytest.approx(by_t.difference)
    assert drawn.ci_low == pytest.approx(by_t.ci_low, abs=0.15 * width)
    assert drawn.ci_high == pytest.approx(by_t.ci_high, abs=0.15 * width)
    assert drawn.p_value == pytest.approx(by_t.p_value, abs=0.05)


def test_the_bootstrap_depends_on_the_seed_and_not_on_the_layout(
    frames: tuple[DataFrame, DataFrame],
) -> None:
    a, b = frames
    drawn = compare(a, b, "ndcg", k=10, method="bootstrap", resamples=100, seed=1)
    laid_out = compare(
        a.repartition(3), b.orderBy("ndcg"), "ndcg", k=10, method="bootstrap", resamples=100, seed=1
    )
    other = compare(a, b, "ndcg", k=10, method="bootstrap", resamples=100, seed=2)
    assert (laid_out.ci_low, laid_out.ci_high) == pytest.approx((drawn.ci_low, drawn.ci_high))
    assert other.ci_low != drawn.ci_low


def test_a_model_is_no_better_than_itself(frames: tuple[DataFrame, DataFrame]) -> None:
    a, _ = frames
    for same in (
        compare(a, a, "ndcg", k=10),
        compare(a, a, "ndcg", k=10, method="bootstrap", resamples=100),
    ):
        assert (same.difference, same.ci_low, same.ci_high, same.p_value) == (0, 0, 0, 1)


def test_an_undefined_value_leaves_the_user_out(table: Table) -> None:
    a = table("user k diversity", (1, 5, 0.5), (2, 5, math.nan), (3, 5, 0.25), (4, 5, 0.25))
    b = table("user k diversity", (1, 5, 0.5), (2, 5, 0.5), (3, 5, None), (4, 5, 1.0))
    compared = compare(a, b, "diversity", k=5)
    assert (compared.users, compared.mean_a, compared.mean_b) == (2, 0.375, 0.75)


@pytest.mark.parametrize("base", [0.0371, 1e6])
def test_the_same_difference_for_everybody_has_no_error(table: Table, base: float) -> None:
    users = range(50)
    a = table("k user ndcg", *((10, u, u * base) for u in users))
    b = table("k user ndcg", *((10, u, u * base + 0.1) for u in users))
    compared = compare(a, b, "ndcg", k=10)
    assert compared.difference == pytest.approx(0.1)
    assert (compared.ci_low, compared.ci_high) == (compared.difference,) * 2
    assert compared.p_value == 0


def test_what_rounding_leaves_is_no_difference(table: Table) -> None:
    values = [(0.1 + 0.2 + u / 7, u / 7 + 0.3) for u in range(50)]
    assert any(one != other for one, other in values)
    a, b = (
        table("k user ndcg", *((10, u, pair[side]) for u, pair in enumerate(values)))
        for side in (0, 1)
    )
    for method in ("t", "bootstrap"):
        same = compare(a, b, "ndcg", k=10, method=method, resamples=100)  # type: ignore[arg-type]
        assert (same.difference, same.ci_low, same.ci_high, same.p_value) == (0, 0, 0, 1)


def test_all_models_and_groups_at_once_are_the_single_comparisons(table: Table) -> None:
    draw = np.random.RandomState(5)
    rows = [
        (model, f"u{user}", k, user % 2, float(draw.uniform()))
        for model in ("own", "one", "other")
        for user in range(30)
        for k in (5, 10)
    ]
    per_user = table("model user k odd ndcg", *rows)
    parts = {
        (model, odd): per_user.filter(f"model = '{model}' AND odd = {odd}")
        for model in ("own", "one", "other")
        for odd in (0, 1)
    }
    found = compare_with(per_user, "own", ["ndcg"], model="model", by=["odd"], confidence=0.9)
    assert list(found) == [("one", 0), ("one", 1), ("other", 0), ("other", 1)]
    for (model, odd), compared in found.items():
        singly = [
            compare(parts[model, odd], parts["own", odd], "ndcg", k=k, confidence=0.9)
            for k in (5, 10)
        ]
        assert [astuple(one) for one in compared] == [
            pytest.approx(astuple(one), nan_ok=False) for one in singly
        ]
    assert set(compare_with(per_user, "own", ["ndcg"], model="model")) == {("one",), ("other",)}


def test_holms_correction_worked_by_hand() -> None:
    # Sorted .005, .01, .03, .04 times 4, 3, 2, 1: .02, .03, .06, and .04, which was .06 before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7, 0.6]) == [1.0, 1.0]
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


def test_bad_input_is_refused(table: Table, frames: tuple[DataFrame, DataFrame]) -> None:
    a, b = frames
    with pytest.raises(InputError, match="found 1 users in only one"):
        compare(a.filter("user <> 'u7'"), b, "ndcg", k=10)
    with pytest.raises(InputError, match="one row per user and k; found 60 users with several"):
        compare(a, b.union(b), "ndcg", k=10)
    with pytest.raises(EmptyInputError, match="too few users"):
        compare(a, b, "ndcg", k=3)
    with pytest.raises(ColumnError, match="'recall'"):
        compare(a, b, "recall", k=10)
    with pytest.raises(ParameterError, match="method"):
        compare(a, b, "ndcg", k=10, method="wilcoxon")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="confidence"):
        compare(a, b, "ndcg", k=10, confidence=1)
    with pytest.raises(ParameterError, match="resamples"):
        compare(a, b, "ndcg", k=10, method="bootstrap", resamples=5)
