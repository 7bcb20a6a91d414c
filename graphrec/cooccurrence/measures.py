"""Measures of association of two items, from counts of users.

All take `together` (users who have both), `item` and `neighbour` (users who have each) and `users`
(all of them), as numbers or arrays, and give doubles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]
Measure = Callable[[Counts, Counts, Counts, float], Counts]


def support(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """Share of the users who have both: P(i, j)."""
    return together / users


def confidence(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """Share of the item's users who have the neighbour: P(j | i)."""
    return together / item


def lift(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """How many times more often than by chance: P(i, j) / (P(i)·P(j))."""
    return together * users / (item * neighbour)


def cosine(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """Cosine of the two sets of users: n_ij / √(n_i·n_j)."""
    return together / np.sqrt(item * neighbour)


def jaccard(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """Common users over all users of either: n_ij / (n_i + n_j - n_ij)."""
    return together / (item + neighbour - together)


def pmi(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """Pointwise mutual information, the natural logarithm of lift (Church and Hanks, 1990)."""
    return np.log(lift(together, item, neighbour, users))


def npmi(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """PMI over the most that it can be for such a pair, -ln P(i, j) (Bouma, 2009).

    1 where the two are only met together, 0 by chance; PMI alone puts the rarest pairs first. A
    pair that everybody has says nothing: 0.
    """
    most = -np.log(together / users)
    return pmi(together, item, neighbour, users) / np.where(most > 0, most, 1.0)


def llr(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """Log-likelihood ratio of dependence against independence (Dunning, 1993).

    `2·Σ n·ln(n / expected)` over the four cells of the 2 x 2 table. It is negated where the two
    are met together less often than by chance, so that a ranking by it puts those last.
    """
    cells = (
        (together, item * neighbour),
        (item - together, item * (users - neighbour)),
        (neighbour - together, (users - item) * neighbour),
        (users - item - neighbour + together, (users - item) * (users - neighbour)),
    )
    total = sum((_times_log_ratio(n, product / users) for n, product in cells), np.zeros(()))
    sign = np.where(together * users >= item * neighbour, 1.0, -1.0)
    return sign * 2.0 * np.maximum(total, 0.0)


def _times_log_ratio(count: Counts, expected: Counts) -> Counts:
    """n·ln(n / expected), 0 where n is 0."""
    positive = count > 0
    ratio = np.where(positive, count, 1.0) / np.where(positive, expected, 1.0)
    return np.where(positive, count * np.log(ratio), 0.0)


MEASURES: Final[dict[str, Measure]] = {
    measure.__name__: measure
    for measure in (support, confidence, lift, cosine, jaccard, pmi, npmi, llr)
}
