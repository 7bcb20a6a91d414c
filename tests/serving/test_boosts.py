"""Boosts and demotions change scores as stated, whatever retrieves the candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graphrec.serving.boosts import boost_shares
from graphrec.serving.kernel import rank_popular
from tests.serving.reference import Case, assert_best, filled, random_case


def boosted_case(seed: int, legs: int) -> Case:
    rng = np.random.default_rng(seed)
    case = random_case(seed, legs=legs, rank=3)
    demotion = np.where(rng.random(case.has.shape) < 0.3, 0.25, 0.0)
    return replace(case, boost=rng.choice([0.5, 1.0, 3.0], 12), demotion=demotion)


def test_a_score_is_multiplied_above_0_and_divided_below() -> None:
    share = np.array([[1.0, 2.0], [1.0, -3.0], [5.0, -1.0]], np.float32)
    boost_shares(share, np.array([2, 1, 0], np.int32), np.array([1.0, 2.0, 4.0], np.float32))
    assert share.tolist() == [[4.0, 8.0], [0.5, -1.5], [5.0, -1.0]]


@pytest.mark.parametrize("legs", [0, 2])
@pytest.mark.parametrize("seed", range(8))
def test_lists_are_the_best_by_the_boosted_scores(seed: int, legs: int) -> None:
    case = boosted_case(seed, legs)
    lists = case.ranked()
    for user in np.flatnonzero(~case.cold):
        listed = filled(lists.item[user])
        found = lists.score[user, : listed.size]
        assert_best(listed, found, case.blended[user], case.open[user], 5)
        np.testing.assert_allclose(lists.share[user, : listed.size].sum(axis=1), found, atol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_popular_is_boosted_too(seed: int) -> None:
    case = boosted_case(seed, 1)
    scores = case.popularity * case.boost * case.demotions
    for number, lists in ((0, case.ranked()), (3, rank_popular(case.histories, case.settings))):
        listed = filled(lists.item[number])
        found = lists.score[number, : listed.size]
        assert_best(listed, found, scores[number], case.open[number], 5)


def test_a_boosted_item_is_among_the_candidates() -> None:
    """It would be too far down for the only candidate that is retrieved."""
    case = random_case(1, users=1, legs=1, rank=0, standardise=False, length=1)
    case = replace(
        case,
        has=np.eye(1, 12, 0, dtype=bool),
        weight=np.eye(1, 12, 0),
        hidden=np.eye(1, 12, 0, dtype=bool),
        legs=np.tile(np.arange(12.0, 0.0, -1.0), (1, 12, 1)),
        divide_by_strength=np.zeros(1, bool),
        excluded=np.zeros(12, bool),
    ).asking(candidates=1)
    assert case.ranked().item[0].tolist() == [1]
    boost = np.ones(12)
    boost[8] = 4.0
    assert replace(case, boost=boost).ranked().item[0].tolist() == [8]
