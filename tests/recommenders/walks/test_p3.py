"""The walks' weights equal their matrix formulas."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.recommenders.walks.p3 import discounted, stay_probability, walk_weights
from tests.cooccurrence.brute_force import dense, pair_table, random_histories

HISTORIES = random_histories(2)
TABLE = pair_table(HISTORIES, (0.0, 0.5, 1.0))


@pytest.mark.parametrize(
    ("item", "user", "popularity"),
    [
        (1.0, 1.0, 0.0),  # P3
        (1.0, 1.0, 0.7),  # RP3beta
        (0.5, 0.0, 0.5),  # cosine
        (0.5, 1.0, 0.5),  # the linear graph filter
        (0.75, 0.5, 0.25),
    ],
)
def test_weights_equal_the_matrix_formula(item: float, user: float, popularity: float) -> None:
    """`D_i^-b · Rᵀ · D_u^-c · R · D_i^-d` outside its diagonal."""
    strength = HISTORIES.weight.sum(axis=0)
    strength = np.where(strength > 0, strength, 1.0)
    expected = np.diag(strength**-item) @ HISTORIES.gram(user) @ np.diag(strength**-popularity)
    np.fill_diagonal(expected, 0.0)
    rows = walk_weights(
        TABLE, item_exponent=item, user_exponent=user, popularity_exponent=popularity
    )
    np.testing.assert_allclose(dense(rows), expected, rtol=1e-5, atol=1e-9)


def test_a_step_of_the_walk_leads_somewhere_for_certain() -> None:
    certain = dense(walk_weights(TABLE)).sum(axis=1) + stay_probability(TABLE)
    has_weight = HISTORIES.weight.sum(axis=0) > 0
    np.testing.assert_allclose(certain[has_weight], 1.0, rtol=1e-6)
    np.testing.assert_array_equal(certain[~has_weight], 0.0)


def test_discounting_divides_by_the_listed_items_strength() -> None:
    rows = walk_weights(TABLE)
    strength = HISTORIES.weight.sum(axis=0)
    divisor = np.where(strength > 0, strength, 1.0) ** 0.4
    expected = dense(rows) * 3.0 / divisor
    np.testing.assert_allclose(dense(discounted(rows, strength, 0.4, 3.0)), expected, rtol=1e-5)
