"""Learning the blend: hold a little out, fit the legs once, search the weights on cached scores.

Some two thousand users give up a tenth of their histories. The legs are learned once on all the
rest; each of those users' candidates is scored by every leg, and the weights are searched on these
cached z-scores alone. The legs are then kept as they are: a user's own factor is folded in from the
full history when it is served, so nothing has to be learned twice; only where those users are many
of all, and what they gave up is missed, are the legs learned again from everything.

A validation cut can mislead, and the best of many weights is the best by chance, too. The chosen
ones are therefore those *nearest to the default* that are not worse than the best found by more
than two standard errors of the paired difference (stricter than the one-standard-error rule of
Breiman et al., "Classification and regression trees", 1984), and that are at least as good as the
best leg alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, ITEMS, RECOMMENDATIONS, TIMES, USER, WEIGHTS

HELD_OUT = "held_out"  # array<int>
_LEAST_HISTORY = 5  # a shorter history has nothing to spare
FEWEST_USERS = 50  # a search on fewer finds what suits these few
CUTOFF = 20  # k of the NDCG that is searched
ERRORS = 2.0  # standard errors of a paired difference: what is within them may be chance


@dataclass(frozen=True)
class HoldOut:
    """Histories for learning the legs, and what is held out of some of them."""

    training: DataFrame  # (user, items, weights, times), all users
    validation: DataFrame  # (user, items, weights, times, held_out: array<int>), the chosen users


def hold_out(
    profiles: DataFrame,
    *,
    users: int = 2000,
    fraction: float = 0.1,
    latest: bool = False,
    seed: int = 0,
) -> HoldOut:
    """Take a part of the histories of a few users away.

    Args:
        profiles: (user, items, weights, times).
        users: how many users are asked, at most; chosen by a hash.
        fraction: share of their histories that is held out, at least one item.
        latest: take the latest items, instead of some by a hash; where there are times.
        seed: of the hashes.
    """
    profiles = profiles.select(USER, ITEMS, WEIGHTS, TIMES)
    drawn = profiles.where(F.size(ITEMS) >= _LEAST_HISTORY).select(
        USER, F.xxhash64(F.col(USER), F.lit(seed)).alias("draw")
    )
    chosen = F.broadcast(drawn.orderBy("draw", USER).limit(users).select(USER))
    shuffled = F.sort_array(
        F.transform(
            F.arrays_zip(ITEMS, WEIGHTS, TIMES),
            lambda entry: F.struct(
                (-entry[TIMES] if latest else F.lit(0.0)).alias("age"),
                F.xxhash64(F.col(USER), entry[ITEMS], F.lit(seed)).alias("draw"),
                entry.alias("entry"),
            ),
        )
    )
    spared = F.greatest(F.lit(1), F.round(F.size(ITEMS) * fraction).cast("int"))
    entries = F.transform("shuffled", lambda drawn: drawn["entry"])
    split = (
        profiles.join(chosen, USER)
        .select(USER, spared.alias("spared"), shuffled.alias("shuffled"))
        .select(
            USER,
            F.slice(entries, F.lit(1), F.col("spared")).alias("out"),
            F.sort_array(F.slice(entries, F.col("spared") + 1, F.size("shuffled"))).alias("kept"),
        )
    )
    kept = split.select(
        USER,
        *(F.col(f"kept.{name}").alias(name) for name in (ITEMS, WEIGHTS, TIMES)),
        F.col(f"out.{ITEMS}").alias(HELD_OUT),
    )
    others = profiles.join(chosen, USER, "left_anti")
    training = others.unionByName(kept.drop(HELD_OUT))
    return HoldOut(training, kept)


@dataclass(frozen=True)
class CachedScores:
    """The legs' z-scores of the candidates of the validation users: users x candidates, bounded."""

    legs: tuple[str, ...]
    scores: npt.NDArray[np.float32]  # (users, candidates, legs), -inf past a list's end
    hits: npt.NDArray[np.bool_]  # (users, candidates), held out
    relevant: npt.NDArray[np.int64]  # (users,), how many were held out

    @property
    def users(self) -> int:
        """How many users were asked."""
        return self.relevant.size

    @cached_property
    def ideal(self) -> npt.NDArray[np.float64]:
        """DCG of a perfect list, (users,)."""
        return np.cumsum(_discount(CUTOFF))[np.minimum(self.relevant, CUTOFF) - 1]

    @staticmethod
    def collect(
        nested: DataFrame, validation: DataFrame, items: DataFrame, legs: Sequence[str]
    ) -> CachedScores:
        """Gather what the search needs; some thousands of users, whatever the data.

        Args:
            nested: (user, recommendations), every leg at weight 1, candidates long.
            validation: (user, held_out: array<int>).
            items: (item, index).
            legs: names of the legs.
        """
        relevant = validation.select(USER, F.explode(HELD_OUT).alias(INDEX)).join(items, INDEX)
        labels = relevant.groupBy(USER).agg(F.collect_set(ITEM).alias(HELD_OUT))
        rows = (
            nested.join(labels, USER)
            .orderBy(USER)  # searches compare user by user
            .select(
                F.transform(
                    F.col(f"{RECOMMENDATIONS}.{ITEM}"),
                    lambda item: F.array_contains(HELD_OUT, item),
                ).alias("hits"),
                *(F.col(f"{RECOMMENDATIONS}.{leg}").alias(leg) for leg in legs),
                F.size(HELD_OUT).alias("relevant"),
            )
            .toArrow()
            .to_pylist()
        )
        longest = max((len(row["hits"]) for row in rows), default=0)
        scores = np.full((len(rows), longest, len(legs)), -np.inf, np.float32)
        hits = np.zeros((len(rows), longest), np.bool_)
        for place, row in enumerate(rows):
            size = len(row["hits"])
            hits[place, :size] = row["hits"]
            for leg, name in enumerate(legs):
                scores[place, :size, leg] = row[name]
        relevant_count = np.array([row["relevant"] for row in rows], np.int64)
        return CachedScores(tuple(legs), scores, hits, relevant_count)

    def ndcg(self, weights: Sequence[float]) -> npt.NDArray[np.float64]:
        """NDCG@20 of each user under some weights, (users,)."""
        used = np.flatnonzero(weights)  # 0 · -inf is not a number
        blended = self.scores[:, :, used] @ np.asarray(weights, np.float32)[used]
        top = min(CUTOFF, blended.shape[1])
        best = np.argpartition(-blended, top - 1, axis=1)[:, :top]
        order = np.take_along_axis(
            best, np.argsort(-np.take_along_axis(blended, best, 1), 1, kind="stable"), 1
        )
        gains = np.take_along_axis(self.hits, order, 1) @ _discount(top)
        return gains / self.ideal


