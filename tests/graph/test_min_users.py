"""Which items have enough users to be shown."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.graph.importance import gain
from graphrec.graph.min_users import default_min_users


@pytest.mark.parametrize(
    ("support", "least"),
    [
        ([7], 7),
        ([5, 5, 5], 5),
        ([50, 30, 10, 5, 5], 50),  # half of 100
        ([40, 30, 10, 10, 5, 5], 30),
        ([1] * 60 + [20] * 4, 20),  # a mean of hardly 2
    ],
)
def test_half_of_the_interactions_are_with_items_of_that_many_users(
    support: list[int], least: int
) -> None:
    assert default_min_users(np.array(support)) == least


def test_an_item_gains_against_those_that_are_as_popular() -> None:
    lift = np.linspace(0.6, 3.0, 301)  # rare items have much for nothing
    lift[40] *= 1.2
    found = gain(lift)
    assert found.argmax() == 40
    assert found[40] == pytest.approx(1.2, abs=0.01)
    assert found[[0, 300]].tolist() == [1.0, 1.0]  # nothing is on their other side
    np.testing.assert_allclose(found[95:], 1.0, atol=1e-9)
