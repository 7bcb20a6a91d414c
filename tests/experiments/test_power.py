"""Power and duration: against a textbook, against simulation, and from past days."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.errors import ParameterError
from graphrec.experiments.differences import ratio_difference
from graphrec.experiments.moments import Moments
from graphrec.experiments.power import detectable, plan, power_of, users_needed


def test_the_textbooks_sixteen() -> None:
    """n = 16 s² / δ² (Lehr 1992), which is 15.7 and the rest rounding."""
    assert users_needed(0.5, 1.0) == 63
    assert users_needed(0.1, 4.0) == pytest.approx(15.7 * 4 / 0.01, rel=1e-3)
    assert users_needed(0.5, 1.0, power=0.9) == 85
    least = float(detectable(1.0, 63, 63))
    assert 0.498 < least <= 0.5
    assert power_of(least, 1.0, 63, 63) == pytest.approx(0.8, abs=1e-6)


def test_as_many_are_found_as_power_says() -> None:
    draw = np.random.default_rng(0)
    n = users_needed(0.3, 1.0)
    a, b = draw.normal(0, 1, (3000, n)), draw.normal(0.3, 1, (3000, n))
    found = ratio_difference(Moments.of(a), Moments.of(b))
    assert float((found.p_value < 0.05).mean()) == pytest.approx(0.8, abs=0.025)


def test_a_plan_follows_the_past() -> None:
    """40 users on each of four days, of one purchase each with a chance of one half."""
    days = Moments.of(np.tile([0.0, 1.0], (4, 20)))
    plans = plan(days)
    assert [(one.days, one.users, one.value) for one in plans] == [
        (day, 40 * day, 0.5) for day in (1, 2, 3, 4)
    ]
    variance = 0.25 * 160 / 159
    assert plans[3].detectable == pytest.approx(float(detectable(variance, 80, 80)) / 0.5)
    assert plan(days, arms=3)[3].detectable > plans[3].detectable


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="must not be 0"):
        users_needed(0.0, 1.0)
    with pytest.raises(ParameterError, match="power"):
        users_needed(1.0, 1.0, power=1.0)
    with pytest.raises(ParameterError, match="two arms"):
        plan(Moments.of(np.ones((1, 2))), arms=1)
