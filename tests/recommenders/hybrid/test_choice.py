from __future__ import annotations

import numpy as np
import pytest

import graphrec as gr
from graphrec.recommenders.hybrid.choice import Choice
from graphrec.recommenders.hybrid.learned_weights import LearnedWeights


@pytest.mark.parametrize(("ndcg", "below"), [([0.2, 0.3], True), ([0.3, 0.3], False), ([], False)])
def test_self_training_must_not_be_worse_than_a_leg_without_it(
    ndcg: list[float], below: bool
) -> None:
    """A mean of 0.25 is no loss beyond chance to one of 0.3, but one leg alone has 0.28."""
    before, after = (
        Choice(
            gr.HybridRecommender(), [], LearnedWeights({}, np.array(figures), np.zeros(0), best_leg)
        )
        for figures, best_leg in (([0.1, 0.5], 0.28), (ndcg, 0.0))
    )
    assert after.is_below_a_leg_of(before) is below
    if ndcg:
        assert not before.beats(after)
