"""Power laws against data drawn from them, and against the likelihood written out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import geom, zipf

from graphrec.graph.power_law import PowerLaw, fit_power_law

Numbers = npt.NDArray[np.int64]


def fitted(data: Numbers) -> PowerLaw:
    law = fit_power_law(*np.unique(data, return_counts=True))
    assert law is not None
    return law


@pytest.mark.parametrize("alpha", [1.8, 2.5, 3.5])
def test_the_exponent_of_drawn_numbers_is_found(alpha: float) -> None:
    data = zipf.rvs(alpha, size=20_000, random_state=1)
    law = fitted(data)
    assert law.alpha == pytest.approx(alpha, abs=4 * law.standard_error)
    assert law.standard_error < 0.1
    assert law.ks < 0.05
    assert law.ratio > 0
    assert law.exponential_p < 0.01


def test_the_tail_begins_where_the_law_does() -> None:
    """Uniform up to 20 and a power law from there, glued together."""
    random = np.random.RandomState(3)
    tail = np.floor(19.5 * (1 - random.random_sample(5000)) ** (-1 / 1.5) + 0.5).astype(np.int64)
    data = np.concatenate((random.randint(1, 20, 5000), tail))
    law = fitted(data)
    assert 15 <= law.x_min <= 60
    assert law.alpha == pytest.approx(2.5, abs=0.2)
    assert law.tail == (data >= law.x_min).sum()


def test_the_likelihood_is_the_greatest_there_is() -> None:
    data = zipf.rvs(2.2, size=3000, random_state=7)
    law = fitted(data)
    assert law.x_min == 1  # or the next line is another likelihood
    here, below, above = (
        zipf.logpmf(data, law.alpha + step).sum() for step in (0.0, -0.003, 0.003)
    )
    assert here > max(below, above)


def test_an_exponential_tail_is_distinguished_from_a_power_law() -> None:
    assert fitted(geom.rvs(0.05, size=20_000, random_state=2)).ratio < 0


def test_too_few_values_have_no_tail() -> None:
    few = np.array([1, 2, 3])
    assert fit_power_law(few, np.array([3, 3, 3])) is None
    assert fit_power_law(np.array([4]), np.array([1000])) is None
    assert fit_power_law(few, np.array([4, 3, 3])) is not None
