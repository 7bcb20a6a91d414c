"""A fitted predictor of several criteria and of the overall rating."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyspark.ml.base import Model
from pyspark.ml.util import MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, USER, WEIGHTS
from graphrec.data.checks import require_free
from graphrec.data.column_types import quoted
from graphrec.data.frames import free_name, require_frame
from graphrec.data.id_types import id_column
from graphrec.kernels.types import Vector
from graphrec.params import between, optional, param, positive, text
from graphrec.progress import stage
from graphrec.recommenders.rating.fitted import Scale
from graphrec.recommenders.rating.model import RatingPredictorModel, RatingSettings
from graphrec.recommenders.saved_directory import (
    LOAD_MODEL,
    SAVE_MODEL,
    DirectoryReader,
    DirectoryWriter,
    read_directory,
    restore_params,
    write_directory,
)
from graphrec.spark.persisted import PersistedFrames

CRITERION = "criterion"
WEIGHT = "weight"
SHARE = "share"


def _names(value: Any) -> list[str]:
    wrong = "a list of the names of columns, each once"
    if isinstance(value, str) or not isinstance(value, list | tuple) or not value:
        raise ValueError(wrong)
    if not all(isinstance(name, str) and name for name in value) or len(set(value)) < len(value):
        raise ValueError(wrong)
    return list(value)


class CriteriaParams(RatingSettings):
    """Parameters of the prediction of several criteria."""

    userCol = param(None, "column of user ids: string or whole number", optional(text()))
    itemCol = param(None, "column of item ids: string or whole number", optional(text()))
    timestampCol = param(
        None, "column of times; '' ignores one with a usual name", optional(text())
    )
    criteriaCols = param(None, "columns of the criteria; must be given", optional(_names))
    overallCol = param(
        None, "column of the overall rating; None finds a usual name", optional(text())
    )
    weightShrinkage = param(
        20.0, "ratings that the weights of all count for beside a user's or an item's", positive()
    )
    biasWeight = param(
        0.5,
        "how much of what the criteria tell of the items' biases in the overall rating is added to "
        "them; 0: nothing, the overall rating is predicted from overall ratings alone",
        between(0.0, 1.0),
    )
    aggregation = param(
        0.0,
        "share of the overall prediction that is made of the predicted criteria; the rest is "
        "predicted from overall ratings",
        between(0.0, 1.0),
    )


@dataclass(frozen=True)
class Criteria:
    """What a fitted model consists of."""

    overall: RatingPredictorModel
    criteria: dict[str, RatingPredictorModel]  # by their columns
    of_all: Vector  # (criteria,), weights in units of the deviations
    by_user: DataFrame  # (user, weights: array<double>)
    by_item: DataFrame  # (item, weights: array<double>)
    persisted: PersistedFrames = field(default_factory=PersistedFrames, repr=False)


class MultiCriteriaModel(Model, CriteriaParams, MLWritable, MLReadable[Any]):
    """Predicts the criteria and the overall rating of given (user, item) pairs."""

    def __init__(self, fitted: Criteria, **values: Any) -> None:
        super().__init__(**values)
        self.fitted = fitted

    def _transform(self, dataset: DataFrame) -> DataFrame:
        """Add `predictionCol`, the overall rating, and `predictionCol_CRITERION` of each one.

        All are floats within the ranges of the ratings, never null; `deviationCol` is of the part
        that is predicted from overall ratings. Unknown users and items are predicted as by
        `RatingPredictorModel`.

        Raises:
            ColumnError: the user or the item column is missing, or one of the new columns' names is
                there already.
        """
        require_frame(dataset, "the dataset")
        prediction = self.value("predictionCol")
        named = {name: f"{prediction}_{name}" for name in self.fitted.criteria}
        for name in (prediction, *named.values()):
            require_free(dataset, name, fix="set another predictionCol")
        settings = {
            name: self.value(name) for name in ("deviationCol", "onlyEarlier", "predictionCol")
        }
        found = _set(self.fitted.overall, **settings).transform(dataset)
        for name, model in self.fitted.criteria.items():
            one = _set(
                model,
                predictionCol=named[name],
                deviationCol=None,
                onlyEarlier=settings["onlyEarlier"],
            )
            found = one.transform(found)
        if self.value("aggregation") == 0.0:
            return found
        return self._aggregated(found, prediction, named)

    def explain(self, users: DataFrame) -> DataFrame:
        """Which criteria the overall ratings of users go by.

        Args:
            users: has the input's user column; a user without ratings has the weights of all.

        Returns:
            (the user column, criterion: string, weight: double, share: double), one row per user
            and criterion: by how many deviations the overall rating rises with one deviation of the
            criterion, the others unchanged, and its part of the sum of all weights above 0.

        Raises:
            ColumnError: the user column is missing.
        """
        require_frame(users, "the frame of users")
        fitted, name = self.fitted, self.fitted.overall.ratings.columns.user
        kind = fitted.by_user.schema[USER].dataType
        ids = users.select(id_column(users, "user", name, kind).alias(USER)).distinct()
        weights = F.coalesce(WEIGHTS, _array(fitted.of_all))
        known = ids.where(F.col(USER).isNotNull()).join(fitted.by_user, USER, "left")
        positive_sum = F.aggregate(
            weights, F.lit(0.0), lambda total, one: total + F.greatest(one, F.lit(0.0))
        )
        rows = known.select(
            F.col(USER).alias(name),
            positive_sum.alias("all"),
            F.posexplode(weights).alias("number", WEIGHT),
        )
        criteria = F.array(*map(F.lit, fitted.criteria))
        share = F.try_divide(F.greatest(F.col(WEIGHT), F.lit(0.0)), F.col("all"))
        return rows.select(
            quoted(name), criteria[F.col("number")].alias(CRITERION), WEIGHT, share.alias(SHARE)
        )

    def unpersist(self) -> None:
        """Free the memory that ratings and weights take, of the copies of this model, too."""
        for model in (self.fitted.overall, *self.fitted.criteria.values()):
            model.unpersist()
        self.fitted.persisted.unpersist()

    def write(self) -> MLWriter:
        """A writer: `model.write().overwrite().save(path)`."""
        return _Writer(self)

    @classmethod
    def read(cls) -> MLReader[Any]:
        """A reader: `MultiCriteriaModel.load(path)`."""
        return _Reader(cls)

    def _aggregated(
        self, predicted: DataFrame, prediction: str, named: dict[str, str]
    ) -> DataFrame:
        """The overall prediction with the share that is made of the criteria."""
        fitted, columns = self.fitted, predicted.columns
        ratings = fitted.overall.ratings
        keyed, weights = predicted, []
        for role, frame, name in (
            (USER, fitted.by_user, ratings.columns.user),
            (ITEM, fitted.by_item, ratings.columns.item),
        ):
            key, own = (free_name(f"{role}_{part}", keyed.columns) for part in ("key", WEIGHTS))
            table = frame.select(F.col(role).alias(key), F.col(WEIGHTS).alias(own))
            ids = id_column(keyed, role, name, frame.schema[role].dataType)
            keyed = keyed.join(table, ids == F.col(key), "left").drop(key)
            weights.append(F.coalesce(own, _array(fitted.of_all)))
        made = F.lit(0.0)
        for number, (name, column) in enumerate(named.items()):
            scale = fitted.criteria[name].ratings.scale
            weight = (weights[0][number] + weights[1][number]) / 2
            made += weight * (quoted(column) - scale.mean) / scale.deviation
        share = self.value("aggregation")
        mixed = share * _on_scale(made, ratings.scale) + (1 - share) * quoted(prediction)
        whole = {prediction: mixed.cast("float")}
        return keyed.select(
            *(whole[name].alias(name) if name in whole else quoted(name) for name in columns)
        )


def _on_scale(deviations: Column, scale: Scale) -> Column:
    value = F.lit(scale.mean) + F.lit(scale.deviation) * deviations
    return F.greatest(F.lit(scale.lowest), F.least(F.lit(scale.highest), value))


def _array(numbers: Vector) -> Column:
    return F.array(*(F.lit(float(number)) for number in numbers))


def _set(model: RatingPredictorModel, **values: Any) -> RatingPredictorModel:
    copied: RatingPredictorModel = model.copy()
    return copied.setParams(**values)


class _Writer(DirectoryWriter):
    @stage(SAVE_MODEL)
    def saveImpl(self, path: str) -> None:
        fitted = self._written.fitted
        parts = {f"criteria/{at}": model for at, model in enumerate(fitted.criteria.values())}
        write_directory(
            self.sparkSession,
            path,
            self._written,
            {"by_user": fitted.by_user, "by_item": fitted.by_item},
            {"criteria": list(fitted.criteria), "of_all": fitted.of_all.tolist()},
            overwrite=self.shouldOverwrite,
            parts={"overall": fitted.overall, **parts},
        )


class _Reader(DirectoryReader):
    @stage(LOAD_MODEL)
    def load(self, path: str) -> MultiCriteriaModel:
        spark = self.sparkSession
        cls, metadata, described = read_directory(spark, path, self._expected)
        reader = RatingPredictorModel.read().session(spark)
        model: MultiCriteriaModel = cls(
            Criteria(
                overall=reader.load(f"{path}/overall"),
                criteria={
                    name: reader.load(f"{path}/criteria/{at}")
                    for at, name in enumerate(described["criteria"])
                },
                of_all=np.array(described["of_all"]),
                by_user=spark.read.parquet(f"{path}/by_user"),
                by_item=spark.read.parquet(f"{path}/by_item"),
            )
        )
        restore_params(model, metadata)
        return model
