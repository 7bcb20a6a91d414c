"""A fitted hybrid: the legs, and how their scores are blended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from graphrec.params import between, param
from graphrec.recommenders.hybrid.learned_weights import HoldOutResult, normalised
from graphrec.recommenders.hybrid.weights import (
    DEFAULT_DECAY,
    DEFAULT_WEIGHTS,
    default_weights,
    in_order,
    is_word,
    lengths_by_leg,
    require_known,
    weights_by_leg,
)
from graphrec.recommenders.learning_estimator import ParamMap
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.popularity import PopularityModel


class HybridRecommenderModel(RecommenderModel):
    """Scores are weighted sums of the legs' z-scores.

    A leg's score is standardised per user with its exact mean and deviation over all items; the
    share of each leg in the score is a column of `rankedLists`, and the shares sum to the score.

    Attributes:
        chosen_on: how well its weights and settings predict what was held out to choose them; None
            where they were given, and after loading.
    """

    chosen_on: HoldOutResult | None = None

    weights = param(
        DEFAULT_WEIGHTS,
        "weight of each leg's standardised score in the blend; not set, the legs that are there "
        "have theirs of these, and any other leg their mean",
        weights_by_leg,
    )
    decayBeyond = param(
        DEFAULT_DECAY,
        "history length by leg from which on the leg's weight falls, as 1 / length; the length is "
        "the sum of the weights over the largest; a leg that is not named does not decay",
        lengths_by_leg,
    )
    pseudoInteractions = param(
        0.1,
        "share of each history's length that is added to it, at most 10 items, by what the blend "
        "lists first; from these histories the legs that read pairs are learned again "
        "(self-training), where there are several legs; 0: they are learned once. Where weights "
        "are learned, it is 0 as well if held-out items are predicted no better",
        between(0.0, 1.0),
    )
    _standardise: ClassVar[bool] = True

    def baselines(self) -> dict[str, RecommenderModel]:
        """The models that the blend is compared with: popularity, and each leg by itself.

        They share the tables and parameters of this model, so nothing is learned again; a leg is
        as it is in the blend, pseudo-interactions included. MMR is off in all of them.
        """
        models = {"popularity": self._only(PopularityModel, [])}
        models |= {leg: self._only(RecommenderModel, [leg]) for leg in self.legs}
        shared = {name: self._copyValues(model) for name, model in models.items()}
        return {name: model.setParams(diversity=0.0) for name, model in shared.items()}

    def _only(self, cls: type[RecommenderModel], legs: Sequence[str]) -> RecommenderModel:
        return cls(self.dataset, self.tables.only(legs), self.counted_pairs)

    def copy(self, extra: ParamMap | None = None) -> Self:
        """A copy that shares what was learned.

        Args:
            extra: values by Param. Instead of the words `learned` and `default` it keeps the
                weights that it has: a CrossValidator gives `transform` the map that it gave `fit`.
        """
        kept = {
            parameter: value
            for parameter, value in (extra or {}).items()
            if parameter != self.weights or not is_word(value)
        }
        return super().copy(kept)

    def _blend(self) -> tuple[float, ...]:
        if not self.isSet(self.weights):
            return normalised(default_weights(self.legs), self.legs)
        weights = self.value("weights")
        require_known(weights, self.legs)
        return in_order(weights, self.legs)

    def _decay(self) -> tuple[float, ...]:
        return in_order(self.value("decayBeyond"), self.legs)
