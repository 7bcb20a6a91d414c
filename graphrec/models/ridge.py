"""Ridge regression of each item on its co-watched ones, as a recommender."""

from __future__ import annotations

from collections.abc import Iterable

from graphrec.graph.order import weigh_by_order
from graphrec.graph.ridge import ridge_weights
from graphrec.models.params import OrderParams
from graphrec.models.recommender import Leg, Recommender, RecommenderModel
from graphrec.models.training import ITEM_PAIRS, TrainingData
from graphrec.params import at_least, between, param, positive
from graphrec.progress import stage
from graphrec.ranking.tables import NeighbourLeg


class RidgeModel(RecommenderModel):
    """Scores are the regression's predictions of the interaction."""


class RidgeRecommender(Recommender, OrderParams):
    """EASE on each item's best partners, with long histories counted less, and denoised.

    For sources and formulas see `graphrec.graph.ridge`.
    """

    partners = param(
        100, "K: items that each item is regressed on, the best by cosine", at_least(1)
    )
    regularization = param(50.0, "λ of the regression, in interactions", positive())
    denoising = param(0.5, "δ: share of the diagonal added to it", between(0.0, 100.0))
    userExponent = param(0.5, "of the user's strength in the Gram matrix", between(0.0, 2.0))

    leg = "ridge"
    _model = RidgeModel

    def exponents(self) -> Iterable[float]:
        """The Gram matrix is the sum of the user exponent."""
        return (self.value("userExponent"),)

    def learning(self) -> list[str]:
        """Pairs, and the regression on them."""
        return [ITEM_PAIRS, self.leg]

    def learn(self, data: TrainingData) -> list[Leg]:
        """The leg "ridge"."""
        pairs = data.pairs()
        with stage(self.leg):
            rows = ridge_weights(
                data.spark,
                pairs,
                user_exponent=self.value("userExponent"),
                partners=self.value("partners"),
                regularization=self.value("regularization"),
                denoising=self.value("denoising"),
                block_entries=data.params.value("blockEntries"),
            )
            rows = weigh_by_order(rows, pairs, self.value("orderExponent"))
        return [NeighbourLeg(self.leg, rows)]
