"""The most popular items for everybody: the baseline, and what a cold user gets."""

from __future__ import annotations

from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.model import RecommenderModel


class PopularityModel(RecommenderModel):
    """Lists the most popular items that the user has not seen; the score is the share of users."""


class PopularityRecommender(Recommender):
    """Counts how many users have each item.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> model = gr.PopularityRecommender().fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas| ham|   1|
        +----+----+----+
    """

    _model = PopularityModel

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """No leg at all: the catalogue's order is popularity."""
        return []
