"""Item kNN: a measure of association between items, as a recommender."""

from __future__ import annotations

from graphrec.cooccurrence.association import association_weights
from graphrec.cooccurrence.measures import MEASURES
from graphrec.cooccurrence.order import weigh_by_order
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.params import between, one_of, param
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.shared_params import OrderParams
from graphrec.serving.tables import NeighbourLeg


class ItemKNNModel(RecommenderModel):
    """Scores are sums of the measure over the history."""


class ItemKNNRecommender(Recommender, OrderParams):
    """Sums a measure of association over the items of the history.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> model = gr.ItemKNNRecommender(measure="jaccard").fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas|milk|   1|
        +----+----+----+
    """

    measure = param("cosine", f"one of {', '.join(MEASURES)}", one_of(*MEASURES))
    shrinkage = param(
        0.0, "s: the measure is multiplied by together / (together + s)", between(0.0, 1e9)
    )

    leg = "knn"
    _model = ItemKNNModel

    def learning(self) -> list[str]:
        """The measure of each pair."""
        return [self.leg]

    def exponents(self) -> frozenset[float]:
        """Measures are made of counts of users: no sums are read."""
        return frozenset()

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "knn"."""
        assert pairs is not None  # see `exponents`
        with stage(self.leg):
            rows = association_weights(
                pairs, measure=self.value("measure"), shrinkage=self.value("shrinkage")
            )
            rows = weigh_by_order(rows, pairs, self.value("orderExponent"))
        return [NeighbourLeg(self.leg, rows)]
