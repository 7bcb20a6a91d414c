"""Each measure by hand, and against SciPy's contingency tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from scipy.stats.contingency import association, relative_risk

from graphrec.cooccurrence.measures import MEASURES


def measured(together: int, item: int, neighbour: int, users: int) -> dict[str, float]:
    both, first, second = (np.array([float(n)]) for n in (together, item, neighbour))
    return {
        name: float(formula(both, first, second, users)[0]) for name, formula in MEASURES.items()
    }


def test_together_more_often_than_by_chance() -> None:
    """10 users; 4 have one item, 3 the other, 2 both: 1.2 would by chance."""
    assert measured(2, 4, 3, 10) == pytest.approx(
        {
            "support": 0.2,  # 2 / 10
            "confidence": 0.5,  # 2 / 4
            "lift": 1.6666667,  # 2 / 1.2
            "cosine": 0.5773503,  # 2 / √12
            "jaccard": 0.4,  # 2 / (4 + 3 - 2)
            "pmi": 0.5108256,  # ln 1.6666667
            "npmi": 0.3173938,  # 0.5108256 / ln 5
            # 2·(2·ln(2/1.2) + 2·ln(2/2.8) + 1·ln(1/1.8) + 5·ln(5/4.2))
            "llr": 1.2653744,
        },
        rel=1e-6,
    )


def test_together_less_often_than_by_chance() -> None:
    """10 users; 6 have one item, 5 the other, 1 both: 3 would by chance."""
    found = measured(1, 6, 5, 10)
    assert found["lift"] == pytest.approx(1 / 3)
    assert found["pmi"] == pytest.approx(-1.0986123)
    assert found["npmi"] == pytest.approx(-0.4771213)  # -1.0986123 / ln 10
    # 2·(1·ln(1/3) + 5·ln(5/3) + 4·ln(4/2) + 0), negated
    assert found["llr"] == pytest.approx(-8.4562, abs=1e-4)


def test_together_as_often_as_by_chance() -> None:
    found = measured(2, 4, 5, 10)
    assert found["lift"] == pytest.approx(1.0)
    assert [found[name] for name in ("pmi", "npmi", "llr")] == pytest.approx([0.0] * 3, abs=1e-12)


def test_always_together() -> None:
    found = measured(4, 4, 4, 4)
    assert {name for name in found if found[name] == 1.0} == {
        "support",
        "confidence",
        "lift",
        "cosine",
        "jaccard",
    }
    assert (found["pmi"], found["npmi"], found["llr"]) == (0.0, 0.0, 0.0)


def test_only_together_is_the_most_that_npmi_can_be() -> None:
    assert measured(3, 3, 3, 10)["npmi"] == pytest.approx(1.0)
    assert measured(1, 1, 1, 10)["npmi"] == pytest.approx(1.0)


@given(cells=st.tuples(*[st.integers(0, 50)] * 4))
@settings(max_examples=200)
def test_measures_of_a_contingency_table(cells: tuple[int, int, int, int]) -> None:
    both, first, second, neither = cells
    table = np.array([[both, first], [second, neither]])
    assume(both > 0 and table.sum(axis=0).all() and table.sum(axis=1).all())
    found = measured(both, both + first, both + second, sum(cells))
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert abs(found["llr"]) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    phi = association(table, "cramer")  # 0 where the two are independent
    assert (found["llr"] > 1e-9) == (found["lift"] > 1 and phi > 1e-9)
    risk = relative_risk(both, both + first, both + second, sum(cells)).relative_risk
    assert found["lift"] == pytest.approx(risk)
    assert found["pmi"] == pytest.approx(np.log(risk), abs=1e-12)
    assert -1.0 - 1e-9 <= found["npmi"] <= 1.0 + 1e-9
