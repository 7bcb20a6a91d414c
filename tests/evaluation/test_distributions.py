"""The rate of false alarms is the stated one at any size, and a planted change is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from graphrec.evaluation.distributions import Sample, design_effect, shift

SHARES = np.array([0.1] * 10)
TRIALS = 2000


@pytest.mark.parametrize("rows", [1000, 1_000_000])
def test_equal_samples_alarm_at_the_stated_rate(rows: int) -> None:
    random = np.random.default_rng(rows)
    drawn = random.multinomial(rows, SHARES, size=(TRIALS, 2))
    found = [shift(Sample(old), Sample(new)) for old, new in drawn]
    rate = np.mean([one.p_value < 0.05 for one in found])
    assert abs(rate - 0.05) < 4 * np.sqrt(0.05 * 0.95 / TRIALS)
    mean = np.mean([one.psi for one in found])
    assert mean == pytest.approx(found[0].expected, rel=0.1)
    assert found[0].expected == pytest.approx(9 * 2 / rows)


def test_rows_that_come_by_user_alarm_no_more_often() -> None:
    """A user has 20 rows of nearly the same kind: taken as independent, half the trials alarm."""
    random = np.random.default_rng(1)

    def sample() -> Sample:
        tastes = random.dirichlet(SHARES * 2, size=100)
        rows = np.array([random.multinomial(20, taste) for taste in tastes], float)
        sizes = rows.sum(axis=1)
        effect = design_effect(
            rows.sum(axis=0), (rows**2).sum(axis=0), sizes @ rows, float((sizes**2).sum())
        )
        return Sample(rows.sum(axis=0), effect)

    pairs = [(sample(), sample()) for _ in range(400)]
    rate = np.mean([shift(*pair).p_value < 0.05 for pair in pairs])
    naive = np.mean([shift(Sample(a.counts), Sample(b.counts)).p_value < 0.05 for a, b in pairs])
    assert rate < 0.1
    assert naive > 0.5


@pytest.mark.parametrize("rows", [1000, 1_000_000])
def test_a_planted_change_is_found(rows: int) -> None:
    random = np.random.default_rng(2)
    moved = SHARES.copy()
    moved[:2] = (0.02, 0.18)
    old, new = (Sample(random.multinomial(rows, p)) for p in (SHARES, moved))
    found = shift(old, new)
    assert found.p_value < 1e-6
    assert found.psi - found.expected > 0.1
    p, q = (one.counts / rows for one in (old, new))
    assert found.divergence == pytest.approx(jensenshannon(p, q, base=2) ** 2)


def test_without_rows_nothing_has_changed() -> None:
    assert shift(Sample(np.zeros(3)), Sample(np.ones(3))).p_value == 1.0
    assert design_effect([5.0], [25.0], [25.0], 25.0) == 1.0
