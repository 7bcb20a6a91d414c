"""No list has more items of a category than its quota, and it is full wherever it can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graphrec.serving.kernel import rank_popular
from graphrec.serving.kernel_types import Lists
from tests.serving.reference import Array, Case, filled, random_case


def with_quotas(case: Case, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    belongs = rng.random((case.has.shape[1], 3)) < 0.5
    return replace(case, belongs=belongs, quota=rng.integers(0, 3, 3))


def greedy(order: Array, case: Case) -> list[int]:
    """The first items of an order that fit, one after the other."""
    assert case.belongs is not None
    room, taken = np.array(case.quota), []
    for item in order.tolist():
        if len(taken) < case.request.length and np.all(room[case.belongs[item]] > 0):
            room[case.belongs[item]] -= 1
            taken.append(item)
    return taken


@pytest.mark.parametrize("legs", [0, 2])
@pytest.mark.parametrize("seed", range(8))
def test_the_best_that_fit_are_listed(seed: int, legs: int) -> None:
    """Also where the first candidates are too few, and for whom there is but popularity."""
    whole = random_case(seed, legs=legs, length=12)
    orders = whole.ranked().item
    case = with_quotas(whole, seed).asking(length=4, candidates=4 if seed % 2 else 12)
    if seed % 2 and legs:  # the rest is found by factors: compare what is in the lists alone
        for user, listed in enumerate(case.ranked().item):
            assert len(filled(listed)) == len(greedy(filled(orders[user]), case))
        return
    for user, listed in enumerate(case.ranked().item):
        assert filled(listed).tolist() == greedy(filled(orders[user]), case)


def test_popular_items_fit_too() -> None:
    case = with_quotas(random_case(5, length=4), 5)
    for user, listed in enumerate(rank_popular(case.histories, case.settings).item):
        assert filled(listed).tolist() == greedy(np.flatnonzero(case.open[user]), case)


def category_counts(lists: Lists, case: Case, user: int) -> Array:
    assert case.belongs is not None
    return np.asarray(case.belongs[filled(lists.item[user])].sum(axis=0))


@pytest.mark.parametrize("seed", range(6))
def test_mmr_keeps_to_the_quotas_and_fills_the_list(seed: int) -> None:
    """Its pool are the best 100; all of them are of one category here."""
    case = random_case(seed, users=2, items=300, legs=1, rank=3, length=5).asking(diversity=0.3)
    open_ = np.zeros((2, 300), bool)
    case = replace(case, hidden=open_, excluded=open_[0])
    best = case.asking(diversity=0.0, length=200).ranked().item[1]
    belongs = np.zeros((300, 1), bool)
    belongs[best[best >= 0]] = True
    limited = replace(case, belongs=belongs, quota=np.array([2]))
    lists = limited.ranked()
    assert filled(lists.item[1]).size == 5
    assert category_counts(lists, limited, 1) == 2
    assert lists.item[1, 0] == case.ranked().item[1, 0]
