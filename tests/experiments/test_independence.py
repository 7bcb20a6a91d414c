"""Chi-square tests against published figures."""

from __future__ import annotations

import pytest

from graphrec.errors import EmptyInputError, ParameterError
from graphrec.experiments.independence import chi_square, sample_ratio


def test_two_arms_with_and_without_yates() -> None:
    counts = [[1500, 8500], [1650, 8350]]
    plain, cautious = chi_square(counts), chi_square(counts, yates=True)
    assert (plain.statistic, plain.p_value) == pytest.approx((8.478169, 0.00359434), rel=1e-6)
    assert (cautious.statistic, cautious.p_value) == pytest.approx((8.365503, 0.00382411), rel=1e-6)


def test_three_arms() -> None:
    found = chi_square([[120, 880], [150, 850], [165, 835]])
    assert found == pytest.approx((8.469449, 0.0144838, 2), rel=1e-5)


def test_cookie_cats() -> None:
    """Users who came back after seven days, of two gates of a game (Kaggle's Cookie Cats)."""
    found = chi_square([[8502, 44_700 - 8502], [8279, 45_489 - 8279]])
    assert found.p_value == pytest.approx(0.00155, abs=5e-6)


def test_sample_ratio_mismatch() -> None:
    assert sample_ratio([600, 400], "ab").p_value == pytest.approx(2.5396e-10, rel=1e-4)
    kept = sample_ratio([821_588, 815_482], "ab")
    assert kept == pytest.approx((22.774, 1.82e-6, 1), rel=1e-3)
    assert sample_ratio([300, 700], "ab", [3, 7]).p_value == 1


@pytest.mark.parametrize("counts", [[[1, 2]], [[1], [2]], [[1, -1], [2, 2]], [[0, 0], [2, 2]]])
def test_what_cannot_be_tested_is_refused(counts: list[list[int]]) -> None:
    with pytest.raises(ParameterError):
        chi_square(counts)
    with pytest.raises(EmptyInputError, match="no user"):
        sample_ratio([0, 0], "ab")
