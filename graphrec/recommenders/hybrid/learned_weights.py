"""Learning the blend: hold a part out, learn the legs from the rest, search the weights.

A tenth of everybody's history is held out, or what came after one moment; the legs are learned once
from all the rest; every leg scores the candidates of some thousand validation users, and the
weights are searched on these cached z-scores alone, by the mean NDCG@20. The legs are then learned
again from everything.

The best of many weights is the best by chance, too: the chosen ones are those *nearest to the
default* that are not worse than the best by more than one standard error of the paired difference
(Breiman et al., "Classification and regression trees", 1984), and that are at least as good as the
best leg alone. And what is held out is not what comes: a small gain there was a loss on another
test, so the default stays unless the gain is large, or a leg alone is better than it. Measurements
are in `docs/decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from graphrec.recommenders.hybrid.candidate_scores import (
    MIN_STANDARD_ERRORS,
    CachedScores,
    Figures,
    gain,
)
from graphrec.recommenders.model_card import Metric

MIN_USERS = 50  # a search on fewer overfits these few
MAX_STANDARD_ERRORS = 1.0  # of the paired difference to the best weights
MIN_GAIN = 0.02  # over the default's NDCG, relative to it
_GRID_STEPS = 5  # of all weights that are tried first
_STEPS = (0.1, 0.05)  # by which the best of them are moved
_ROUNDING = 4  # decimals of weights
_HALF_WIDTH = 1.96  # of an interval of 95 %, in standard errors

Weights = tuple[float, ...]


@dataclass(frozen=True)
class LearnedWeights:
    """Weights, and how well they predict what is held out."""

    weights: dict[str, float]  # by leg, summing to 1
    ndcg: Figures  # NDCG@20, (users who have something to find,)
    default_ndcg: Figures  # the same by the default weights
    best_leg: float  # the mean NDCG@20 of the best leg alone


@dataclass(frozen=True)
class HoldOutResult:
    """How well a choice predicts what is held out.

    Attributes:
        users: who have something to find.
        ndcg: the mean NDCG@20; 0 where there is nothing to find.
        default_ndcg: the same of the default settings and weights.
        error: the standard error of `ndcg`.
    """

    users: int
    ndcg: float
    default_ndcg: float
    error: float = 0.0

    @classmethod
    def of(cls, ndcg: Figures, default_ndcg: Figures) -> HoldOutResult:
        """The means of the figures of users."""
        mean, default = (float(of.mean()) if of.size else 0.0 for of in (ndcg, default_ndcg))
        error = float(ndcg.std(ddof=1) / np.sqrt(ndcg.size)) if ndcg.size > 1 else 0.0
        return cls(ndcg.size, mean, default, error)

    def metric(self, split: str) -> Metric:
        """The NDCG with its interval of 95 %.

        Args:
            split: what was held out.
        """
        width = _HALF_WIDTH * self.error
        return Metric("NDCG@20", self.ndcg, self.ndcg - width, self.ndcg + width, self.users, split)


def search_weights(cached: CachedScores, default: Sequence[float]) -> LearnedWeights:
    """The weights nearest to the default within one standard error of the best.

    Args:
        cached: the legs' scores of the validation users' candidates.
        default: the weights to stay near to, one per leg, summing to 1.
    """
    start = tuple(default)
    if cached.users < MIN_USERS or not cached.held_out.hits.any():
        nothing = np.zeros(0)
        return LearnedWeights(dict(zip(cached.legs, start, strict=True)), nothing, nothing, 0.0)
    tried = {point: cached.ndcg(point) for point in [start, *_simplex(len(start), _GRID_STEPS)]}
    best = _climb(cached, tried)
    for point in _between(start, best):
        tried.setdefault(point, cached.ndcg(point))
    alone = max(float(ndcg.mean()) for point, ndcg in tried.items() if max(point) == 1.0)
    found = _nearest(tried, start, best, alone) if _is_worth_it(tried, start, best) else start
    weights = dict(zip(cached.legs, found, strict=True))
    return LearnedWeights(weights, tried[found], tried[start], alone)


def normalised(weights: Mapping[str, float], legs: Sequence[str]) -> Weights:
    """Weights in the order of the legs, summing to 1; equal ones where none is named."""
    raw = np.array([weights.get(leg, 0.0) for leg in legs])
    if raw.sum() <= 0:
        raw = np.ones(len(legs))
    return tuple(float(weight) for weight in raw / raw.sum())


def _climb(cached: CachedScores, tried: dict[Weights, Figures]) -> Weights:
    """The best weights, from the best that have been tried, by ever smaller steps.

    Args:
        cached: see `search_weights`.
        tried: NDCG by weights; what is tried on the way is added.
    """

    def mean(point: Weights) -> float:
        if point not in tried:
            tried[point] = cached.ndcg(point)
        return float(tried[point].mean())

    best = max(tried, key=mean)
    for step in _STEPS:
        while (better := max(_around(best, step), key=mean, default=best)) != best:
            if mean(better) <= mean(best):
                break
            best = better
    return best


def _nearest(
    tried: Mapping[Weights, Figures], start: Weights, best: Weights, alone: float
) -> Weights:
    """Those nearest to the start, of weights as good as the best and as any leg alone."""
    allowed = [
        point
        for point, ndcg in tried.items()
        if ndcg.mean() >= alone and _not_worse(tried[best], ndcg)
    ]
    target = np.asarray(start)
    return min(allowed, key=lambda point: float(np.abs(np.asarray(point) - target).sum()))


def _is_worth_it(tried: Mapping[Weights, Figures], start: Weights, best: Weights) -> bool:
    """Whether to leave the default: by far the better, or a leg alone is better beyond chance."""

    def is_better(point: Weights, least: float) -> bool:
        mean, error = gain(tried[point], tried[start])
        return mean > MIN_STANDARD_ERRORS * error and mean >= least * tried[start].mean()

    alone = [point for point in tried if max(point) == 1.0]
    return is_better(best, MIN_GAIN) or any(is_better(point, 0.0) for point in alone)


def _not_worse(best: Figures, other: Figures) -> bool:
    """Whether the mean paired difference is within its error."""
    mean, error = gain(best, other)
    return mean <= MAX_STANDARD_ERRORS * error


def _simplex(legs: int, steps: int) -> list[Weights]:
    """All weights in steps of 1 / steps that sum to 1."""
    return [
        tuple(part / steps for part in parts)
        for parts in product(range(steps + 1), repeat=legs)
        if sum(parts) == steps
    ]


def _around(point: Weights, step: float) -> list[Weights]:
    """Weights that differ from a point by moving one step, or what is left, to another leg."""
    moved = []
    for giver, taker in product(range(len(point)), repeat=2):
        amount = min(step, point[giver])
        if giver != taker and amount > 0.0:
            weights = list(point)
            weights[giver] -= amount
            weights[taker] += amount
            moved.append(tuple(round(weight, _ROUNDING) for weight in weights))
    return moved


def _between(start: Weights, end: Weights) -> list[Weights]:
    """Weights on the line from one to the other, both left out."""
    first, last = np.asarray(start), np.asarray(end)
    shares = np.arange(1, 10) / 10.0
    points = first + shares[:, np.newaxis] * (last - first)
    return [tuple(round(float(weight), _ROUNDING) for weight in point) for point in points]
