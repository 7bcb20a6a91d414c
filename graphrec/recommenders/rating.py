"""Predicting ratings: biases and factors of explicit feedback.

`r̂ = μ + b_u + b_i + q_i·p_u` (Koren, Bell and Volinsky, "Matrix factorization techniques for
recommender systems", 2009). The biases are shrunken means, b_i = Σ(r - μ) / (n_i + s) and
b_u = Σ(r - μ - b_i) / (n_u + s); the factors fit what is left by alternating least squares. A
user's bias and factor are folded in from the history, so no table of users is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.ml.base import Model
from pyspark.ml.util import MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import INDEX, ITEM, ITEMS, PREDICTION, USER, VECTOR, WEIGHT, WEIGHTS
from graphrec.data.catalogue import Catalogue
from graphrec.data.checks import require_free
from graphrec.data.contract import validate_interactions
from graphrec.data.dataset_params import ColumnParams
from graphrec.data.frames import free_name, require_frame
from graphrec.data.histories import build_histories, with_known_histories
from graphrec.data.id_types import id_column
from graphrec.data.interaction_columns import InteractionColumns, require_free_names
from graphrec.errors import ColumnError
from graphrec.kernels.csr import csr
from graphrec.kernels.exact_sums import exact_sum
from graphrec.kernels.types import Matrix, Vector
from graphrec.params import at_least, param, positive
from graphrec.progress import planned, stage
from graphrec.recommenders.als.engine import fit_als
from graphrec.recommenders.als.sweep import Objective, solve_side
from graphrec.recommenders.learning_estimator import LearningEstimator
from graphrec.recommenders.saved_directory import (
    LOAD_MODEL,
    SAVE_MODEL,
    read_directory,
    restore_params,
    write_directory,
)
from graphrec.recommenders.shared_params import PredictionParams
from graphrec.serving.pair_scores import WANTED
from graphrec.spark.arrow import list_column, offsets, values
from graphrec.spark.item_rows import from_rows, vector_rows
from graphrec.spark.persisted import PersistedFrames
from graphrec.spark.shared_arrays import SharedArrays, share_arrays
from graphrec.spark.threads import one_thread

_READ = "read"
_FACTORS = "factors"


class RatingParams(PredictionParams, ColumnParams):
    """Parameters of the rating prediction."""

    rank = param(32, "number of latent dimensions", at_least(1))
    maxIter = param(10, "how many times both sides are solved", at_least(1))
    regParam = param(0.1, "λ per rating of a user or item", positive())
    shrinkage = param(5.0, "s: ratings of bias 0 that each user and item starts with", positive())
    seed = param(0, "of the first factors", at_least(0))


@dataclass(frozen=True)
class Ratings:
    """What a fitted rating model consists of."""

    columns: InteractionColumns
    catalogue: Catalogue
    histories: DataFrame  # (user, items, weights): the ratings
    mean: float
    lowest: float
    highest: float
    bias: npt.NDArray[np.float32]  # (items,)
    vector: npt.NDArray[np.float32]  # (items, rank)
    eigenvalue: npt.NDArray[np.float32]  # (rank,)
    persisted: PersistedFrames = field(
        default_factory=PersistedFrames, repr=False
    )  # owns the ratings, where persisted


class RatingPredictorModel(Model, RatingParams, MLWritable, MLReadable[Any]):
    """Predicts the rating of given (user, item) pairs."""

    def __init__(self, ratings: Ratings, **values: Any) -> None:
        super().__init__(**values)
        self.ratings = ratings

    def _transform(self, dataset: DataFrame) -> DataFrame:
        """Add `predictionCol`: float, within the range of the ratings, never null.

        An unknown user counts as the mean user, an unknown item as the mean item; so does an id
        that is missing. Ratings beside the pairs are not looked at.

        Raises:
            ColumnError: the user or the item column is missing, or one of the new column's name is
                there already.
        """
        require_frame(dataset, "the dataset")
        prediction = self.value("predictionCol")
        require_free(dataset, prediction, fix="set another predictionCol")
        ratings = self.ratings
        user, item = (free_name(f"{name}_key", dataset.columns) for name in (USER, ITEM))
        items = ratings.catalogue.indices(dataset.sparkSession)
        user_type, item_type = ratings.histories.schema[USER].dataType, items.schema[ITEM].dataType
        keyed = dataset.select(
            "*",
            id_column(dataset, "user", ratings.columns.user, user_type).alias(user),
            id_column(dataset, "item", ratings.columns.item, item_type).alias(item),
        )
        pairs = keyed.select(F.col(user).alias(USER), F.col(item).alias(ITEM)).distinct()
        indexed = pairs.join(F.broadcast(items), ITEM, "left").select(
            USER, ITEM, F.coalesce(INDEX, F.lit(-1)).alias(INDEX)
        )
        wanted = indexed.groupBy(USER).agg(F.collect_set(INDEX).alias(WANTED))
        known = ratings.histories.select(USER, ITEMS, WEIGHTS)
        predicted = self._predicted(with_known_histories(wanted, known))
        scored = _join_with_null(indexed, predicted, {USER: USER, INDEX: INDEX})
        found = _join_with_null(keyed, scored.drop(INDEX), {user: USER, item: ITEM})
        return found.drop(user, item).withColumnRenamed(PREDICTION, prediction)

    def _predicted(self, histories: DataFrame) -> DataFrame:
        """(user, items, weights, wanted) -> (user, index, prediction)."""
        ratings = self.ratings
        shared = share_arrays(
            histories.sparkSession,
            {"bias": ratings.bias, "vector": ratings.vector, "eigenvalue": ratings.eigenvalue},
        )
        objective = Objective(0.0, self.value("regParam"), explicit=True)
        predict = partial(
            _predict_batches,
            shared=shared,
            scale=_Scale(ratings.mean, ratings.lowest, ratings.highest, objective),
            shrinkage=self.value("shrinkage"),
        )
        schema = T.StructType(
            [
                histories.schema[USER],
                T.StructField(WANTED, T.ArrayType(T.IntegerType())),
                T.StructField(PREDICTION, T.ArrayType(T.FloatType())),
            ]
        )
        rows = histories.mapInArrow(predict, schema)
        flat = rows.select(USER, F.explode(F.arrays_zip(WANTED, PREDICTION)).alias("row"))
        return flat.select(
            USER, F.col(f"row.{WANTED}").alias(INDEX), F.col(f"row.{PREDICTION}").alias(PREDICTION)
        )

    def unpersist(self) -> None:
        """Free the memory that the ratings take, of the copies of this model, too.

        All of them still work: the input is read again. A model that nobody refers to any more,
        nor to a copy, frees all by itself.
        """
        self.ratings.persisted.unpersist()

    def write(self) -> MLWriter:
        """A writer: `model.write().overwrite().save(path)`."""
        return _RatingWriter(self)

    @classmethod
    def read(cls) -> MLReader[Any]:
        """A reader: `RatingPredictorModel.load(path)`."""
        return _RatingReader()


class RatingPredictor(LearningEstimator[RatingPredictorModel], RatingParams):
    """Learns to predict ratings. To rank items, use the recommenders: they do that better.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 5.0), ("ann", "milk", 1.0), ("ben", "tea", 5.0)],
        ...     "user string, item string, rating double",
        ... )
        >>> model = gr.RatingPredictor(rank=2).fit(ratings)
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
        with stage(_READ), validate_interactions(dataset, columns) as interactions:
            catalogue = Catalogue.from_interactions(interactions.accepted)
            persisted = PersistedFrames()
            histories = persisted.persist(build_histories(interactions.accepted, catalogue))
            mean, lowest, highest, bias = _biases(
                interactions.accepted, catalogue, self.value("shrinkage")
            )
            size = (histories.count(), interactions.figures.interactions)
        with stage(_FACTORS):
            factors = fit_als(
                _residuals(histories, mean, bias, self.value("shrinkage")),
                catalogue.size,
                size=size,
                rank=self.value("rank"),
                iterations=self.value("maxIter"),
                unobserved=0.0,
                regularization=self.value("regParam"),
                seed=self.value("seed"),
                explicit=True,
            )
        ratings = Ratings(
            columns=columns,
            catalogue=catalogue,
            histories=histories,
            mean=mean,
            lowest=lowest,
            highest=highest,
            bias=bias,
            vector=factors.vector,
            eigenvalue=factors.eigenvalue,
            persisted=persisted,
        )
        return self._copy_shared_values(RatingPredictorModel(ratings))


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


