"""How much each leg, and each item of the history, contributes to the score of an item.

The score is linear in the history. A neighbour leg scores `Σ_i w_i·S_ij`; a factor leg scores
`p·q_j`, and p is folded in from the history by one linear system, or is a mean of its vectors.
Standardising subtracts the leg's mean over all items, which is a part of its own, and divides by
the deviation, which scales all parts. Nothing is approximated: the parts sum to the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from graphrec.explanation.user_context import UserContext
from graphrec.kernels.types import read_only
from graphrec.serving.accumulator import empty_accumulator
from graphrec.serving.blend import leg_weights
from graphrec.serving.boosts import multiplier
from graphrec.serving.factor_scores import user_vector
from graphrec.serving.kernel import score_items
from graphrec.serving.neighbour_scores import MIN_DEVIATION, moments, sum_neighbours, units

POPULARITY: Final = "popularity"  # the one leg of a score without a history

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contributions:
    """The parts of a score, by leg in the order of `legs`.

    A leg's share is `weight · (raw - mean) / deviation`, after boosts and demotions, and also the
    sum of its column in `parts`, of `other` and of `constant`.
    """

    score: float
    legs: tuple[str, ...]
    weight: Floats  # (legs,), in the blend, for a history of this length
    raw: Floats  # (legs,), the leg's own score
    mean: Floats  # (legs,), of the user's scores over all items; 0 if not standardised
    deviation: Floats  # (legs,), likewise; 1 if not standardised
    share: Floats  # (legs,), of the score
    parts: Floats  # (history, legs)
    other: Floats  # (legs,), by a user factor that was given, or by popularity
    constant: Floats  # (legs,), minus the mean


def contributions(user: UserContext, item: int) -> Contributions:
    """The parts that the score of an item is the sum of."""
    if not user.personal:
        return _popular(user, item)
    score, share = score_items(
        user.histories,
        read_only(np.array([0, 1], np.int64)),
        read_only(np.array([item], np.int32)),
        user.neighbours,
        user.factors,
        user.settings,
    )
    legs = [_neighbour_legs(user, item)]
    legs += [_factor_leg(user, item, leg) for leg in range(len(user.tables.factor_legs))]
    parts, other, mean, deviation = (
        np.concatenate(arrays, axis=-1) for arrays in zip(*legs, strict=True)
    )
    weight = leg_weights(user.histories.items.data, user.settings).astype(np.float64)
    differs = deviation > MIN_DEVIATION
    times = float(multiplier(score[0], user.boost_of(item) * user.demotion_of(item)))
    scale = np.where(differs, times * weight / np.where(differs, deviation, 1.0), 0.0)
    return Contributions(
        score=times * float(score[0]),
        legs=user.tables.legs,
        weight=weight,
        raw=parts.sum(axis=0) + other,
        mean=mean,
        deviation=deviation,
        share=times * share[0].astype(np.float64),
        parts=scale * parts,
        other=scale * other,
        constant=-scale * mean,
    )


_Legs = tuple[Floats, Floats, Floats, Floats]  # parts (history, legs), other, mean, deviation


def _neighbour_legs(user: UserContext, item: int) -> _Legs:
    """The neighbour legs' own scores, in parts, and their moments over all items."""
    unit = units(user.histories, 0, user.neighbours)
    accumulator = empty_accumulator(user.tables.catalogue.size, unit.size)
    count = sum_neighbours(user.histories, 0, unit, user.neighbours, accumulator, 0)
    mean, deviation = moments(accumulator.score[:count], user.settings)
    parts = user.weight[:, np.newaxis] * unit * _weights_towards(user, item)[user.history]
    return parts, np.zeros(unit.size), mean.astype(np.float64), deviation.astype(np.float64)


def _weights_towards(user: UserContext, item: int) -> Floats:
    """Every item's weight towards one neighbour, (items, neighbour legs)."""
    indptr, indices, weights = user.neighbours.weights
    entries = np.flatnonzero(indices == item)
    towards = np.zeros((user.tables.catalogue.size, weights.shape[1]))
    towards[np.searchsorted(indptr, entries, side="right") - 1] = weights[entries]
    return towards


def _factor_leg(user: UserContext, item: int, leg: int) -> _Legs:
    """A factor leg's own score, in parts, and its moments over all items."""
    factors = user.tables.factor_legs[leg].factors
    other, parts = np.zeros(1), np.zeros((user.history.size, 1))
    if user.has_given_factor and factors.fold_in.takes_given:
        other[0] = np.dot(factors.vector[item], user_vector(user.factors, leg, 0))
    else:
        parts[:, 0] = factors.history_parts(user.history, user.weight, item)
    mean, deviation = 0.0, 1.0
    if user.request.standardise:
        mean, deviation = user.factors.mean[0, leg], user.factors.deviation[0, leg]
    return parts, other, np.array([mean], np.float64), np.array([deviation], np.float64)


def _popular(user: UserContext, item: int) -> Contributions:
    """Where nothing is known of the user, or without legs, the score is that of the fallback."""
    boost = user.boost_of(item) * user.demotion_of(item)
    score = float(user.settings.fallback.score[item]) * boost
    return Contributions(
        score=score,
        legs=(POPULARITY,),
        weight=np.ones(1),
        raw=np.array([score]),
        mean=np.zeros(1),
        deviation=np.ones(1),
        share=np.array([score]),
        parts=np.zeros((user.history.size, 1)),
        other=np.array([score]),
        constant=np.zeros(1),
    )
