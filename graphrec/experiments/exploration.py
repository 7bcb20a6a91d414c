"""Lists of which some slots are filled by exploration, with the probability of every item logged.

A list is filled from the top, and each slot is a decision of its own: with the slot's chance of
exploration an item is drawn by a policy from the candidates that are left, else it is the best one
that is left. The propensity of what is shown there is the probability of both ways together, given
the slots above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from graphrec.errors import ParameterError
from graphrec.experiments.bandits import (
    EpsilonGreedy,
    Policy,
    ThompsonSampler,
    UpperConfidenceBound,
    normalised,
    propensities,
)
from graphrec.experiments.moments import Array

POLICIES: Final = ("thompson", "ucb", "epsilon-greedy")

_THOMPSON: Final = ThompsonSampler()

_Positions = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Exploration:
    """Which slots of a list are explored, and how.

    Attributes:
        share: the chance of each slot, 0 to 1; of stated slots, theirs.
        slots: ranks, from 1, that alone are explored; none: all.
        candidates: how many of the best items an explored slot may be filled from.
        policy: how they are chosen.
    """

    share: float = 0.1
    slots: Sequence[int] = ()
    candidates: int = 50
    policy: Policy = _THOMPSON

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ParameterError(
                "the share of explored slots must lie in 0 to 1", found=f"{self.share}"
            )
        if self.candidates < 2:
            raise ParameterError(
                "an explored slot needs at least 2 candidates", found=str(self.candidates)
            )
        if any(slot < 1 for slot in self.slots):
            raise ParameterError("slots are counted from 1", found=", ".join(map(str, self.slots)))

    def chances(self, length: int, offset: int = 0) -> Array:
        """Return the chance of exploration of each slot of a list, (length,).

        Args:
            length: of the list.
            offset: of how many of the best items the list leaves out.
        """
        ranks = np.arange(offset + 1, offset + length + 1)
        explored = np.isin(ranks, self.slots) if self.slots else np.ones(length, np.bool_)
        return np.where(explored, self.share, 0.0)

    def pool(self, length: int) -> int:
        """How many of the best items are needed for a list of some length."""
        return max(length, self.candidates)


class Filled(NamedTuple):
    """What is in the slots of lists.

    Attributes:
        position: (lists, length), which of the candidates; -1 where there are none left.
        propensity: (lists, length), with which it is there, given the slots above.
    """

    position: _Positions
    propensity: Array


def policy_of(name: str, *, floor: float, discount: float) -> Policy:
    """Return a policy by its name.

    Args:
        name: one of `POLICIES`.
        floor: of the propensities, see `ThompsonSampler`; the epsilon of "epsilon-greedy".
        discount: see `ThompsonSampler`.

    Raises:
        ParameterError: another name, or a number out of its range.
    """
    if name not in POLICIES:
        raise ParameterError(
            "there is no such policy of exploration",
            found=repr(name),
            fix=f"one of {', '.join(POLICIES)}",
        )
    if name == "thompson":
        return ThompsonSampler(floor=floor, discount=discount)
    if name == "ucb":
        return UpperConfidenceBound(floor=floor, discount=discount)
    return EpsilonGreedy(epsilon=floor, discount=discount)


def fill(
    values: Array, floor: float, chances: Array, uniform: Array, there: _Mask | None = None
) -> Filled:
    """Fill the slots of lists, best candidates first where nothing is explored.

    Args:
        values: (lists, draws, candidates), by which a policy compares the candidates, which stand
            in the order of their rank.
        floor: see `propensities`.
        chances: (length,), of exploration, of each slot.
        uniform: (lists, length), a draw in [0, 1) for each slot.
        there: (lists, candidates), False where a list has no more; None: all have as many.

    Returns:
        the positions and propensities.
    """
    lists, candidates = values.shape[0], values.shape[2]
    left = np.ones((lists, candidates), np.bool_) if there is None else there.copy()
    chosen_by_policy = propensities(values, floor, left)
    row, length = np.arange(lists), len(chances)
    filled = Filled(np.full((lists, length), -1, np.int64), np.zeros((lists, length)))
    for slot, chance in enumerate(chances):
        some = left.any(axis=1)
        p = chance * _given_what_is_left(chosen_by_policy, left)
        p[row, left.argmax(axis=1)] += 1 - chance
        at = _drawn(p, uniform[:, slot])
        filled.position[:, slot] = np.where(some, at, -1)
        filled.propensity[:, slot] = np.where(some, p[row, at], 0.0)
        left[row, at] = False
    return filled


def _given_what_is_left(probabilities: Array, left: _Mask) -> Array:
    kept = probabilities * left
    total = kept.sum(axis=1, keepdims=True)
    # Without a floor all that is left may have had no chance at all: then each has the same.
    return normalised(np.where(total > 0, kept, left))


def _drawn(p: Array, uniform: Array) -> _Positions:
    """One position of each row by its probabilities; rounding draws nothing that has none."""
    upper = p.cumsum(axis=1)
    at = (uniform[:, None] * upper[:, -1:] >= upper).sum(axis=1)
    return np.minimum(at, p.shape[1] - 1)
