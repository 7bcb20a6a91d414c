"""Neural collaborative filtering, as a recommender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.params import at_least, optional, param, positive
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.embedding.params import SoftmaxParams
from graphrec.recommenders.embedding.softmax import divisible_histories
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.neural.on_tasks import learn_on_tasks
from graphrec.recommenders.neural.training import (
    NetworkTraining,
    as_factors,
    learn_network,
)
from graphrec.serving.tables import FactorLeg

_NETWORK: Final = "neural network"


class NeuralModel(RecommenderModel):
    """Scores are cosines of an item's vector and what a network makes of the history's mean."""


def widths(value: Any) -> list[int]:
    """Check the widths of hidden layers."""
    wanted = "a list of whole numbers of at least 1"
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(wanted)
    try:
        return [at_least(1)(width) for width in value]
    except ValueError:
        raise ValueError(wanted) from None


class NeuralRecommender(SoftmaxParams, Recommender):
    """Item vectors and a network over them that predict one part of a history from the other.

    A user's vector is the mean of the history's item vectors, as in `EmbeddingRecommender`, plus
    what a multi-layer perceptron makes of it. So what two items mean together need not be the sum
    of what each means. See `graphrec.recommenders.neural.tower` for the network and its sources.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> model = gr.NeuralRecommender(rank=4, hiddenLayers=[8], epochs=20).fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas|milk|   1|
        +----+----+----+
    """

    temperature = param(
        0.15, "τ: cosines are divided by it; the lower, the more the best items count", positive()
    )
    hiddenLayers = param(
        (256,),
        "widths of the network's hidden layers; none: generalised matrix factorisation alone",
        widths,
    )
    layerRate = param(
        0.001, "about how far a step of Adam moves a parameter of a layer", positive()
    )
    batchSize = param(
        None, "users of a step; None: a 60th of all, from 32 to 512", optional(at_least(1))
    )
    trainingTasks = param(
        1,
        "Spark tasks that learn together, to the same bits; 1: all cores of the driver. A batch is "
        "divided in blocks of 128 users",
        at_least(1),
    )

    leg = "neural"
    _model = NeuralModel

    def learning(self) -> list[str]:
        """The network."""
        return [_NETWORK]

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "neural"."""
        training = NetworkTraining(
            self.training(self.value("batchSize")),
            tuple(self.value("hiddenLayers")),
            self.value("layerRate"),
        )
        items, tasks = dataset.catalogue.size, self.value("trainingTasks")
        with stage(_NETWORK) as counts:
            share = self.value("blockEntries") / max(dataset.sizes.interactions, 1)
            histories = divisible_histories(dataset.histories, share, training.softmax.seed)
            if tasks == 1:
                network = learn_network(histories, items, training)
            else:
                network = learn_on_tasks(dataset.spark, histories, items, training, tasks)
            counts["rank"] = training.softmax.rank
        return [FactorLeg(self.leg, as_factors(network))]
