"""Lists are diversified as the quadratic textbook algorithm would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.serving.mmr import diversify
from tests.serving.reference import Array, Case, filled, random_case

SEEDS = st.integers(0, 100_000)


def similarity(case: Case) -> Array:
    """[i, j]: of candidate j to the taken item i; of the factors where they can tell."""
    if not case.item_factors.size or case.compared.shape[1] == 1:
        return case.similarity
    unit = case.compared / np.linalg.norm(case.compared, axis=1, keepdims=True)
    return np.asarray(np.maximum(unit @ unit.T, 0.0))


def assert_mmr(listed: Array, pool: Array, scores: Array, similar: Array, diversity: float) -> None:
    """Check step by step: each takes a candidate of the highest `(1 - λ)·relevance - λ·nearest`.

    Args:
        listed: (n,), items in their new order.
        pool: (m,), candidates.
        scores: (m,), their blended scores.
        similar: (items, items).
        diversity: λ.
    """
    span = scores.max() - scores.min()
    relevance = ((scores - scores.min()) / span) ** 2 if span > 0 else np.ones(scores.size)
    for step, item in enumerate(listed):
        nearest = similar[np.ix_(listed[:step], pool)].max(axis=0, initial=0.0)
        value = (1.0 - diversity) * relevance - diversity * nearest
        value[np.isin(pool, listed[:step])] = -np.inf
        assert value[pool == item].item() >= value.max() - 1e-4


@given(
    seed=SEEDS,
    legs=st.integers(0, 2),
    rank=st.integers(0, 3),
    second=st.integers(0, 2),
    diversity=st.sampled_from([0.05, 0.3, 0.7, 1.0]),
    length=st.integers(1, 14),
)
@settings(max_examples=80)
def test_each_step_takes_the_best_of_relevance_less_similarity(
    seed: int, legs: int, rank: int, second: int, diversity: float, length: int
) -> None:
    rank = rank if legs else max(rank, 1)
    case = random_case(seed, legs=legs, rank=rank, second=second, length=length)
    case = case.asking(diversity=diversity)
    lists = case.ranked()
    similar = similarity(case)
    for user in np.flatnonzero(~case.cold):
        listed, pool = filled(lists.item[user]), np.flatnonzero(case.open[user])
        assert listed.size == min(length, pool.size)
        assert np.unique(listed).size == listed.size
        scores = case.blended[user]
        np.testing.assert_allclose(lists.score[user, : listed.size], scores[listed], atol=2e-4)
        if pool.size:
            assert_mmr(listed, pool, scores[pool], similar, diversity)


@pytest.mark.parametrize("legs", [0, 2])
def test_no_diversity_is_the_blended_order_and_a_little_begins_with_its_first(legs: int) -> None:
    case = random_case(1, legs=legs, length=8)
    blended = case.ranked()
    diverse = case.asking(diversity=0.3).ranked()
    warm = [user for user in np.flatnonzero(~case.cold) if blended.item[user, 0] >= 0]
    for user in warm:
        score = blended.score[user, : filled(blended.item[user]).size]
        assert np.all(np.diff(score) <= 0)
    np.testing.assert_array_equal(blended.item[warm, 0], diverse.item[warm, 0])
    assert np.any(blended.item[warm] != diverse.item[warm])


def test_only_the_best_few_are_looked_at() -> None:
    """100 at least: what is dissimilar but far down stays out."""
    items = 150
    case = random_case(2, users=1, items=items, legs=0, rank=2, standardise=False, length=4)
    factors = np.linspace(1.5, 1.0, items)[:, np.newaxis] * np.ones(2)
    factors[120:] *= -1.0  # as dissimilar as can be
    case = replace(
        case,
        has=np.eye(1, items, 10, dtype=bool),
        weight=np.eye(1, items, 10),
        hidden=np.zeros((1, items), bool),
        excluded=np.zeros(items, bool),
        item_factors=factors,
        user_factors=np.ones((1, 2)),
        request=replace(case.request, blend=(1.0,), decay=(), diversity=0.9),
    )
    assert case.ranked().item[0].max() < 100


def test_equal_candidates_keep_their_order_and_the_scratch_is_left_clean() -> None:
    case = random_case(3, items=9, legs=2, rank=0).asking(diversity=0.5)
    case = replace(case, similarity=np.ones((9, 9)))
    position = np.full(9, -1, np.int32)
    pool = np.array([4, 2, 7, 0], np.int32)
    scores = np.ones(4, np.float32)
    order = diversify(pool, scores, 3, 0.5, case.rules, case.neighbours, case.factors, position)
    np.testing.assert_array_equal(order, [0, 1, 2])
    assert np.all(position == -1)
