"""A few items that are drawn stand for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrec.recommenders.embedding.negative_sampling import Negatives

COLUMN = np.repeat(np.arange(50), np.arange(50) ** 2).astype(np.int32)  # 0, 1, 4 ... users


@given(
    seed=st.integers(0, 1000),
    items=st.integers(0, 60),
    count=st.integers(1, 70),
)
def test_items_are_different_and_no_more_than_wanted(seed: int, items: int, count: int) -> None:
    column = COLUMN[items > COLUMN]
    item, share = Negatives.of(column, items, count).draw(np.random.default_rng(seed))
    assert np.unique(item).size == item.size == share.size <= min(count, items)
    assert np.all((item >= 0) & (item < items))
    assert np.all(share > 0)
    if items <= count:
        assert np.array_equal(item, np.arange(items))
        assert np.all(share == 1.0)


@pytest.mark.parametrize("count", [3, 20, 49])
def test_a_sum_over_the_drawn_is_right_in_the_mean(count: int) -> None:
    rng = np.random.default_rng(0)
    value = rng.random(50) + np.arange(50) / 10.0
    negatives = Negatives.of(COLUMN, 50, count)
    sums = np.array(
        [share @ value[item] for item, share in (negatives.draw(rng) for _ in range(4000))]
    )
    error = sums.std() / np.sqrt(sums.size)
    assert abs(sums.mean() - value.sum()) < 4.0 * error
    # Strata: sums of what is expected vary less than those of independent draws do.
    independent = [
        (value / negatives.expected)[rng.choice(50, count, p=negatives.expected / count)].sum()
        for _ in range(4000)
    ]
    assert sums.std() < np.std(independent)


def test_items_of_many_are_drawn_more_often_and_all_can_be() -> None:
    rng = np.random.default_rng(1)
    negatives = Negatives.of(COLUMN, 50, 10)
    drawn = np.bincount(np.concatenate([negatives.draw(rng)[0] for _ in range(3000)]), minlength=50)
    assert drawn.min() > 0  # the first item is in no history
    expected = ((np.arange(50) ** 2 + 1.0) / (49.0**2 + 1.0)) ** 0.25
    np.testing.assert_allclose(drawn / drawn[49], expected, atol=0.1)