def _biases(
    accepted: DataFrame, catalogue: Catalogue, shrinkage: float
) -> tuple[float, float, float, npt.NDArray[np.float32]]:
    """Mean, lowest and highest rating, and the items' biases."""
    total_rating = exact_sum(F.col(WEIGHT))
    row = accepted.agg(total_rating, F.count("*"), F.min(WEIGHT), F.max(WEIGHT)).first()
    assert row is not None  # an aggregate without groups has one row
    mean = row[0] / row[1]
    items = catalogue.indices(accepted.sparkSession)
    sums = accepted.groupBy(ITEM).agg(total_rating.alias("total"))
    table = sums.join(items, ITEM).select(INDEX, "total").toArrow()
    total = np.zeros(catalogue.size)
    total[table[INDEX].to_numpy()] = table["total"].to_numpy()
    bias = (total - mean * catalogue.support) / (catalogue.support + shrinkage)
    return mean, row[2], row[3], bias.astype(np.float32)


def _residuals(histories: DataFrame, mean: float, bias: Vector, shrinkage: float) -> DataFrame:
    """(user, items, weights) with what the biases leave of the ratings."""
    shared = share_arrays(histories.sparkSession, {"bias": bias})
    subtract = partial(_subtract_batches, shared=shared, mean=mean, shrinkage=shrinkage)
    plain = histories.select(USER, ITEMS, WEIGHTS)
    return plain.mapInArrow(subtract, plain.schema)


