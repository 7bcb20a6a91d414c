"""Explored slots: what is drawn, how often, and what is logged of it."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.errors import ParameterError
from graphrec.experiments.bandits import EpsilonGreedy, ThompsonSampler, UpperConfidenceBound
from graphrec.experiments.exploration import Exploration, fill, policy_of

RANDOM = np.random.default_rng(5)


def test_without_a_chance_the_ranking_stays() -> None:
    filled = fill(RANDOM.random((3, 9, 4)), 0.1, np.zeros(3), RANDOM.random((3, 3)))
    assert (filled.position == [0, 1, 2]).all()
    assert (filled.propensity == 1).all()


def test_the_logged_propensity_is_how_often_an_item_is_there() -> None:
    """Of many lists of one user; the second slot given what stands in the first."""
    lists, chances = 40_000, np.array([0.5, 0.2])
    values = np.broadcast_to(RANDOM.random((1, 50, 4)), (lists, 50, 4))
    filled = fill(values, 0.2, chances, RANDOM.random((lists, 2)))
    for first in range(4):
        own = filled.position[:, 0] == first
        p = filled.propensity[own, 0]
        assert (p == p[0]).all()
        assert own.mean() == pytest.approx(p[0], abs=0.01)
        assert p[0] >= 0.5 * 0.2 / 4
        for second in {0, 1, 2, 3} - {first}:
            both = own & (filled.position[:, 1] == second)
            logged = filled.propensity[both, 1].mean()
            assert both.sum() / own.sum() == pytest.approx(logged, abs=0.025)
    assert (filled.position[:, 0] != filled.position[:, 1]).all()


def test_a_list_ends_where_its_candidates_do() -> None:
    there = np.array([[True, True, False], [False, False, False]])
    filled = fill(RANDOM.random((2, 5, 3)), 0.0, np.ones(3), RANDOM.random((2, 3)), there)
    assert sorted(filled.position[0]) == [-1, 0, 1]
    assert (filled.position[1] == -1).all()


def test_stated_slots_are_explored_alone() -> None:
    exploration = Exploration(share=1.0, slots=(2, 11))
    assert list(exploration.chances(4)) == [0, 1, 0, 0]
    assert list(exploration.chances(2, offset=10)) == [1, 0]
    assert list(Exploration(share=0.1).chances(2)) == [0.1, 0.1]


def test_policies_by_name_and_what_is_out_of_range() -> None:
    assert policy_of("thompson", floor=0.1, discount=0.9) == ThompsonSampler(
        floor=0.1, discount=0.9
    )
    assert policy_of("ucb", floor=0.1, discount=1) == UpperConfidenceBound(floor=0.1)
    assert policy_of("epsilon-greedy", floor=0.2, discount=1) == EpsilonGreedy(0.2)
    with pytest.raises(ParameterError, match=r"no such policy .* 'best'; one of thompson"):
        policy_of("best", floor=0.1, discount=1)
    with pytest.raises(ParameterError, match=r"in 0 to 1; found 1\.5"):
        Exploration(share=1.5)
    with pytest.raises(ParameterError, match="at least 2 candidates"):
        Exploration(candidates=1)
    with pytest.raises(ParameterError, match="from 1; found 0"):
        Exploration(slots=(0,))
