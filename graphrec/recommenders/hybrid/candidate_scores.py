"""The legs' scores of validation users' candidates, by which weights and settings are judged.

Of a random split, many held-out items are easy to predict from similar ones in the histories, so a
gain there may be of no use for predicting what users have later. Therefore the items that are not
similar to the history (`graphrec.recommenders.hybrid.low_similarity`) count once more: the value of
a choice is the sum of two NDCGs, one with all held-out items as relevant, and one with the
low-similarity items alone, and a gain counts only if it is beyond chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, RECOMMENDATIONS, USER
from graphrec.kernels.rounding import ROUNDING
from graphrec.recommenders.hybrid.hold_out import HELD_OUT
from graphrec.recommenders.hybrid.low_similarity import LOW_SIMILARITY

CUTOFF = 20  # k of the NDCG that is searched
MIN_STANDARD_ERRORS = 2.0  # standard errors of a paired difference: a smaller one may be chance

Figures = npt.NDArray[np.float64]


class Judged(NamedTuple):
    """NDCG@20 under some weights."""

    ndcg: Figures  # (users,)
    low_similarity: Figures  # (users who have such items,), with these alone as relevant
    value: Figures  # (users,), by which choices are made: its mean is the sum of both means


@dataclass(frozen=True)
class Relevant:
    """The relevant items of each user, which the lists should hold."""

    hits: npt.NDArray[np.bool_]  # (users, candidates), True: the candidate is relevant
    count: npt.NDArray[np.int64]  # (users,), all relevant items, candidates or not

    def ndcg(self, listed: npt.NDArray[np.int64]) -> Figures:
        """NDCG of some lists, (users who have relevant items,).

        Args:
            listed: (users, k), candidates.
        """
        gains = np.take_along_axis(self.hits, listed, 1) @ _discount(listed.shape[1])
        some = self.count > 0
        return gains[some] / np.cumsum(_discount(CUTOFF))[np.minimum(self.count[some], CUTOFF) - 1]


@dataclass(frozen=True)
class CachedScores:
    """The legs' z-scores of the validation users' candidates; as large as users x candidates."""

    legs: tuple[str, ...]
    scores: npt.NDArray[np.float32]  # (users, candidates, legs), -inf past a list's end
    held_out: Relevant
    low_similarity: Relevant  # of the held-out items

    @property
    def users(self) -> int:
        """How many validation users there are."""
        return self.held_out.count.size

    @staticmethod
    def collect(
        nested: DataFrame, validation: DataFrame, items: DataFrame, legs: Sequence[str]
    ) -> CachedScores:
        """Gather what the search needs; some thousands of users, whatever the data.

        Args:
            nested: (user, recommendations), every leg at weight 1, candidates long.
            validation: (user, held_out: array<int>, low_similarity: array<int>).
            items: (item, index).
            legs: names of the legs.
        """
        held_out = validation.select(USER, F.explode(HELD_OUT).alias(INDEX), LOW_SIMILARITY)
        labels = (
            held_out.join(items, INDEX)
            .groupBy(USER)
            .agg(
                F.collect_set(ITEM).alias(HELD_OUT),
                F.collect_set(
                    F.when(F.array_contains(LOW_SIMILARITY, F.col(INDEX)), F.col(ITEM))
                ).alias(LOW_SIMILARITY),
            )
        )
        rows = (
            nested.join(labels, USER)
            .orderBy(USER)  # searches compare user by user
            .select(
                *(_hits(name).alias(name) for name in (HELD_OUT, LOW_SIMILARITY)),
                *(F.size(name).alias(f"{name}_count") for name in (HELD_OUT, LOW_SIMILARITY)),
                *(F.col(f"{RECOMMENDATIONS}.{leg}").alias(leg) for leg in legs),
            )
            .toArrow()
            .to_pylist()
        )

        def padded(name: str, filler: float) -> npt.NDArray[np.float32]:
            return _padded([row[name] for row in rows], filler)

        def relevant(name: str) -> Relevant:
            count = np.array([row[f"{name}_count"] for row in rows], np.int64)
            return Relevant(padded(name, 0.0) > 0, count)

        scores = np.stack([padded(leg, -np.inf) for leg in legs], axis=2)
        return CachedScores(tuple(legs), scores, relevant(HELD_OUT), relevant(LOW_SIMILARITY))

    def ndcg(self, weights: Sequence[float]) -> Figures:
        """NDCG@20 under some weights of the legs, (users who have something to find,)."""
        return self.held_out.ndcg(self._listed(weights))

    def judge(self, weights: Sequence[float]) -> Judged:
        """How good the lists are that some weights of the legs give."""
        listed = self._listed(weights)
        ndcg, low = self.held_out.ndcg(listed), self.low_similarity.ndcg(listed)
        has_low = self.low_similarity.count > 0
        value = ndcg.copy()
        value[has_low] += low * (has_low.size / max(low.size, 1))
        return Judged(ndcg, low, value)

    def _listed(self, weights: Sequence[float]) -> npt.NDArray[np.int64]:
        """The best candidates, (users, k)."""
        used = np.flatnonzero(weights)  # 0 · -inf is not a number
        blended = self.scores[:, :, used] @ np.asarray(weights, np.float32)[used]
        top = min(CUTOFF, blended.shape[1])
        best = np.argpartition(-blended, top - 1, axis=1)[:, :top]
        order = np.argsort(-np.take_along_axis(blended, best, 1), 1, kind="stable")
        return np.take_along_axis(best, order, 1)


def gain(new: Figures, old: Figures) -> tuple[float, float]:
    """The mean gain and its standard error, paired by user; the error of one user is 0.

    A difference of no more than rounding is no gain.

    Args:
        new: (users,), a figure of each.
        old: (users,), the same under other weights or settings.
    """
    difference = new - old
    difference[np.abs(difference) <= ROUNDING * np.maximum(new, old)] = 0.0
    if difference.size < 2:
        return float(difference.sum()), 0.0
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(difference.size))


def _hits(relevant: str) -> Column:
    """1 for each recommended item that is in an array column, else 0."""
    listed = F.col(f"{RECOMMENDATIONS}.{ITEM}")
    return F.transform(listed, lambda item: F.array_contains(relevant, item).cast("float"))


def _discount(length: int) -> Figures:
    return 1.0 / np.log2(np.arange(2, length + 2))


def _padded(rows: Sequence[Sequence[float]], filler: float) -> npt.NDArray[np.float32]:
    """Lists of some lengths as one array, (rows, longest)."""
    longest = max((len(row) for row in rows), default=0)
    padded = np.full((len(rows), longest), filler, np.float32)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = row
    return padded
