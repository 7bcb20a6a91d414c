"""Matrix factorisation of implicit feedback, as a recommender."""

from __future__ import annotations

from functools import partial
from typing import Final

from graphrec.factors.als import fit_als
from graphrec.factors.mllib_als import fit_mllib_als
from graphrec.models.recommender import Leg, Recommender, RecommenderModel
from graphrec.models.training import TrainingData
from graphrec.params import at_least, one_of, optional, param, positive
from graphrec.progress import stage
from graphrec.ranking.tables import FactorLeg

_ITERATIONS: Final = {"block": 5, "mllib": 8}


class ALSModel(RecommenderModel):
    """Scores are products of factors; a user's factor is folded in from the history."""


class ALSRecommender(Recommender):
    """Alternating least squares; for sources and the objective see `graphrec.factors.solver`."""

    rank = param(256, "number of latent dimensions", at_least(1))
    iterations = param(
        None,
        "how many times both sides are solved; None: 5 by our own engine, which starts near the "
        "solution, 8 by MLlib's",
        optional(at_least(1)),
    )
    unobserved = param(0.05, "a0: weight of an absent pair; MLlib's 1 / alpha", positive())
    regularization = param(
        0.05, "λ per interaction of a user or item; MLlib's regParam times a0", positive()
    )
    engine = param("block", "block: our own; mllib: Spark's ALS", one_of("block", "mllib"))
    seed = param(0, "of the random vectors that the factors start from", at_least(0))

    leg = "als"
    _model = ALSModel

    def learn(self, data: TrainingData) -> list[Leg]:
        """The leg "als"."""
        engine = self.value("engine")
        ours = partial(fit_als, block_entries=data.params.value("blockEntries"))
        fit = ours if engine == "block" else fit_mllib_als
        iterations = self.value("iterations") or _ITERATIONS[engine]
        with stage("factors") as counts:
            factors = fit(
                data.profiles,
                data.catalogue.size,
                rank=self.value("rank"),
                iterations=iterations,
                unobserved=self.value("unobserved"),
                regularization=self.value("regularization"),
                seed=self.value("seed"),
            )
            counts.update({"rank": self.value("rank"), "iterations": iterations})
        return [FactorLeg(self.leg, factors)]
