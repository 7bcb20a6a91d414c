"""MLlib's multi-layer perceptron over a user's and an item's vector, one after the other.

It knows classes, not lists: what a user has is of class 1, and of as many other items drawn at
random as one likes, class 0. It is asked for each pair, so give it candidates, such as the lists
of a recommender.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.ml.classification import (
    MultilayerPerceptronClassificationModel,
    MultilayerPerceptronClassifier,
)
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.stat import Summarizer
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

_FEATURES = ["user_vector", "item_vector"]


@dataclass(frozen=True)
class PairScorer:
    """A perceptron with the vectors that it reads.

    Attributes:
        model: of two classes.
        users: (user, user_vector).
        items: (item, item_vector).
    """

    model: MultilayerPerceptronClassificationModel
    users: DataFrame
    items: DataFrame

    def score(self, pairs: DataFrame) -> DataFrame:
        """Pairs with the probability that the user takes the item.

        Args:
            pairs: the columns user and item, whatever others; pairs of unknown ones are left out.
        """
        found = self.model.transform(_with_features(pairs, self.users, self.items))
        probability = F.element_at(vector_to_array(F.col("probability")), 2)
        return found.select(*pairs.columns, probability.alias("probability"))


def fit_perceptron(
    interactions: DataFrame,
    vectors: DataFrame,
    *,
    hidden: Sequence[int] = (32,),
    negatives: int = 4,
    iterations: int = 50,
    seed: int = 0,
) -> PairScorer:
    """Learn a perceptron over pairs of vectors.

    Args:
        interactions: the columns user and item.
        vectors: (item, vector: array of numbers), as `model.itemFactors`; a user's is the mean over
            the history.
        hidden: widths of the hidden layers.
        negatives: items drawn for each interaction.
        iterations: of the optimiser, L-BFGS.
        seed: of the draws and the first weights.
    """
    taken = interactions.select("user", "item").distinct()
    items = vectors.toDF("item", "vector").select(
        "item", array_to_vector(F.col("vector")).alias("item_vector")
    )
    mean = Summarizer.mean(F.col("item_vector")).alias("user_vector")
    users = taken.join(items, "item").groupBy("user").agg(mean)
    others = _drawn(taken, items, negatives, seed).join(taken, ["user", "item"], "left_anti")
    labelled = taken.withColumn("label", F.lit(1)).union(others.withColumn("label", F.lit(0)))
    training = _with_features(labelled, users, items).cache()
    [first] = training.take(1)
    layers = [first["features"].size, *hidden, 2]
    classifier = MultilayerPerceptronClassifier(layers=layers, maxIter=iterations, seed=seed)
    model = classifier.fit(training)
    training.unpersist()
    return PairScorer(model, users, items)


def _drawn(taken: DataFrame, items: DataFrame, count: int, seed: int) -> DataFrame:
    """(user, item): for each interaction some items by a hash, so that runs are alike."""
    in_order = Window.orderBy("item")  # the catalogue, in one partition
    numbered = items.select("item", (F.row_number().over(in_order) - 1).alias("number"))
    hashed = F.xxhash64("user", "item", "draw", F.lit(seed))
    draws = taken.withColumn("draw", F.explode(F.sequence(F.lit(1), F.lit(count))))
    drawn = draws.select("user", F.pmod(hashed, F.lit(items.count())).alias("number"))
    return drawn.join(numbered, "number").select("user", "item").distinct()


def _with_features(pairs: DataFrame, users: DataFrame, items: DataFrame) -> DataFrame:
    joined = pairs.join(users, "user").join(items, "item")
    return VectorAssembler(inputCols=_FEATURES, outputCol="features").transform(joined)
