"""Item embeddings learned by a softmax over all items, as a recommender."""

from __future__ import annotations

from typing import Final

from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.embedding.params import SoftmaxParams
from graphrec.recommenders.embedding.softmax import fit_softmax
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.tables import FactorLeg

_EMBEDDINGS: Final = "embeddings"


class EmbeddingModel(RecommenderModel):
    """Scores are cosines of an item's vector and the mean of the history's."""


class EmbeddingRecommender(SoftmaxParams, Recommender):
    """Item vectors that predict one part of a history from the other.

    For sources and the objective see `graphrec.recommenders.embedding.softmax`.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> model = gr.EmbeddingRecommender(rank=4, epochs=20).fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas|milk|   1|
        +----+----+----+
    """

    leg = "embedding"
    _model = EmbeddingModel

    def learning(self) -> list[str]:
        """The embeddings."""
        return [_EMBEDDINGS]

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "embedding"."""
        training = self.training()
        start = self.vectors_before()
        with stage(_EMBEDDINGS) as counts:
            factors = fit_softmax(
                dataset.histories,
                dataset.catalogue.size,
                training,
                interactions=dataset.sizes.interactions,
                block_entries=self.value("blockEntries"),
                start=start,
            )
            counts["rank"] = training.rank
        return [FactorLeg(self.leg, factors)]
