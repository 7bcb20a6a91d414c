"""Ratios of sums over users: the delta method and CUPED against simulation and NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from graphrec.experiments.differences import ratio_difference
from graphrec.experiments.moments import Moments

Values = npt.NDArray[np.float64]
EXPERIMENTS, USERS = 2000, 400


def unequal_users(seed: int) -> tuple[Values, Values]:
    """(clicks, impressions) of users who differ in how much they see, and how they like it."""
    draw = np.random.default_rng(seed)
    shape = (EXPERIMENTS, USERS)
    seen = 1 + draw.negative_binomial(1, 0.1, size=shape)
    taste = draw.beta(1, 9, size=shape)
    return draw.binomial(seen, taste).astype(float), seen.astype(float)


def test_by_users_five_percent_are_false_and_by_impressions_many_more() -> None:
    (x_a, y_a), (x_b, y_b) = unequal_users(1), unequal_users(2)
    found = ratio_difference(Moments.of(x_a, y_a), Moments.of(x_b, y_b))
    by_users = float((found.p_value < 0.05).mean())
    a, b = x_a.sum(-1), x_b.sum(-1)
    n_a, n_b = y_a.sum(-1), y_b.sum(-1)
    pooled = (a + b) / (n_a + n_b)
    z = (b / n_b - a / n_a) / np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    by_impressions = float((2 * stats.norm.sf(np.abs(z)) < 0.05).mean())
    assert by_users == pytest.approx(0.05, abs=0.015)
    assert by_impressions > 0.15


def test_a_mean_per_user_is_welchs() -> None:
    draw = np.random.default_rng(3)
    a, b = draw.exponential(3, 500), draw.exponential(3.3, 700)
    found = ratio_difference(Moments.of(a), Moments.of(b))
    theirs = stats.ttest_ind(b, a, equal_var=False)
    assert float(found.difference) == pytest.approx(b.mean() - a.mean())
    assert float(found.variance) == pytest.approx(a.var(ddof=1) / 500 + b.var(ddof=1) / 700)
    assert float(found.p_value) == pytest.approx(float(theirs.pvalue), abs=2e-3)
    assert float(found.relative) == pytest.approx(b.mean() / a.mean() - 1)


def test_sums_of_parts_are_those_of_the_whole() -> None:
    draw = np.random.default_rng(4)
    x, y, z = (draw.poisson(3, 200) for _ in range(3))
    parts = Moments.of(x[:80], y[:80], z[:80]) + Moments.of(x[80:], y[80:], z[80:])
    whole = Moments.of(x, y, z)
    assert float(parts.user_variance) == pytest.approx(float(whole.user_variance))
    linear = (x - x.sum() / y.sum() * y) / y.mean()
    assert float(whole.user_variance) == pytest.approx(linear.var(ddof=1))
    assert float(whole.covariate_covariance) == pytest.approx(np.cov(linear, z)[0, 1])


def test_cuped_takes_off_what_was_known_before() -> None:
    draw = np.random.default_rng(5)
    before = draw.gamma(2, 2, (2, EXPERIMENTS, USERS))
    after = before + draw.normal(0, 1, before.shape)
    a, b = Moments.of(after[0], None, before[0]), Moments.of(after[1], None, before[1])
    plain, reduced = ratio_difference(a, b), ratio_difference(a, b, cuped=True)
    assert np.mean(reduced.variance / plain.variance) == pytest.approx(1 / 9, rel=0.05)
    assert float((reduced.p_value < 0.05).mean()) == pytest.approx(0.05, abs=0.015)
    assert float(reduced.difference.mean()) == pytest.approx(0, abs=0.01)
    assert reduced.difference.var() == pytest.approx(reduced.variance.mean(), rel=0.1)


def test_without_a_covariate_cuped_changes_nothing() -> None:
    a, b = Moments.of([1.0, 2, 4]), Moments.of([2.0, 2, 5])
    plain, reduced = ratio_difference(a, b), ratio_difference(a, b, cuped=True)
    assert float(reduced.low) == float(plain.low)


def test_the_interval_of_the_relative_difference_holds_it() -> None:
    draw = np.random.default_rng(6)
    a, b = draw.gamma(2, 2, (EXPERIMENTS, USERS)), draw.gamma(2, 2.2, (EXPERIMENTS, USERS))
    found = ratio_difference(Moments.of(a), Moments.of(b))
    holds = (found.relative_low < 0.1) & (found.relative_high > 0.1)
    assert float(holds.mean()) == pytest.approx(0.95, abs=0.015)


def test_nothing_to_divide_by_is_no_figure() -> None:
    found = ratio_difference(Moments.of([1.0, 2], [0.0, 0]), Moments.of([1.0, 2], [1.0, 1]))
    assert np.isnan(found.difference)
    assert np.isnan(found.p_value)
