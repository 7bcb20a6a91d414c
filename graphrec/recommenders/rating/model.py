"""A fitted rating predictor: users are folded in from their ratings when they are predicted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.ml.base import Model
from pyspark.ml.util import MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import INDEX, ITEM, ITEMS, PREDICTION, TIMES, TIMESTAMP, USER, WEIGHTS
from graphrec.data.checks import require_free
from graphrec.data.column_types import quoted
from graphrec.data.contract import BelowZero, accepted_rows, judge_rows
from graphrec.data.dataset_params import ColumnParams
from graphrec.data.frames import free_name, require_frame
from graphrec.data.histories import build_histories, with_known_histories
from graphrec.data.id_types import id_column
from graphrec.data.interaction_columns import InteractionColumns, has_column, require_column
from graphrec.data.timestamps import epoch_seconds
from graphrec.errors import ParameterError
from graphrec.kernels.csr import CSR, csr, row_indices
from graphrec.kernels.types import Vector, read_only
from graphrec.params import at_least, between, filled, flag, optional, param, positive
from graphrec.recommenders.rating.fitted import Ratings, Scale
from graphrec.recommenders.rating.predicting import predict_rows
from graphrec.recommenders.rating.saved import RatingReader, RatingWriter
from graphrec.recommenders.shared_params import PredictionParams
from graphrec.serving.pair_scores import WANTED
from graphrec.spark.arrow import list_column, offsets, values
from graphrec.spark.shared_arrays import SharedArrays, share_arrays
from graphrec.spark.threads import one_thread

_DEVIATION = "deviation"


class RatingSettings(PredictionParams):
    """How ratings are predicted, whatever their columns are called."""

    rank = param(16, "number of latent dimensions", at_least(1))
    implicitRank = param(
        32, "dimensions of which items were rated, whatever the ratings", at_least(1)
    )
    maxIter = param(10, "how many times both sides are solved", at_least(1))
    driftShare = param(
        0.08,
        "share of the ratings' variance by which a user's bias drifts; 0: it does not, as where "
        "there are no times",
        between(0.0, 1.0, open_high=True),
    )
    driftMinutes = param(10.0, "minutes after which the drift is forgotten to 1/e", positive())
    allowNegative = param(False, "ratings below 0 are part of the scale, and not rejected", flag())
    deviationCol = param(
        None,
        "column that transform adds with the standard deviation of each prediction; None: none",
        optional(filled()),
    )
    onlyEarlier = param(
        False,
        "predict from the user's ratings before the pair's time alone; every pair is then solved "
        "by itself",
        flag(),
    )
    seed = param(0, "of the first factors", at_least(0))


class RatingParams(RatingSettings, ColumnParams):
    """Parameters of the rating prediction."""


class RatingPredictorModel(Model, RatingParams, MLWritable, MLReadable[Any]):
    """Predicts the rating of given (user, item) pairs."""

    def __init__(self, ratings: Ratings, **values: Any) -> None:
        super().__init__(**values)
        self.ratings = ratings

    def _transform(self, dataset: DataFrame) -> DataFrame:
        """Add `predictionCol`: float, within the range of the ratings, never null.

        An unknown user counts as one who has rated nothing, an unknown item as one that nobody
        has; so does an id that is missing. Ratings beside the pairs are not looked at. Where the
        pairs have times, in a column of the name it had when the model was fitted, each rating is
        predicted for its time. With `deviationCol` there is also the standard deviation of the
        error that is to be expected: 90 % of all ratings lie within 1.645 of it.

        Raises:
            ColumnError: the user or the item column is missing, or one of a new column's name is
                there already.
            ParameterError: `onlyEarlier` is set and there are no times.
        """
        ratings = self.ratings
        timed = ratings.columns.timestamp is not None
        return self._with_predictions(dataset, ratings.histories, timed=timed)

    def predictForProfiles(self, dataset: DataFrame, profiles: DataFrame) -> DataFrame:
        """Predict as `transform` does, from other ratings than those that were learned from.

        Nothing is learned: users are folded in. A row of a profile that would have been rejected
        in a fit adds nothing, and neither does an unknown item.

        Args:
            dataset: pairs, as for `transform`.
            profiles: ratings of these users, in columns named as in the fit; times may be left out.
                A user without any counts as unknown, even if the model knows ratings of this user.

        Raises:
            ColumnError: as `transform`, or a column of the profiles is missing.
        """
        require_frame(profiles, "the table of profiles")
        known = self.ratings.columns
        for role, name in (("user", known.user), ("item", known.item), ("rating", known.rating)):
            require_column(profiles, role, str(name))
        when = known.timestamp
        timed = when is not None and has_column(profiles, "timestamp", when)
        columns = InteractionColumns(known.user, known.item, known.rating, when if timed else None)
        ids = {known.user: self._user(profiles), known.item: self._item(profiles)}
        below_zero: BelowZero = "rating" if self.value("allowNegative") else "rejected"
        judged = judge_rows(profiles.withColumns(ids), columns, below_zero=below_zero)
        accepted = accepted_rows(
            judged,
            columns,
            duplicates="last",
            half_life_days=None,
            latest=None,
            below_zero=below_zero,
        )
        histories = build_histories(accepted, self.ratings.catalogue)
        return self._with_predictions(dataset, histories, timed=timed)

    def unpersist(self) -> None:
        """Free the memory that the ratings take, of the copies of this model, too.

        All of them still work: the input is read again. A model that nobody refers to any more,
        nor to a copy, frees all by itself.
        """
        self.ratings.persisted.unpersist()

    def write(self) -> MLWriter:
        """A writer: `model.write().overwrite().save(path)`."""
        return RatingWriter(self)

    @classmethod
    def read(cls) -> MLReader[Any]:
        """A reader: `RatingPredictorModel.load(path)`."""
        return RatingReader(cls)

    # --- pairs ------------------------------------------------------------------------------------

    def _with_predictions(
        self, dataset: DataFrame, histories: DataFrame, *, timed: bool
    ) -> DataFrame:
        require_frame(dataset, "the dataset")
        added = {PREDICTION: self.value("predictionCol"), _DEVIATION: self.value("deviationCol")}
        added = {own: name for own, name in added.items() if name is not None}
        for own, name in added.items():
            require_free(dataset, name, fix=f"set another {own}Col")
        if len(set(added.values())) < len(added):
            raise ParameterError(
                "predictionCol and deviationCol must differ", found=repr(added[PREDICTION])
            )
        names = {
            role: free_name(f"{role}_key", dataset.columns) for role in (USER, ITEM, TIMESTAMP)
        }
        keyed = dataset.select(
            "*",
            self._user(dataset).alias(names[USER]),
            self._item(dataset).alias(names[ITEM]),
            self._time(dataset, timed=timed).alias(names[TIMESTAMP]),
        )
        items = self.ratings.catalogue.indices(dataset.sparkSession)
        pairs = keyed.select(*(F.col(name).alias(role) for role, name in names.items())).distinct()
        indexed = pairs.join(F.broadcast(items), ITEM, "left").select(
            USER, ITEM, TIMESTAMP, F.coalesce(INDEX, F.lit(-1)).alias(INDEX)
        )
        wanted = indexed.groupBy(USER).agg(F.collect_set(F.struct(INDEX, TIMESTAMP)).alias(WANTED))
        predicted = self._predicted(
            with_known_histories(wanted, histories.select(USER, ITEMS, WEIGHTS, TIMES)),
            timed=timed,
        )
        keys = {USER: USER, INDEX: INDEX, TIMESTAMP: TIMESTAMP}
        scored = _join_with_null(indexed, predicted, keys).select(
            *names, *(F.col(own).alias(name) for own, name in added.items())
        )
        found = _join_with_null(keyed, scored, {name: role for role, name in names.items()})
        return found.drop(*names.values())

    def _user(self, frame: DataFrame) -> Column:
        kind = self.ratings.histories.schema[USER].dataType
        return id_column(frame, "user", self.ratings.columns.user, kind)

    def _item(self, frame: DataFrame) -> Column:
        items = self.ratings.catalogue.indices(frame.sparkSession)
        return id_column(frame, "item", self.ratings.columns.item, items.schema[ITEM].dataType)

    def _time(self, frame: DataFrame, *, timed: bool) -> Column:
        """The times of pairs in seconds, null where they are not known."""
        name = self.ratings.columns.timestamp
        if timed and name is not None and has_column(frame, "timestamp", name):
            return epoch_seconds(quoted(name), frame.schema[name].dataType)
        if self.value("onlyEarlier"):
            raise ParameterError(
                "onlyEarlier needs times, of the ratings and of the pairs",
                found=", ".join(frame.columns),
                fix="name the times as timestampCol in the fit, or leave onlyEarlier at False",
            )
        return F.lit(None).cast("double")

    def _predicted(self, histories: DataFrame, *, timed: bool) -> DataFrame:
        """(user, items, weights, times, wanted) -> (user, index, timestamp, prediction ...)."""
        ratings, factors = self.ratings, self.ratings.factors
        shared = share_arrays(
            histories.sparkSession,
            {
                "fixed": np.vstack((factors.items, factors.unknown)),
                "parts": np.vstack((factors.parts, np.zeros_like(factors.parts[:1]))),
                "weights": factors.users.weights,
                "precision": factors.users.precision,
            },
        )
        variance = self.value("driftShare") if ratings.columns.timestamp else 0.0
        noise = factors.noise
        if not timed:  # of ratings without times, drift is noise
            noise, variance = noise + variance, 0.0
        predict = partial(
            _predict_batches,
            shared=shared,
            scale=ratings.scale,
            settings=(noise, variance, 60.0 * self.value("driftMinutes")),
            only_earlier=self.value("onlyEarlier"),
        )
        numbers = {INDEX: T.IntegerType(), TIMESTAMP: T.DoubleType()}
        numbers |= {PREDICTION: T.FloatType(), _DEVIATION: T.FloatType()}
        fields = [T.StructField(name, T.ArrayType(kind)) for name, kind in numbers.items()]
        plain = histories.select(
            USER, ITEMS, WEIGHTS, TIMES,
            *(F.col(f"{WANTED}.{name}").alias(name) for name in (INDEX, TIMESTAMP)),
        )  # fmt: skip
        rows = plain.mapInArrow(predict, T.StructType([histories.schema[USER], *fields]))
        return rows.select(USER, F.explode(F.arrays_zip(*numbers)).alias("row")).select(
            USER, *(F.col(f"row.{name}").alias(name) for name in numbers)
        )


def _join_with_null(left: DataFrame, right: DataFrame, keys: Mapping[str, str]) -> DataFrame:
    """The rows of the left frame with those of the right; null is equal to null.

    Args:
        left: any frame.
        right: has a row for each of its keys.
        keys: names on the left and on the right.
    """
    renamed = {name: free_name(f"right_{name}", left.columns) for name in keys.values()}
    right = right.withColumnsRenamed(renamed)
    same = [F.col(one).eqNullSafe(F.col(renamed[other])) for one, other in keys.items()]
    return left.join(right, same, "left").drop(*renamed.values())


def timed_rows(batch: pa.RecordBatch, scale: Scale) -> tuple[CSR, npt.NDArray[np.int64]]:
    """Histories whose ratings are in units of their deviation, in the order of their times.

    Returns:
        data (ratings, 2), rating and time; and where each of them stood in the batch, (ratings,).
    """
    indptr = offsets(batch[ITEMS])
    time = values(batch[TIMES], np.float64)
    order = np.lexsort((time, row_indices(indptr)))
    rating = (values(batch[WEIGHTS], np.float64) - scale.mean) / scale.deviation
    data = np.column_stack((rating, time))[order]
    return csr(indptr, values(batch[ITEMS], np.int32)[order], data), order


def _predict_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    scale: Scale,
    settings: tuple[float, float, float],
    only_earlier: bool,
) -> Iterator[pa.RecordBatch]:
    """The wanted ratings of batches of users."""
    table = shared.open()
    for batch in batches:
        histories, _ = timed_rows(batch, scale)
        indptr = offsets(batch[INDEX])
        item, when = values(batch[INDEX], np.int32), values(batch[TIMESTAMP], np.float64)
        unknown = np.int32(table["fixed"].shape[0] - 1)
        wanted = csr(indptr, np.where(item < 0, unknown, item), when)
        with one_thread():
            found = predict_rows(
                histories,
                wanted,
                read_only(table["fixed"]),
                read_only(table["parts"]),
                read_only(table["weights"]),
                read_only(table["precision"]),
                read_only(np.array(settings)),
                only_earlier,
            )
        mean = scale.mean + scale.deviation * found[:, 0]
        columns: dict[str, Vector] = {
            PREDICTION: np.clip(mean, scale.lowest, scale.highest),
            _DEVIATION: scale.deviation * np.sqrt(found[:, 1]),
        }
        known_time = pa.array(when, from_pandas=True)  # NaN is null again
        yield pa.RecordBatch.from_pydict(
            {USER: batch[USER], INDEX: batch[INDEX], TIMESTAMP: list_column(indptr, known_time)}
            | {name: list_column(indptr, one.astype(np.float32)) for name, one in columns.items()}
        )
