"""Scores times a factor: the boost of an item for all users, and its demotion for one of them.

A score above 0 is multiplied by the factor, one below 0 divided: more is always better, and 1
changes nothing. The mean of standardised scores over all items is 0, so a boost of 2 doubles how
far an item stands above the average one, whatever the user. All legs' shares are scaled alike and
still sum to the score.
"""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.serving.kernel_types import Histories, ListRules


@compiled
def multiplier(score: float, factor: float) -> float:
    """What a score is multiplied by for a factor above 0."""
    return factor if score > 0.0 else 1.0 / factor


@compiled
def boost_scores(scores: Vector, items: Indices, factor: Vector) -> None:
    """Boost the scores of some items.

    Args:
        scores: (n,), written.
        items: (at least n,), whose they are.
        factor: (items,), of all items; (0,) where all are 1.
    """
    if factor.size == 0:
        return
    for row in range(scores.size):
        scores[row] *= multiplier(scores[row], factor[items[row]])


@compiled
def boost_shares(share: Matrix, items: Indices, factor: Vector) -> None:
    """Boost the scores that some shares sum to.

    Args:
        share: (n, legs), written.
        items: (n,), whose they are.
        factor: as for `boost_scores`.
    """
    if factor.size == 0:
        return
    for row in range(items.size):
        total = np.float32(0.0)
        for leg in range(share.shape[1]):
            total += share[row, leg]
        times = multiplier(float(total), factor[items[row]])
        for leg in range(share.shape[1]):
            share[row, leg] *= times


@compiled
def boosts_of_all(histories: Histories, rules: ListRules) -> Vector:
    """The boosts, (items,), a copy to be written to; (0,) where no score is changed."""
    if rules.boost.size == 0 and histories.demoted.indices.size > 0:
        return np.ones(rules.excluded.size, np.float32)
    return rules.boost.copy()


@compiled
def demote(histories: Histories, user: int, factor: Vector) -> None:
    """Multiply the boosts by the user's own factors."""
    demoted = histories.demoted
    for entry in range(demoted.indptr[user], demoted.indptr[user + 1]):
        factor[demoted.indices[entry]] *= demoted.data[entry]


@compiled
def restore(histories: Histories, user: int, rules: ListRules, factor: Vector) -> None:
    """Undo `demote`."""
    demoted = histories.demoted
    for entry in range(demoted.indptr[user], demoted.indptr[user + 1]):
        item = demoted.indices[entry]
        factor[item] = rules.boost[item] if rules.boost.size > 0 else np.float32(1.0)
