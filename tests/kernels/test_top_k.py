"""The best few are those that sorting everything would give."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.kernels.top_k import best, best_unordered

# Few distinct scores: ties are the rule, also at the limit.
FEW = st.sampled_from([-1.0, -0.0, 0.0, 0.5, 0.5, 2.0])
SCORES = st.lists(FEW | st.floats(width=32, allow_nan=False), max_size=30)


@given(scores=SCORES, count=st.integers(-1, 32), shuffling=st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_the_best_are_the_head_of_the_sorted_list(
    scores: list[float], count: int, shuffling: random.Random
) -> None:
    numbers = list(range(100, 100 + len(scores)))
    shuffling.shuffle(numbers)
    items, values = np.array(numbers, np.int32), np.array(scores, np.float32)
    given_items, given_values = items.copy(), values.copy()
    ranked = [item for _, item in sorted(zip(-values, items, strict=True))]
    assert list(items[best(items, values, count)]) == ranked[: max(count, 0)]
    unordered = best_unordered(items, values, count)
    assert list(unordered) == sorted(best(items, values, count))
    np.testing.assert_array_equal(items, given_items)
    np.testing.assert_array_equal(values, given_values)
