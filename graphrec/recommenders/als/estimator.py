"""Matrix factorisation of implicit feedback, as a recommender."""

from __future__ import annotations

from functools import partial
from math import isqrt
from typing import Any, Final

from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.params import at_least, one_of, optional, param, positive
from graphrec.progress import stage
from graphrec.recommenders.als.engine import fit_als
from graphrec.recommenders.als.mllib import fit_mllib_als
from graphrec.recommenders.als.sweep import Objective
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.tables import FactorLeg

MAX_DEFAULT_RANK: Final = 256
_FACTORS: Final = "factors"
_ITERATIONS: Final = {"block": 5, "mllib": 8}
_ITERATIONS_ON: Final = 1  # from the factors before an update


class ALSModel(RecommenderModel):
    """Scores are products of factors; a user's factor is folded in from the history."""


class ALSRecommender(Recommender):
    """Alternating least squares on implicit feedback, with the Params of MLlib's `ALS`.

    For sources and the objective see `graphrec.recommenders.als.solver`.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> model = gr.ALSRecommender(rank=2, maxIter=3).fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas|milk|   1|
        +----+----+----+
    """

    rank = param(
        None,
        "number of latent dimensions; None: sqrt(interactions) / 2, at most 256, for few "
        "interactions support few of them",
        optional(at_least(1)),
    )
    maxIter = param(
        None,
        "how many times both sides are solved; None: 5 by our own engine, which starts near the "
        "solution, 8 by MLlib's",
        optional(at_least(1)),
    )
    alpha = param(
        20.0,
        "a weight r has the confidence 1 + alpha·r, an absent pair 1",
        positive(),
    )
    regParam = param(1.0, "λ, per interaction of a user or item", positive())
    engine = param("block", "block: our own; mllib: Spark's ALS", one_of("block", "mllib"))
    seed = param(0, "of the random vectors that the factors start from", at_least(0))

    leg = "als"
    _model = ALSModel

    def learning(self) -> list[str]:
        """The factors."""
        return [_FACTORS]

    def alternatives(self, dataset: Dataset) -> list[dict[str, Any]]:
        """Twice the default rank, where that is cheap."""
        rank = default_rank(int(dataset.catalogue.support.sum()))
        return [{"rank": 2 * rank}] if not self.value("rank") and rank < MAX_DEFAULT_RANK else []

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "als"."""
        engine = self.value("engine")
        users, interactions, _ = dataset.sizes
        start = self.vectors_before() if engine == "block" else None
        ours = partial(
            fit_als,
            size=(users, interactions),
            block_entries=self.value("blockEntries"),
            start=start,
        )
        fit = ours if engine == "block" else fit_mllib_als
        iterations = self.value("maxIter") or _ITERATIONS[engine]
        objective = Objective.implicit(self.value("alpha"), self.value("regParam"))
        rank = self.value("rank") or default_rank(int(dataset.catalogue.support.sum()))
        if start is not None:
            iterations, rank = _ITERATIONS_ON, start.shape[1]
        with stage(_FACTORS) as counts:
            factors = fit(
                dataset.histories,
                dataset.catalogue.size,
                rank=rank,
                iterations=iterations,
                unobserved=objective.unobserved,
                regularization=objective.regularization,
                seed=self.value("seed"),
            )
            counts.update({"rank": rank, "iterations": iterations})
        return [FactorLeg(self.leg, factors)]


def default_rank(interactions: int) -> int:
    """The rank where none is set; measured in `docs/decisions/als-rank.md`."""
    return max(1, min(MAX_DEFAULT_RANK, isqrt(interactions) // 2))
