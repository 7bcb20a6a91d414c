"""Predicting ratings: biases, factors, which items were rated, and a bias that drifts.

`r̂ = μ + b_u + b_i + q_i·p_u + o_u(t)`. The factors are those of variational Bayes with priors that
are learned (`graphrec.recommenders.rating.posterior`), the priors depend on which items were rated
as in SVD++ (`graphrec.recommenders.rating.features`), and o_u(t) is what a user's bias forgets
again (`graphrec.recommenders.rating.drift`). Users are folded in from the history, so no table of
users is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, ITEMS, PREDICTION, TIMES, USER, WEIGHT, WEIGHTS
from graphrec.data.catalogue import Catalogue
from graphrec.data.contract import BelowZero, validate_interactions
from graphrec.data.histories import build_histories
from graphrec.data.interaction_columns import require_free_names
from graphrec.errors import ColumnError
from graphrec.kernels.exact_sums import exact_sum
from graphrec.kernels.types import read_only
from graphrec.progress import planned, stage
from graphrec.recommenders.als.engine import QUICK_WORK, check_size
from graphrec.recommenders.learning_estimator import LearningEstimator
from graphrec.recommenders.rating.features import OVERSAMPLING, learn_features
from graphrec.recommenders.rating.fitted import Ratings, Scale
from graphrec.recommenders.rating.in_blocks import SidesInBlocks
from graphrec.recommenders.rating.learning import (
    FIRST_NOISE,
    FIRST_PRECISION,
    Factors,
    learn,
    shrunken_bias,
)
from graphrec.recommenders.rating.model import RatingParams, RatingPredictorModel, timed_rows
from graphrec.recommenders.rating.on_driver import SidesOnDriver
from graphrec.recommenders.rating.posterior import posterior_columns
from graphrec.recommenders.rating.predicting import drift_of_rows
from graphrec.recommenders.rating.sides import Sides
from graphrec.spark.arrow import list_column, offsets
from graphrec.spark.parallelism import is_better_on_driver
from graphrec.spark.persisted import PersistedFrames
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_READ = "read"
_FACTORS = "factors"
_ENTRY_BYTES = 32  # of a rating in both orders, while they are made
_POSTERIOR_BYTES = 12  # of a number of a posterior: the old one, the new one and a copy


class RatingPredictor(LearningEstimator[RatingPredictorModel], RatingParams):
    """Learns to predict ratings. To rank items, use the recommenders: they do that better.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 5.0), ("ann", "milk", 1.0), ("ben", "tea", 5.0)],
        ...     "user string, item string, rating double",
        ... )
        >>> model = gr.RatingPredictor(rank=2, deviationCol="deviation").fit(ratings)
        >>> cas = spark.createDataFrame([("cas", "tea"), ("cas", "milk")], ["user", "item"])
        >>> [row.item for row in model.transform(cas).orderBy("prediction").collect()]
        ['milk', 'tea']
    """

    @planned((_READ, _FACTORS))
    def _fit(self, dataset: DataFrame) -> RatingPredictorModel:
        columns = self.columns_in(dataset)
        if columns.rating is None:
            raise ColumnError(
                "ratings cannot be predicted without a rating column",
                found=", ".join(dataset.columns),
                fix="name it as ratingCol",
            )
        require_free_names({"user": columns.user, "item": columns.item}, [PREDICTION])
        below_zero: BelowZero = "rating" if self.value("allowNegative") else "rejected"
        with (
            stage(_READ),
            validate_interactions(dataset, columns, below_zero=below_zero) as interactions,
        ):
            catalogue = Catalogue.from_interactions(interactions.accepted)
            persisted = PersistedFrames()
            histories = persisted.persist(build_histories(interactions.accepted, catalogue))
            scale, bias = _scale(interactions.accepted, catalogue)
            size = (histories.count(), interactions.figures.interactions)
        timed = columns.timestamp is not None
        with stage(_FACTORS):
            factors = self._factors(histories, catalogue, size, scale, bias, timed=timed)
        ratings = Ratings(columns, catalogue, histories, scale, factors, persisted)
        return self._copy_shared_values(RatingPredictorModel(ratings))

    def _factors(
        self,
        histories: DataFrame,
        catalogue: Catalogue,
        size: tuple[int, int],
        scale: Scale,
        bias: npt.NDArray[np.float32],
        *,
        timed: bool,
    ) -> Factors:
        rank, seed = self.value("rank"), self.value("seed")
        widest = max(posterior_columns(rank + 1), OVERSAMPLING * self.value("implicitRank"))
        check_size(max(size[0], catalogue.size), widest)
        variance = self.value("driftShare") if timed else 0.0
        settings = (FIRST_NOISE, variance, 60.0 * self.value("driftMinutes"))
        left = _without_drift(histories, bias, scale, settings)
        with PersistedFrames() as kept:
            sides = _sides(left, catalogue.size, size, rank, kept)
            features = learn_features(sides, catalogue.support, self.value("implicitRank"), seed)
            return learn(
                sides,
                features,
                bias,
                rank=rank,
                iterations=self.value("maxIter"),
                ratings=size[1],
                seed=seed,
            )


def _sides(
    ratings: DataFrame, items: int, size: tuple[int, int], rank: int, persisted: PersistedFrames
) -> Sides:
    """The ratings where they are quicker to work on: on the driver, or on the cluster."""
    users, entries = size
    posteriors = (users + items) * posterior_columns(rank + 1)
    held = entries * _ENTRY_BYTES + posteriors * _POSTERIOR_BYTES
    quick = entries * (rank + 1) ** 2 <= QUICK_WORK
    if is_better_on_driver(ratings.sparkSession, size=held, quick=quick):
        return SidesOnDriver(ratings, items)
    return SidesInBlocks(ratings, items, persisted)


def _scale(accepted: DataFrame, catalogue: Catalogue) -> tuple[Scale, npt.NDArray[np.float32]]:
    """The ratings' figures, and the items' first biases in units of the deviation."""
    row = accepted.agg(exact_sum(F.col(WEIGHT)), F.count("*"), F.min(WEIGHT), F.max(WEIGHT)).first()
    assert row is not None  # an aggregate without groups has one row
    total, count, lowest, highest = row
    if lowest == highest:
        raise ColumnError(
            "all ratings are alike, so there is nothing to predict",
            found=f"{count:,} x {lowest:g}",
            fix="name another column as ratingCol, or rank items by a recommender",
        )
    mean, width = total / count, highest - lowest
    # In units of the width, so that sums of squares stay small enough to be exact.
    left = (F.col(WEIGHT) - F.lit(mean)) / F.lit(width)
    items = catalogue.indices(accepted.sparkSession)
    sums = accepted.groupBy(ITEM).agg(
        exact_sum(left).alias("total"), exact_sum(left * left).alias("squares")
    )
    table = sums.join(items, ITEM).select(INDEX, "total", "squares").toArrow().sort_by(INDEX)
    deviation = width * float(np.sqrt(table["squares"].to_numpy().sum() / count))
    bias = shrunken_bias(table["total"].to_numpy() * width / deviation, catalogue.support)
    return Scale(mean, deviation, lowest, highest), bias.astype(np.float32)


def _without_drift(
    histories: DataFrame, bias: npt.NDArray[np.float32], scale: Scale, settings: tuple[float, ...]
) -> DataFrame:
    """(user, items, weights): ratings in units of the deviation, without mean and drift."""
    shared = share_arrays(histories.sparkSession, {"bias": bias})
    subtract = partial(_subtract_batches, shared=shared, scale=scale, settings=settings)
    plain = histories.select(USER, ITEMS, WEIGHTS, TIMES)
    return plain.mapInArrow(subtract, plain.drop(TIMES).schema)


def _subtract_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    scale: Scale,
    settings: tuple[float, ...],
) -> Iterator[pa.RecordBatch]:
    bias = shared.open()["bias"]
    for batch in batches:
        histories, order = timed_rows(batch, scale)
        left = histories.data[:, 0].copy()
        if settings[1] > 0.0:
            left -= drift_of_rows(histories, bias, read_only(np.array(settings)), FIRST_PRECISION)
        weights = np.empty(left.size, np.float32)
        weights[order] = left
        yield pa.RecordBatch.from_pydict(
            {
                USER: batch[USER],
                ITEMS: batch[ITEMS],
                WEIGHTS: list_column(offsets(batch[ITEMS]), weights),
            }
        )
