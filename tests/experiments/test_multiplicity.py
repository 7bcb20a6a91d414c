"""Corrections do something: to p values, to intervals, and both in the same way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from graphrec.errors import ParameterError
from graphrec.experiments.multiplicity import (
    CORRECTIONS,
    Correction,
    benjamini_hochberg,
    corrected,
)

Z = np.array([2.3, 2.6, 3.4, 0.3, -2.2])


def test_benjamini_hochberg_is_scipys() -> None:
    p = np.random.default_rng(0).uniform(size=50) ** 3
    assert benjamini_hochberg(list(p)) == pytest.approx(list(stats.false_discovery_control(p)))


@pytest.mark.parametrize("method", CORRECTIONS)
def test_an_interval_leaves_0_out_where_the_test_does(method: Correction) -> None:
    draw = np.random.default_rng(1)
    for _ in range(200):
        d = draw.normal(0, 2.2, 6)
        found = corrected(d, np.ones(6), method=method)
        out = (found.low >= 0) | (found.high <= 0)
        assert list(found.p_value < 0.05) == list(out)


def test_each_correction_widens_and_they_differ() -> None:
    found = {method: corrected(Z, np.ones(5), method=method) for method in CORRECTIONS}
    real = {method: int((one.p_value < 0.05).sum()) for method, one in found.items()}
    assert real == {"none": 4, "benjamini-hochberg": 4, "holm": 2, "bonferroni": 2}
    widths = {method: float(one.high[3] - one.low[3]) for method, one in found.items()}
    assert widths["none"] < widths["benjamini-hochberg"] < widths["holm"] == widths["bonferroni"]


def test_holms_intervals_hold_all_truths_together() -> None:
    draw = np.random.default_rng(2)
    truth = np.array([0, 0, 0, 2.5, 3, -3])
    missed = 0
    for _ in range(2000):
        found = corrected(truth + draw.normal(size=6), np.ones(6), method="holm")
        missed += bool(((found.low > truth) | (found.high < truth)).any())
    assert missed / 2000 <= 0.06


def test_what_could_not_be_measured_is_no_comparison() -> None:
    with_gap = corrected([2.3, np.nan, 2.6], [1, 1, 1])
    assert np.isnan(with_gap.p_value[1])
    without = corrected([2.3, 2.6], [1, 1])
    assert list(with_gap.p_value[[0, 2]]) == list(without.p_value)


def test_an_unknown_correction_is_refused() -> None:
    with pytest.raises(ParameterError, match="found 'tukey'; choose of holm"):
        corrected([1.0], [1.0], method="tukey")  # type: ignore[arg-type]
