"""What `weights="learned"` chooses on held-out items: settings of legs, weights, self-training.

The legs are learned once from the rest of the histories and the weights are searched. Then other
settings that a leg proposes (`Recommender.alternatives`) are tried one by one: that leg alone is
learned anew, and the weights are searched again. A setting is kept if it is better by more than
chance. Last comes self-training, by the lists of the weights that were found; it is kept unless it
is worse by more than chance, or worse than a leg alone is without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from graphrec.cooccurrence.table import PairTable, count_pairs
from graphrec.data.dataset import Dataset
from graphrec.progress import stage
from graphrec.recommenders.base import Leg
from graphrec.recommenders.hybrid.candidate_scores import MIN_STANDARD_ERRORS, gain
from graphrec.recommenders.hybrid.learned_weights import (
    HoldOutResult,
    LearnedWeights,
    search_weights,
)
from graphrec.recommenders.hybrid.low_similarity import mark_low_similarity

if TYPE_CHECKING:
    from graphrec.recommenders.hybrid.estimator import HybridRecommender

_WEIGHTS = "weights"


@dataclass(frozen=True)
class Choice:
    """A hybrid with settings, its legs learned from a part, and the weights that suit them."""

    hybrid: HybridRecommender  # whose weights are still to be learned
    legs: list[Leg]
    learned: LearnedWeights

    def beats(self, other: Choice) -> bool:
        """Whether it predicts the held-out items better by more than chance."""
        mean, error = gain(self.learned.ndcg, other.learned.ndcg)
        return mean > MIN_STANDARD_ERRORS * error

    def is_below_a_leg_of(self, other: Choice) -> bool:
        """Whether one leg of the other predicts better than this whole."""
        return float(self.learned.ndcg.sum()) < self.learned.ndcg.size * other.learned.best_leg


def choose(
    hybrid: HybridRecommender, dataset: Dataset, part: Dataset, validation: DataFrame
) -> tuple[HybridRecommender, HoldOutResult]:
    """A copy of a hybrid with the settings and weights that predict held-out items best.

    Args:
        hybrid: its weights are to be learned.
        dataset: what is served.
        part: the same without what is held out, which the legs are learned from.
        validation: see `graphrec.recommenders.hybrid.hold_out`.
    """
    pairs = count_pairs(part, hybrid.pair_spec(hybrid.exponents() or ()))
    marked = mark_low_similarity(validation, pairs)

    def weighed(with_settings: HybridRecommender, legs: list[Leg]) -> Choice:
        tables = with_settings.tables_of(part, legs, pairs)
        with stage(_WEIGHTS) as counts:
            cached = with_settings.cached_scores(dataset, tables, marked)
            counts["users"] = cached.users
            found = search_weights(cached, with_settings.blend_of(cached.legs))
        return Choice(with_settings, legs, found)

    best = first = weighed(hybrid, hybrid.learn_once(part, pairs))
    for leg, changed in _alternatives(hybrid, dataset):
        other = weighed(changed, _with_leg(leg, best.legs, changed, part, pairs))
        best = other if other.beats(best) else best
    with_weights = best.hybrid.with_settings({"weights": best.learned.weights})
    again = with_weights.learn_again(part, pairs, best.legs)
    if again is not best.legs:
        trained = weighed(best.hybrid, again)
        if best.beats(trained) or trained.is_below_a_leg_of(best):
            with_weights = with_weights.with_settings({"pseudoInteractions": 0.0})
        else:
            best = trained
            with_weights = with_weights.with_settings({"weights": trained.learned.weights})
    return with_weights, HoldOutResult.of(best.learned.ndcg, first.learned.default_ndcg)


def _alternatives(
    hybrid: HybridRecommender, dataset: Dataset
) -> Iterator[tuple[str, HybridRecommender]]:
    """The name of a leg, and the hybrid with another setting of it."""
    for leg in hybrid.legs:
        for settings in leg.alternatives(dataset):
            named = {f"{leg.leg}.{name}": value for name, value in settings.items()}
            yield leg.leg, hybrid.with_settings(named)


def _with_leg(
    name: str, legs: list[Leg], hybrid: HybridRecommender, part: Dataset, pairs: PairTable
) -> list[Leg]:
    """The legs, one of them learned anew by the settings of a hybrid."""
    learner = next(leg for leg in hybrid.learners(part) if leg.leg == name)
    anew = {leg.name: leg for leg in learner.learn(part, pairs)}
    return [anew.get(leg.name, leg) for leg in legs]
