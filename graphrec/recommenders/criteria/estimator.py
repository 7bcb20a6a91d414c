"""Learning to predict several criteria, and how the overall rating goes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, USER
from graphrec.data.column_types import finite_number, quoted
from graphrec.data.frames import require_frame
from graphrec.data.id_types import id_column
from graphrec.data.interaction_columns import (
    UNUSED,
    InteractionColumns,
    find_columns,
    require_column,
)
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.criteria.bias_learning import added_by_criteria, histories_of
from graphrec.recommenders.criteria.model import Criteria, CriteriaParams, MultiCriteriaModel
from graphrec.recommenders.criteria.weights import (
    CRITERIA,
    OVERALL,
    standardised,
    weights_by,
    weights_of_all,
)
from graphrec.recommenders.learning_estimator import LearningEstimator
from graphrec.recommenders.rating.estimator import RatingPredictor
from graphrec.recommenders.rating.model import RatingPredictorModel, RatingSettings
from graphrec.spark.persisted import PersistedFrames


class MultiCriteriaPredictor(LearningEstimator[MultiCriteriaModel], CriteriaParams):
    """Learns to predict criteria and the overall rating, and what matters to whom.

    Criteria may have ranges of their own, and any of them may be missing in a row. What they tell
    of the items sharpens the overall prediction (`biasWeight`).

    Examples:
        >>> stays = spark.createDataFrame(
        ...     [("ann", "inn", 5, 5, 1), ("ann", "spa", 1, 1, 5), ("ben", "inn", 5, 4, None)],
        ...     "user string, item string, overall int, food int, quiet int",
        ... )
        >>> predictor = gr.MultiCriteriaPredictor(criteriaCols=["food", "quiet"], rank=1, maxIter=1)
        >>> model = predictor.fit(stays)
        >>> told = model.explain(stays).where("user = 'ann'").orderBy("weight")
        >>> [row.criterion for row in told.collect()]
        ['quiet', 'food']
    """

    def _fit(self, dataset: DataFrame) -> MultiCriteriaModel:
        columns = self._columns(dataset)
        _check_ratings(dataset, [str(columns.rating), *self.value("criteriaCols")])
        overall = self._predictor(columns, str(columns.rating)).fit(dataset)
        criteria = {
            name: self._predictor(columns, name).fit(dataset) for name in self.value("criteriaCols")
        }
        persisted = PersistedFrames()
        ratings = _standardised(dataset, overall, criteria)
        if weight := self.value("biasWeight"):
            overall = _with_criteria_in_biases(overall, ratings, len(criteria), weight)
        rows = _rows(ratings)
        of_all = weights_of_all(rows, len(criteria))
        by = {
            key: persisted.persist(weights_by(rows, key, of_all, self.value("weightShrinkage")))
            for key in (USER, ITEM)
        }
        fitted = Criteria(overall, criteria, of_all, by[USER], by[ITEM], persisted)
        return self._copy_shared_values(MultiCriteriaModel(fitted))

    def _columns(self, dataset: DataFrame) -> InteractionColumns:
        """The columns, the rating being the overall one."""
        require_frame(dataset, "the dataset")
        criteria = self.value("criteriaCols")
        if criteria is None:
            raise ParameterError(
                "criteriaCols must name the columns of the criteria",
                found=", ".join(dataset.columns),
                fix="to predict one rating alone, use RatingPredictor",
            )
        for name in criteria:
            require_column(dataset, "criterion", name)
        columns = find_columns(
            dataset.drop(*criteria),
            user=self.value("userCol"),
            item=self.value("itemCol"),
            rating=self.value("overallCol"),
            timestamp=self.value("timestampCol"),
        )
        if columns.rating is None:
            raise ColumnError(
                "no column has a usual name for the overall rating",
                found=", ".join(dataset.columns),
                fix="name it as overallCol",
            )
        return columns

    def _predictor(self, columns: InteractionColumns, rating: str) -> RatingPredictor:
        settings: dict[str, Any] = dict(self.values_of(RatingSettings))
        return RatingPredictor(
            userCol=columns.user,
            itemCol=columns.item,
            ratingCol=rating,
            timestampCol=columns.timestamp or UNUSED,
            **settings,
        )


def _check_ratings(dataset: DataFrame, names: list[str]) -> None:
    """Raise a ColumnError where a column has no ratings, or all are alike."""
    kinds = dataset.schema
    numbers = {name: finite_number(quoted(name), kinds[name].dataType) for name in names}
    row = dataset.agg(*(f(number) for number in numbers.values() for f in (F.min, F.max))).first()
    assert row is not None  # an aggregate without groups has one row
    for at, name in enumerate(names):
        lowest, highest = row[2 * at], row[2 * at + 1]
        if lowest is None:
            raise ColumnError(
                f"the column {name!r} holds no rating",
                found="no number in any row",
                fix="leave it out of criteriaCols, or name another column",
            )
        if lowest == highest:
            raise ColumnError(
                f"all ratings in the column {name!r} are alike",
                found=f"{lowest:g} everywhere",
                fix="leave it out of criteriaCols, or name another column",
            )


def _standardised(
    dataset: DataFrame, overall: RatingPredictorModel, criteria: dict[str, RatingPredictorModel]
) -> DataFrame:
    """(user, item, overall, criteria: array), in deviations; null where a rating is missing."""
    columns, kinds = overall.ratings.columns, dataset.schema
    user_type = overall.ratings.histories.schema[USER].dataType
    items = overall.ratings.catalogue.indices(dataset.sparkSession)

    def rating(name: str, model: RatingPredictorModel) -> Column:
        number = finite_number(quoted(name), kinds[name].dataType)
        scale = model.ratings.scale
        return standardised(number, scale.mean, scale.deviation)

    rows = dataset.select(
        id_column(dataset, "user", columns.user, user_type).alias(USER),
        id_column(dataset, "item", columns.item, items.schema[ITEM].dataType).alias(ITEM),
        rating(str(columns.rating), overall).alias(OVERALL),
        F.array(*(rating(name, model) for name, model in criteria.items())).alias(CRITERIA),
    )
    return rows.dropna(subset=[USER, ITEM])


def _rows(ratings: DataFrame) -> DataFrame:
    """Ratings with an overall one and at least one criterion, as `_standardised`, without nulls.

    A criterion that is missing counts as the mean of those that are there.
    """
    there = F.filter(CRITERIA, lambda one: one.isNotNull())
    mean = F.aggregate(there, F.lit(0.0), lambda total, one: total + one) / F.size(there)
    filled = F.transform(CRITERIA, lambda one: F.coalesce(one, mean))
    known = ratings.where((F.size(there) > 0) & F.col(OVERALL).isNotNull())
    return known.withColumn(CRITERIA, filled)


def _with_criteria_in_biases(
    overall: RatingPredictorModel, ratings: DataFrame, criteria: int, weight: float
) -> RatingPredictorModel:
    """The predictor with a part of what the criteria tell of the items' biases.

    Args:
        overall: predicts from overall ratings alone.
        ratings: see `_standardised`.
        criteria: their number.
        weight: how large a part.
    """
    catalogue, factors = overall.ratings.catalogue, overall.ratings.factors
    added = added_by_criteria(histories_of(ratings, catalogue), catalogue.size, criteria)
    items = factors.items.copy()
    items[:, 0] += (weight * added).astype(items.dtype)
    found: RatingPredictorModel = overall.copy()
    found.ratings = replace(overall.ratings, factors=replace(factors, items=items))
    return found
