"""EASE, ridge regression of each item on its best neighbours, as a recommender."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphrec.cooccurrence.order import weigh_by_order
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.kernels.csr import CSR
from graphrec.params import at_least, between, param, positive
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.ease.solver import ridge_weights
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.shared_params import OrderParams
from graphrec.serving.tables import NeighbourLeg


class EASEModel(RecommenderModel):
    """Scores are the regression's predictions of the interaction."""


class EASERecommender(Recommender, OrderParams):
    """EASE on each item's best neighbours, with long histories counted less, and denoised.

    For sources and formulas see `graphrec.recommenders.ease.solver`.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> model = gr.EASERecommender(regParam=1.0).fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas|milk|   1|
        +----+----+----+
    """

    neighbours = param(
        100, "K: items that each item is regressed on, the best by cosine", at_least(1)
    )
    regParam = param(50.0, "λ of the regression, in interactions", positive())
    denoising = param(0.5, "δ: share of the diagonal added to it", between(0.0, 100.0))
    userExponent = param(
        0.5, "exponent of the user's strength in the Gram matrix", between(0.0, 2.0)
    )

    leg = "ease"
    _model = EASEModel

    def exponents(self) -> frozenset[float]:
        """The Gram matrix is the sum of the user exponent."""
        return frozenset({self.value("userExponent")})

    def learning(self) -> list[str]:
        """The regression on pairs."""
        return [self.leg]

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "ease"."""
        assert pairs is not None  # see `exponents`
        with stage(self.leg):
            rows = weigh_by_order(self._weights(dataset, pairs), pairs, self.value("orderExponent"))
        return [NeighbourLeg(self.leg, rows)]

    def learn_of_likely(self, dataset: Dataset, pairs: PairTable) -> list[Leg]:
        """The leg "ease"; in an update, solved for the items alone that others have than before.

        Of an item that nobody new has, the regression changes by what moves its neighbours. That
        is less than what likely items move by chance.
        """
        before = None if self.before is None else self.before.neighbour_legs.get(self.leg)
        if self.before is None or before is None or self.value("orderExponent"):
            return self.learn(dataset, pairs)
        with stage(self.leg) as counts:
            rows = self._weights(dataset, pairs, only=self.before.touched, before=before.weights)
            counts["items"] = int(self.before.touched.sum())
        return [NeighbourLeg(self.leg, rows)]

    def _weights(
        self,
        dataset: Dataset,
        pairs: PairTable,
        *,
        only: npt.NDArray[np.bool_] | None = None,
        before: CSR | None = None,
    ) -> CSR:
        return ridge_weights(
            dataset.spark,
            pairs,
            user_exponent=self.value("userExponent"),
            neighbours=self.value("neighbours"),
            regularization=self.value("regParam"),
            denoising=self.value("denoising"),
            block_entries=self.value("blockEntries"),
            only=only,
            before=before,
        )
