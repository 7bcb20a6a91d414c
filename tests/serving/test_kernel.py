"""The kernel's lists are those that scoring every item with every leg would give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphrec.serving.kernel import rank_popular, score_items
from graphrec.serving.kernel_types import Lists
from graphrec.serving.sources import SOURCES
from tests.serving.reference import (
    TOLERANCE,
    Array,
    Case,
    assert_best,
    filled,
    ragged,
    random_case,
)

SEEDS = st.integers(0, 100_000)


@given(
    seed=SEEDS,
    users=st.integers(1, 6),
    items=st.integers(1, 15),
    legs=st.integers(0, 3),
    rank=st.integers(0, 4),
    second=st.integers(0, 3),
    standardise=st.booleans(),
    length=st.integers(1, 18),
)
@example(seed=0, users=6, items=15, legs=2, rank=3, second=2, standardise=True, length=5)
@example(seed=0, users=6, items=15, legs=0, rank=3, second=2, standardise=True, length=5)
@example(seed=0, users=6, items=15, legs=1, rank=0, second=0, standardise=False, length=18)
@settings(max_examples=150)
def test_lists_are_the_best_by_the_blend_of_all_legs(
    seed: int,
    users: int,
    items: int,
    legs: int,
    rank: int,
    second: int,
    *,
    standardise: bool,
    length: int,
) -> None:
    rank = rank if legs else max(rank, 1)
    case = random_case(
        seed,
        users=users,
        items=items,
        legs=legs,
        rank=rank,
        second=second,
        standardise=standardise,
        length=length,
    )
    lists = case.ranked()
    some = lists.item[:, 0] >= 0
    np.testing.assert_array_equal(by_fallback(lists)[some], case.cold[some])
    for user in np.flatnonzero(~case.cold):
        listed = filled(lists.item[user])
        found = lists.score[user, : listed.size]
        assert_best(listed, found, case.blended[user], case.open[user], length)
        share = lists.share[user, : listed.size]
        np.testing.assert_allclose(share.sum(axis=1), found, atol=1e-5, rtol=1e-5)
        np.testing.assert_allclose(
            share, case.shares[:, user, listed].T, atol=TOLERANCE, rtol=TOLERANCE
        )
        assert not lists.score[user, listed.size :].any()


def by_fallback(lists: Lists) -> Array:
    """(users,), True for those whose list begins with what anybody may get."""
    return np.asarray(lists.source[:, 0] > SOURCES.index("demographic"))


@pytest.mark.parametrize("legs", [0, 1])
@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_a_vector_makes_a_list_without_a_history_where_its_leg_counts(
    legs: int, weight: float
) -> None:
    case = random_case(5, legs=legs, rank=3, standardise=False)
    vectors = case.user_factors.copy()
    vectors[0] = [1.0, -1.0, 0.5]
    blend = (*(1.0,) * legs, weight)
    case = replace(case, user_factors=vectors).asking(blend=blend, decay=(1.0,) * len(blend))
    lists = case.ranked()
    scores = weight * (case.item_factors @ vectors[0]) if weight else case.popularity
    open_items = np.flatnonzero(case.open[0])
    best = open_items[np.argsort(-scores[open_items], kind="stable")][:5]
    np.testing.assert_array_equal(filled(lists.item[0]), best)
    source = "demographic" if weight else "popular"
    assert {SOURCES[code] for code in lists.source[0, : best.size]} == {source}


@given(seed=SEEDS, legs=st.integers(0, 2), length=st.integers(1, 15))
@settings(max_examples=30)
def test_a_cold_user_gets_the_most_popular(seed: int, legs: int, length: int) -> None:
    case = random_case(seed, legs=legs, length=length)
    for lists in (case.ranked(), rank_popular(case.histories, case.settings)):
        expected = np.flatnonzero(case.open[0])[:length]
        np.testing.assert_array_equal(filled(lists.item[0]), expected)
        popularity = case.popularity.astype(np.float32)[expected]
        np.testing.assert_array_equal(lists.score[0, : expected.size], popularity)
        assert not lists.share[0].any()
        assert np.all(lists.because[0] == -1)
        assert by_fallback(lists)[0] or not expected.size


def test_popularity_alone_serves_all_users_alike() -> None:
    case = random_case(1, length=4)
    lists = rank_popular(case.histories, case.settings)
    assert by_fallback(lists)[lists.item[:, 0] >= 0].all()
    for user in range(case.has.shape[0]):
        expected = np.flatnonzero(case.open[user])[:4]
        np.testing.assert_array_equal(filled(lists.item[user]), expected)


@pytest.mark.parametrize("legs", [0, 1])
def test_equal_scores_go_to_the_more_popular_item(legs: int) -> None:
    """Whole numbers: no score is rounded, so ties are ties."""
    items = 30
    rng = np.random.default_rng(2)
    case = random_case(2, users=8, items=items, legs=legs, rank=1 - legs, standardise=False)
    case = replace(
        case,
        weight=case.has * 1.0,
        legs=rng.integers(0, 2, (legs, items, items)).astype(np.float64),
        divide_by_strength=np.zeros(legs, bool),
        item_factors=rng.integers(0, 3, (items if not legs else 0, 1 - legs)).astype(np.float64),
        user_factors=np.ones((8 if not legs else 0, 1 - legs)),
        request=replace(case.request, blend=(1.0,), decay=(), length=7),
    )
    lists = case.ranked()
    for user in np.flatnonzero(~case.cold):
        allowed = np.flatnonzero(case.open[user])
        scores = case.blended[user, allowed]
        assert np.unique(scores).size < scores.size or not scores.size
        best = allowed[np.argsort(-scores, kind="stable")][:7]
        np.testing.assert_array_equal(filled(lists.item[user]), best)


@given(seed=SEEDS, candidates=st.integers(1, 14), length=st.integers(1, 6))
@settings(max_examples=60)
def test_few_candidates_are_the_best_of_the_neighbour_legs(
    seed: int, candidates: int, length: int
) -> None:
    case = random_case(seed, items=14, length=length).asking(candidates=candidates)
    pairs = case.legs.any(axis=0) | (case.similarity > 0)
    lists = case.ranked()
    for user in np.flatnonzero(~case.cold):
        retrieved = pairs[case.has[user]].any(axis=0)
        by_graph = case.scales[:-1, user] @ case.scores[:-1, user]
        ranked = [
            i for i in np.argsort(-by_graph, kind="stable") if (retrieved & case.open[user])[i]
        ]
        others = np.flatnonzero(case.open[user] & ~retrieved)
        retrieved = np.zeros(14, bool)
        retrieved[[*ranked, *others][: max(candidates, length)]] = True
        listed = filled(lists.item[user])
        found = lists.score[user, : listed.size]
        assert_best(listed, found, case.blended[user], retrieved, length)


@given(seed=SEEDS, legs=st.integers(1, 3), second=st.integers(0, 2), diverse=st.booleans())
@example(seed=0, legs=2, second=2, diverse=True)
@settings(max_examples=40)
def test_candidates_come_from_legs_that_have_weight(
    seed: int, legs: int, second: int, *, diverse: bool
) -> None:
    """With few candidates, too, lists hold the best by the factors where these alone count."""
    case = random_case(seed, items=15, legs=legs, second=second, length=3)
    blend = (0.0,) * legs + case.request.blend[legs:]
    case = case.asking(blend=blend, candidates=3)
    lists = case.ranked()
    for user in np.flatnonzero(~case.cold):
        listed = filled(lists.item[user])
        found = lists.score[user, : listed.size]
        assert_best(listed, found, case.blended[user], case.open[user], 3)
        assert not lists.share[user, :, :legs].any()
    if diverse:  # MMR reads the neighbours' cosines, or the factors
        varied = case.asking(diversity=0.5, candidates=15).ranked()
        assert np.all((varied.item >= 0).sum(axis=1) == (lists.item >= 0).sum(axis=1))


def test_a_short_candidate_list_is_filled_with_the_most_popular() -> None:
    """One item in the history, one neighbour: the other nine come by popularity."""
    case = random_case(3, users=3, items=12, legs=1, rank=0, standardise=False, length=10)
    has = np.zeros((3, 12), bool)
    has[1, 5] = True
    leg = np.zeros((1, 12, 12))
    leg[0, 5, 8] = 0.5
    case = replace(
        case,
        has=has,
        weight=has * 1.0,
        hidden=has,
        legs=leg,
        excluded=np.zeros(12, bool),
        request=replace(case.request, blend=(1.0,), decay=()),
    )
    lists = case.ranked()
    np.testing.assert_array_equal(lists.item[1], [8, 0, 1, 2, 3, 4, 6, 7, 9, 10])
    np.testing.assert_array_equal(lists.score[1], [0.5] + [0.0] * 9)
    assert not by_fallback(lists)[1]


@given(seed=SEEDS, legs=st.integers(1, 3), rank=st.integers(0, 3), standardise=st.booleans())
@settings(max_examples=60)
def test_reasons_are_the_history_items_that_contribute_most(
    seed: int, legs: int, rank: int, *, standardise: bool
) -> None:
    case = random_case(seed, legs=legs, rank=rank, standardise=standardise)
    lists = case.ranked()
    total = np.where(case.divide_by_strength[:, np.newaxis], case.weight.sum(axis=1), 1.0)
    for user in np.flatnonzero(~case.cold):
        worth = case.scales[:legs, user] / total[:, user]
        parts = case.weight[user][:, np.newaxis] * np.tensordot(worth, case.legs, 1)
        for rank_, item in enumerate(filled(lists.item[user])):
            _assert_reasons(lists.because[user, rank_], parts[:, item])


@given(seed=SEEDS)
@settings(max_examples=30)
def test_reasons_of_factors_are_the_history_items_that_agree_most(seed: int) -> None:
    case = random_case(seed, legs=0, second=1 + seed % 2)
    lists = case.ranked()
    alike = np.array([items @ items.T for _, items in case.factor_legs])
    alike[[items.shape[1] == 1 for _, items in case.factor_legs]] = 0.0  # nothing to compare by
    for user in np.flatnonzero(~case.cold):
        blended = np.tensordot(case.scales[:, user], alike, 1)
        agreement = case.weight[user][:, np.newaxis] * blended
        for rank_, item in enumerate(filled(lists.item[user])):
            _assert_reasons(lists.because[user, rank_], agreement[:, item])


def test_no_reasons_are_given_where_none_are_wanted() -> None:
    for legs in (0, 2):
        assert random_case(4, legs=legs).asking(reasons=0).ranked().because.shape == (6, 5, 0)


@given(seed=SEEDS, legs=st.integers(0, 2))
@settings(max_examples=30)
def test_given_items_have_the_scores_that_lists_have(seed: int, legs: int) -> None:
    case = random_case(seed, legs=legs, second=2, length=12)
    case = replace(case, hidden=np.zeros_like(case.has), excluded=np.zeros(12, bool))
    lists = case.ranked()
    wanted_start, wanted = ragged(np.ones_like(case.has))
    neighbours = case.neighbours
    score, share = score_items(
        case.histories, wanted_start, wanted, neighbours, case.factors, case.settings
    )
    score, share = score.reshape(-1, 12), share.reshape(*case.has.shape, -1)
    np.testing.assert_array_equal(score[0], case.popularity.astype(np.float32))
    for user in np.flatnonzero(~case.cold):
        listed = lists.item[user]
        if legs:
            np.testing.assert_array_equal(score[user, listed], lists.score[user])
            np.testing.assert_array_equal(share[user, listed], lists.share[user])
        else:  # there the products are summed in another order
            np.testing.assert_allclose(score[user, listed], lists.score[user], atol=TOLERANCE)


@pytest.mark.parametrize("legs", [0, 2])
def test_a_list_has_the_same_bits_whoever_else_is_served(legs: int) -> None:
    case = random_case(5, users=6, legs=legs, second=2)
    together = case.ranked()
    for user in range(6):
        alone = _only(case, user).ranked()
        for everyone, one in zip(together, alone, strict=True):
            assert everyone[user].tobytes() == one[0].tobytes()


def test_nobody_is_served() -> None:
    case = random_case(6)
    nobody = replace(
        case,
        has=case.has[:0],
        weight=case.weight[:0],
        hidden=case.hidden[:0],
        user_factors=case.user_factors[:0],
    )
    assert nobody.ranked().item.shape == (0, 5)


def test_a_history_of_no_weight_is_served_without_a_division_by_zero() -> None:
    case = random_case(7, rank=0)
    case = replace(case, weight=case.weight * 0.0, divide_by_strength=np.array([True, False]))
    lists = case.ranked()
    for user in np.flatnonzero(~case.cold):
        listed = filled(lists.item[user])
        assert not lists.score[user].any()
        np.testing.assert_array_equal(listed, np.flatnonzero(case.open[user])[:5])


def _only(case: Case, user: int) -> Case:
    one = slice(user, user + 1)
    return replace(
        case,
        has=case.has[one],
        weight=case.weight[one],
        hidden=case.hidden[one],
        user_factors=case.user_factors[one],
    )


def _assert_reasons(
    because: np.typing.NDArray[np.int32], parts: np.typing.NDArray[np.float64]
) -> None:
    """The named items are those with the largest positive parts, descending."""
    named = filled(because)
    assert np.unique(named).size == named.size
    best = np.sort(parts)[::-1][:3]
    best = best[best > 1e-6]
    np.testing.assert_allclose(parts[named][: best.size], best, atol=1e-5, rtol=1e-4)
    assert np.all(parts[named][best.size :] <= 1e-5)
