"""Item embeddings learned by a softmax over all items, as a recommender."""

from __future__ import annotations

from typing import Final

from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.params import at_least, between, optional, param, positive
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.embedding.softmax import Training, fit_softmax
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.tables import FactorLeg

_EMBEDDINGS: Final = "embeddings"


class EmbeddingModel(RecommenderModel):
    """Scores are cosines of an item's vector and the mean of the history's."""


class EmbeddingRecommender(Recommender):
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

    rank = param(128, "number of latent dimensions", at_least(1))
    epochs = param(
        None,
        "passes over all histories; None: 15, more for few users, and fewer for more than 68,000",
        optional(at_least(1)),
    )
    temperature = param(
        0.06, "τ: cosines are divided by it; the lower, the more the best items count", positive()
    )
    targetShare = param(
        0.5, "share of each history that is to be predicted from the rest", between(0.05, 0.95)
    )
    negatives = param(
        2048,
        "items that stand for all others in a step; all of them, if there are no more",
        at_least(1),
    )
    learningRate = param(1.0, "length of an item's first step of Adagrad", positive())
    seed = param(0, "of the first vectors and of all draws", at_least(0))

    leg = "embedding"
    _model = EmbeddingModel

    def learning(self) -> list[str]:
        """The embeddings."""
        return [_EMBEDDINGS]

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "embedding"."""
        training = Training(
            rank=self.value("rank"),
            epochs=self.value("epochs"),
            temperature=self.value("temperature"),
            target_share=self.value("targetShare"),
            negatives=self.value("negatives"),
            rate=self.value("learningRate"),
            seed=self.value("seed"),
        )
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
