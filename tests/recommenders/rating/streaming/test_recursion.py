"""The recursion against one written out in Python, and against gradients that are added up."""

from __future__ import annotations

import numpy as np

from graphrec.kernels.types import Matrix, Vector, read_only
from graphrec.recommenders.rating.streaming.recursion import descend

SETTINGS = np.array([0.1, 0.05, 0.02])


def one_by_one(state: Matrix, others: Matrix, ratings: Vector) -> Matrix:
    """The formulas of the module, as they stand there."""
    step, factor_step, regularization = SETTINGS
    state = state.copy()
    for other, rating in zip(others, ratings, strict=True):
        product = 0.0
        for own, its in zip(state[1:], other[1:], strict=True):
            product += own * its
        error = rating - (state[0] + other[0] + product)
        state[0] += step * (error - regularization * state[0])
        state[1:] += factor_step * (error * other[1:] - regularization * state[1:])
    return state


def test_each_row_goes_on_from_where_the_one_before_left_it() -> None:
    random = np.random.default_rng(0)
    start, others = random.normal(size=(3, 4)), random.normal(size=(6, 4))
    ratings, indptr = random.normal(size=6), np.array([0, 2, 2, 6])
    args = (read_only(array) for array in (start, indptr, others, ratings, SETTINGS))
    found = descend(*args)
    for row in range(3):
        own = slice(indptr[row], indptr[row + 1])
        np.testing.assert_array_equal(found[row], one_by_one(start[row], others[own], ratings[own]))
    np.testing.assert_array_equal(found[1], start[1])


def test_many_ratings_in_a_batch_do_not_diverge() -> None:
    """Gradients that are added up leave a bias of γ·n·ε, whatever the ratings are."""
    ratings, others = np.full(100, 1.0), np.zeros((100, 3))
    args = (np.zeros((1, 3)), np.array([0, 100]), others, ratings, SETTINGS)
    [[bias, *factor]] = descend(*(read_only(array) for array in args))
    assert 0.9 < bias < 1.0 < SETTINGS[0] * ratings.sum()
    assert factor == [0.0, 0.0]