def search_weights(cached: CachedScores, default: Sequence[float]) -> tuple[float, ...]:
    """The weights nearest to the default within two standard errors of the best.

    Args:
        cached: the legs' scores of the validation users' candidates.
        default: the weights to stay near to, summing to 1.

    Returns:
        One weight per leg, summing to 1.
    """
    if cached.users < FEWEST_USERS or not cached.hits.any():
        return tuple(default)
    legs = len(default)
    tried = {point: cached.ndcg(point) for point in [tuple(default), *_simplex(legs, 10)]}
    best = max(tried, key=lambda point: tried[point].mean())
    for point in _around(best, 0.05):
        tried.setdefault(point, cached.ndcg(point))
    best = max(tried, key=lambda point: tried[point].mean())
    alone = max(tried[point].mean() for point in tried if max(point) == 1.0)
    target = np.asarray(default)
    allowed = [
        point
        for point, ndcg in tried.items()
        if _not_worse(tried[best], ndcg) and ndcg.mean() >= alone
    ]
    return min(allowed, key=lambda point: float(np.abs(np.asarray(point) - target).sum()))


def normalised(weights: Mapping[str, float], legs: Sequence[str]) -> tuple[float, ...]:
    """Weights in the order of the legs, summing to 1; equal ones where none is named."""
    raw = np.array([weights.get(leg, 0.0) for leg in legs])
    if raw.sum() <= 0:
        raw = np.ones(len(legs))
    return tuple(float(weight) for weight in raw / raw.sum())


def _not_worse(best: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> bool:
    """Whether the mean paired difference is within its error."""
    difference = best - other
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    return bool(difference.mean() <= ERRORS * error)


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


def _discount(length: int) -> npt.NDArray[np.float64]:
    return 1.0 / np.log2(np.arange(2, length + 2))
