"""Random walks as a recommender: the three-step walk, and personalized PageRank."""

from __future__ import annotations

import math

from graphrec.cooccurrence.order import weigh_by_order
from graphrec.cooccurrence.prune import prune_neighbours
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.errors import ParameterError
from graphrec.graph.bipartite import UserItemGraph
from graphrec.kernels.csr import CSR
from graphrec.params import at_least, between, one_of, param
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.shared_params import OrderParams
from graphrec.recommenders.walks.graphframes_pagerank import item_pagerank_rows
from graphrec.recommenders.walks.p3 import discounted, walk_weights
from graphrec.recommenders.walks.pagerank import item_pagerank
from graphrec.serving.tables import NeighbourLeg


class RandomWalkModel(RecommenderModel):
    """Scores are probabilities of the walk, times `strength^-popularityExponent` of the item."""


class RandomWalkRecommender(Recommender, OrderParams):
    """Walks on the user-item graph, started from the user's history.

    `method="p3"` goes user -> item -> user -> item, which is P3 with the default exponents
    and RP3beta with a `popularityExponent` above 0; `method="pagerank"` goes on, and returns to the
    user with `restartProbability` at each step: personalized PageRank. For sources and formulas
    see `graphrec.recommenders.walks.p3` and `graphrec.recommenders.walks.pagerank`.

    `engine="graphframes"` has GraphFrames compute the rows of `method="pagerank"`, each item a
    source in turn, on the graph itself instead of the pair table (so `maxNeighbours`, `minSupport`
    and `maxHistory` do not count). It is meant for comparison: it is slow, takes small catalogues
    only, and cannot weigh interactions; see `graphrec.recommenders.walks.graphframes_pagerank`.
    Everything else of the model is the same. For the PageRank of a few users alone, see
    `user_pagerank` there.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> model = gr.RandomWalkRecommender(popularityExponent=0.3).fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas|milk|   1|
        +----+----+----+
    """

    method = param(
        "p3",
        "p3: three steps (RP3beta with a popularityExponent); pagerank: with restarts",
        one_of("p3", "pagerank"),
    )
    engine = param(
        "table",
        "of method=pagerank; table: our own; graphframes: GraphFrames, for small catalogues",
        one_of("table", "graphframes"),
    )
    restartProbability = param(
        0.5,
        "of each step of method=pagerank; small values make long walks, which only add popularity",
        between(0.0, 1.0, open_low=True, open_high=True),
    )
    tolerance = param(
        1e-4,
        "residual probability that method=pagerank may leave in each row",
        between(0.0, 1.0, open_low=True),
    )
    leastMass = param(
        1e-3,
        "least residual probability of an item that method=pagerank pushes to its neighbours: "
        "bounds the work on large graphs; 0: all is pushed",
        between(0.0, 1.0),
    )
    maxEntries = param(400, "entries that each item's row of method=pagerank keeps", at_least(1))
    itemExponent = param(1.0, "b: exponent of the history item's strength", between(0.0, 2.0))
    userExponent = param(
        1.0, "c: exponent of the strength of the user in between", between(0.0, 2.0)
    )
    popularityExponent = param(
        0.0, "d: exponent of the listed item's strength; discounts popular items", between(0.0, 2.0)
    )

    leg = "walk"
    neighbours = param(
        512, "items that each item leads to in method=p3, the best by cosine", at_least(1)
    )

    _model = RandomWalkModel

    def exponents(self) -> frozenset[float]:
        """The walk needs the sums of its user exponent."""
        return frozenset({self.value("userExponent")})

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "walk".

        Raises:
            GraphFramesError: engine=graphframes, and the session has no GraphFrames.
            ParameterError: engine=graphframes with weights or too many items.
        """
        assert pairs is not None  # see `exponents`
        restarts = self.value("method") == "pagerank"
        with stage(self.leg):
            rows = self._restarting(dataset, pairs) if restarts else self._of_three_steps(pairs)
            rows = weigh_by_order(rows, pairs, self.value("orderExponent"))
        return [NeighbourLeg(self.leg, rows, divide_by_strength=True)]

    def learning(self) -> list[str]:
        """Walks on pairs."""
        return [self.leg]

    def check(self) -> None:
        """Raise a ParameterError if the engine cannot compute the method."""
        if self.value("method") != "pagerank" and self.value("engine") != "table":
            raise ParameterError(
                "GraphFrames computes method='pagerank' only",
                found=f"method={self.value('method')!r}",
                fix="set method='pagerank' or engine='table'",
            )

    def _of_three_steps(self, pairs: PairTable) -> CSR:
        return walk_weights(
            prune_neighbours(pairs, self.value("neighbours")),
            item_exponent=self.value("itemExponent"),
            user_exponent=self.value("userExponent"),
            popularity_exponent=self.value("popularityExponent"),
        )

    def _restarting(self, dataset: Dataset, pairs: PairTable) -> CSR:
        """Item rows of `ppr(user) = (1 - c)·Σ_i P(user -> i)·ppr(i)`, discounted."""
        restart = self.value("restartProbability")
        limits = {
            "restart_probability": restart,
            "tolerance": self.value("tolerance"),
            "max_entries": self.value("maxEntries"),
        }
        if self.value("engine") == "graphframes":
            with UserItemGraph.from_histories(dataset.histories, dataset.catalogue) as graph:
                rows, scale = item_pagerank_rows(graph, **limits), 1.0 - restart
        else:
            rows = item_pagerank(
                dataset.spark,
                pairs,
                least_mass=self.value("leastMass"),
                block_entries=self.value("blockEntries"),
                **limits,
            ).rows
            # ppr(i) = (c / c')·chain(i) on the items, c' = 1 - (1 - c)²
            scale = (1.0 - restart) * restart / (1.0 - math.pow(1.0 - restart, 2))
        return discounted(rows, pairs.strength, self.value("popularityExponent"), scale)