def _subtract_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, mean: float, shrinkage: float
) -> Iterator[pa.RecordBatch]:
    item_bias = shared.open()["bias"]
    for batch in batches:
        indptr = offsets(batch[ITEMS])
        rating = values(batch[WEIGHTS], np.float32)
        left, _ = _user_biases(indptr, rating, batch[ITEMS], item_bias, mean, shrinkage)
        yield pa.RecordBatch.from_pydict(
            {USER: batch[USER], ITEMS: batch[ITEMS], WEIGHTS: list_column(indptr, left)}
        )


def _user_biases(
    indptr: npt.NDArray[np.int64],
    rating: Vector,
    items: pa.ListArray,
    item_bias: Vector,
    mean: float,
    shrinkage: float,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """What mean and biases leave of each rating, (entries,), and each user's bias, (users,)."""
    size = np.diff(indptr)
    owner = np.repeat(np.arange(size.size), size)
    left = rating - mean - item_bias[values(items, np.int32)]
    bias = np.bincount(owner, weights=left, minlength=size.size) / (size + shrinkage)
    return (left - bias[owner]).astype(np.float32), bias


class _Scale(NamedTuple):
    """The ratings' figures, and what users are folded in by."""

    mean: float
    lowest: float
    highest: float
    objective: Objective


def _predict_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, scale: _Scale, shrinkage: float
) -> Iterator[pa.RecordBatch]:
    """The wanted ratings of batches of users."""
    table = shared.open()
    for batch in batches:
        indptr = offsets(batch[ITEMS])
        rating = values(batch[WEIGHTS], np.float32)
        left, user_bias = _user_biases(
            indptr, rating, batch[ITEMS], table["bias"], scale.mean, shrinkage
        )
        with one_thread():
            residuals = csr(indptr, values(batch[ITEMS], np.int32), left)
            users = solve_side(residuals, table["vector"], table["eigenvalue"], scale.objective)

        wanted_indptr = offsets(batch[WANTED])
        item = values(batch[WANTED], np.int32)
        owner = np.repeat(np.arange(users.shape[0]), np.diff(wanted_indptr))
        known = item >= 0
        prediction = scale.mean + user_bias[owner]
        prediction[known] += table["bias"][item[known]]
        prediction[known] += _dots(users[owner[known]], table["vector"][item[known]])
        clipped = np.clip(prediction, scale.lowest, scale.highest).astype(np.float32)
        yield pa.RecordBatch.from_pydict(
            {
                USER: batch[USER],
                WANTED: batch[WANTED],
                PREDICTION: list_column(wanted_indptr, clipped),
            }
        )


def _dots(left: Matrix, right: Matrix) -> Vector:
    return np.einsum("nd,nd->n", left, right)


class _RatingWriter(MLWriter):
    def __init__(self, model: RatingPredictorModel) -> None:
        super().__init__()
        self._model = model

    def _handleOverwrite(self, path: str) -> None:
        """Nothing: each table replaces its older self."""

    @stage(SAVE_MODEL)
    def saveImpl(self, path: str) -> None:
        spark, ratings = self.sparkSession, self._model.ratings
        tables = {
            "histories": ratings.histories,
            "items": ratings.catalogue.to_frame(spark),
            "factors": vector_rows(spark, np.column_stack((ratings.bias, ratings.vector))),
        }
        described = {
            "columns": asdict(ratings.columns),
            "mean": ratings.mean,
            "lowest": ratings.lowest,
            "highest": ratings.highest,
            "eigenvalue": ratings.eigenvalue.tolist(),
        }
        overwrite = self.shouldOverwrite
        write_directory(spark, path, self._model, tables, described, overwrite=overwrite)


class _RatingReader(MLReader[Any]):
    @stage(LOAD_MODEL)
    def load(self, path: str) -> RatingPredictorModel:
        spark = self.sparkSession
        cls, metadata, described = read_directory(spark, path, RatingPredictorModel)
        eigenvalue = np.array(described["eigenvalue"], np.float32)
        _, arrays = from_rows(spark.read.parquet(f"{path}/factors"), {VECTOR: "float32"})
        columns = arrays[VECTOR].reshape(-1, eigenvalue.size + 1)  # the bias is the first
        model: RatingPredictorModel = cls(
            Ratings(
                columns=InteractionColumns(**described["columns"]),
                catalogue=Catalogue.from_frame(spark.read.parquet(f"{path}/items")),
                histories=spark.read.parquet(f"{path}/histories"),
                mean=described["mean"],
                lowest=described["lowest"],
                highest=described["highest"],
                bias=np.ascontiguousarray(columns[:, 0]),
                vector=np.ascontiguousarray(columns[:, 1:]),
                eigenvalue=eigenvalue,
            )
        )
        restore_params(model, metadata)
        return model
