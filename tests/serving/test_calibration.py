"""Lists have the categories of the history in its shares, against a loop over dense arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.serving.reference import Array, Case, filled, random_case

KINDS = 4
SMOOTHING = 0.01


def case_of(seed: int, *, legs: int, strength: float) -> Case:
    case = random_case(seed, legs=legs, length=4)
    kinds = np.random.default_rng(seed).random((case.has.shape[1], KINDS)) < 0.4
    return replace(case, kinds=kinds).asking(calibration=strength)


def parts(case: Case) -> Array:
    """(items, categories), the part of an item that is of a category."""
    assert case.kinds is not None
    return np.asarray(case.kinds / np.maximum(case.kinds.sum(axis=1, keepdims=True), 1))


def divergence(wanted: Array, found: Array) -> float:
    there = wanted > 0
    smoothed = (1 - SMOOTHING) * found[there] + SMOOTHING * wanted[there]
    return float((wanted[there] * np.log(wanted[there] / smoothed)).sum())


def greedy(case: Case, user: int, pool: Array, score: Array) -> list[int]:
    """The definition in the head of the module, step by step."""
    part, strength = parts(case), case.request.calibration
    wanted = (case.weight[user][:, np.newaxis] * part).sum(axis=0)
    wanted /= max(wanted.sum(), 1e-9)
    relevance = ((score - score[-1]) / (score[0] - score[-1])) ** 2
    taken: list[int] = []
    while len(taken) < min(case.request.length, pool.size):
        size = len(taken) + 1
        value = [
            (1 - strength) * relevance[at]
            - strength * size * divergence(wanted, part[[*taken, item]].sum(axis=0) / size)
            if item not in taken
            else -np.inf
            for at, item in enumerate(pool)
        ]
        taken.append(int(pool[int(np.argmax(value))]))
    return taken


@pytest.mark.parametrize("strength", [0.1, 0.5])
@pytest.mark.parametrize("legs", [0, 2])
@pytest.mark.parametrize("seed", range(4))
def test_items_are_taken_one_by_one(seed: int, legs: int, strength: float) -> None:
    case = case_of(seed, legs=legs, strength=strength)
    blended = case.asking(calibration=0.0, length=12).ranked()
    moved = 0
    for user in np.flatnonzero(~case.cold):
        pool = filled(blended.item[user])
        if pool.size < 2:
            continue
        listed = filled(case.ranked().item[user]).tolist()
        assert listed == greedy(case, user, pool, blended.score[user][: pool.size])
        moved += listed != pool[: len(listed)].tolist()
    assert moved


def test_the_list_comes_nearer_to_the_history() -> None:
    weak, strong = (case_of(1, legs=2, strength=strength) for strength in (0.0, 1.0))
    part = parts(weak)
    for user in np.flatnonzero(~weak.cold):
        wanted = (weak.weight[user][:, np.newaxis] * part).sum(axis=0)
        found = [filled(case.ranked().item[user]) for case in (weak, strong)]
        if not found[0].size:
            continue
        far, near = (divergence(wanted / wanted.sum(), part[items].mean(axis=0)) for items in found)
        assert near <= far + 1e-6


def test_a_history_without_categories_leaves_the_order() -> None:
    case = case_of(2, legs=2, strength=0.9)
    assert case.kinds is not None
    known = case.has.any(axis=0)
    bare = replace(case, kinds=case.kinds & ~known[:, np.newaxis])
    expected = replace(case, kinds=None).ranked().item
    np.testing.assert_array_equal(bare.ranked().item, expected)


def test_quotas_hold_beside_it() -> None:
    case = case_of(3, legs=2, strength=0.5)
    assert case.kinds is not None
    limited = replace(case, belongs=case.kinds, quota=np.full(KINDS, 1))
    for user in np.flatnonzero(~case.cold):
        listed = filled(limited.ranked().item[user])
        assert (case.kinds[listed].sum(axis=0) <= 1).all()
