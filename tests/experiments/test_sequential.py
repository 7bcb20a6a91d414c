"""Always-valid tests: published figures, and what they promise when one looks again and again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from graphrec.errors import ParameterError
from graphrec.experiments.sequential import half_width, mixture_scale, msprt


def test_pinned_figures() -> None:
    rho = mixture_scale(5000)
    assert rho == pytest.approx(0.0398401, abs=5e-8)
    assert float(half_width(5000, 1, rho=rho)) == pytest.approx(0.0429243, abs=5e-8)
    assert stats.norm.isf(0.025) / np.sqrt(5000) == pytest.approx(0.0277181, abs=5e-8)
    found = msprt([0.1], [2 / 1000], 0.01)
    assert float(found.likelihood_ratio[0]) == pytest.approx(3.278722, abs=5e-7)
    assert float(found.p_value[0]) == pytest.approx(0.304997, abs=5e-7)


def test_a_hundred_looks_at_equal_arms() -> None:
    draw = np.random.default_rng(0)
    looks, each = 100, 50
    n = each * np.arange(1, looks + 1)
    sums = draw.normal(0, np.sqrt(2 * each), (4000, looks)).cumsum(axis=1)
    d = sums / n  # of the means of two arms of n users each, with a variance of 1
    fixed = (np.abs(d) > 1.96 * np.sqrt(2 / n)).any(axis=1).mean()
    half = half_width(2 * n, 4, rho=mixture_scale(2 * n[-1]))
    sequence = (np.abs(d) > half).any(axis=1).mean()
    p = msprt(d, np.broadcast_to(2 / n, d.shape), 0.01).p_value
    assert fixed > 0.3
    assert sequence < 0.04
    assert (p[:, -1] < 0.05).mean() < 0.04
    assert (np.diff(p, axis=1) <= 0).all()


def test_a_real_difference_is_found() -> None:
    n = np.arange(100, 10_001, 100)
    assert half_width(2 * n, 4, rho=mixture_scale(20_000))[-1] < 0.1
    assert msprt(np.full(100, 0.1), 2 / n, 0.01).p_value[-1] < 1e-6


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="above 0"):
        mixture_scale(0)
    with pytest.raises(ParameterError, match="alpha"):
        half_width(1, 1, rho=1, alpha=1)
    with pytest.raises(ParameterError, match="tau2"):
        msprt([0.1], [0.1], 0)
