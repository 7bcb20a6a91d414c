"""Learning the blend: hold a little out, fit the legs once, search the weights on cached scores.

A tenth of the histories of some two thousand validation users is held out. The legs are learned
once from all the rest; every leg scores the candidates of these users, and the weights are searched
on these cached z-scores alone. The legs are then kept as they are: a user's own factor is folded in
from the full history when it is served, so nothing has to be learned twice. Only where the held-out
items are many of all are the legs learned again from everything.

A validation split can mislead, so weights are judged by a value in which low-similarity items count
once more (`graphrec.recommenders.hybrid.candidate_scores`). The best of many weights is
the best by chance, too: the chosen ones are those *nearest to the default* that are not worse than
the best by more than two standard errors of the paired difference (stricter than the
one-standard-error rule of Breiman et al., "Classification and regression trees", 1984), and that
are at least as good as the best leg alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from graphrec.recommenders.hybrid.candidate_scores import (
    MIN_STANDARD_ERRORS,
    CachedScores,
    Judged,
    gain,
)

MIN_USERS = 50  # a search on fewer overfits these few

Weights = tuple[float, ...]


def search_weights(cached: CachedScores, default: Sequence[float]) -> Weights:
    """The weights nearest to the default within two standard errors of the best.

    Args:
        cached: the legs' scores of the validation users' candidates.
        default: the weights to stay near to, summing to 1.

    Returns:
        One weight per leg, summing to 1.
    """
    start = tuple(default)
    if cached.users < MIN_USERS or not cached.held_out.hits.any():
        return start
    tried = {point: cached.judge(point) for point in [start, *_simplex(len(start), 10)]}
    best = max(tried, key=lambda point: _mean(tried[point]))
    for point in _around(best, 0.05):
        tried.setdefault(point, cached.judge(point))
    best = max(tried, key=lambda point: _mean(tried[point]))
    alone = max(_mean(judged) for point, judged in tried.items() if max(point) == 1.0)
    allowed = [
        point
        for point, judged in tried.items()
        if _mean(judged) >= alone and _not_worse(tried[best], judged)
    ]
    target = np.asarray(start)
    return min(allowed, key=lambda point: float(np.abs(np.asarray(point) - target).sum()))


def normalised(weights: Mapping[str, float], legs: Sequence[str]) -> Weights:
    """Weights in the order of the legs, summing to 1; equal ones where none is named."""
    raw = np.array([weights.get(leg, 0.0) for leg in legs])
    if raw.sum() <= 0:
        raw = np.ones(len(legs))
    return tuple(float(weight) for weight in raw / raw.sum())


def _mean(judged: Judged) -> float:
    return float(judged.value.mean())


def _not_worse(best: Judged, other: Judged) -> bool:
    """Whether the mean paired difference is within its error."""
    mean, error = gain(best, other)
    return mean <= MIN_STANDARD_ERRORS * error


def _simplex(legs: int, steps: int) -> list[tuple[float, ...]]:
    """All weights in steps of 1 / steps that sum to 1."""
    return [
        tuple(part / steps for part in parts)
        for parts in product(range(steps + 1), repeat=legs)
        if sum(parts) == steps
    ]


def _around(point: tuple[float, ...], step: float) -> list[tuple[float, ...]]:
    """Weights that differ from a point by moving one step from one leg to another."""
    moved = []
    for giver, taker in product(range(len(point)), repeat=2):
        if giver != taker and point[giver] >= step:
            weights = list(point)
            weights[giver] -= step
            weights[taker] += step
            moved.append(tuple(round(weight, 4) for weight in weights))
    return moved
