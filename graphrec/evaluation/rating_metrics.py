"""Errors of predicted ratings: RMSE and MAE."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec import columns
from graphrec.data.checks import require_columns
from graphrec.data.column_types import finite_number, quoted
from graphrec.evaluation.cutoffs import K
from graphrec.evaluation.summary import CI_HIGH, CI_LOW, MEAN, METRIC, USERS, normal_quantile

RMSE: Final = "rmse"  # root of the mean squared error
MAE: Final = "mae"  # mean absolute error
RATING_COVERAGE: Final = "rating_coverage"  # share of the ratings that were predicted at all


def rating_errors(
    predictions: DataFrame,
    *,
    rating: str = columns.WEIGHT,
    prediction: str = "prediction",
    confidence: float = 0.95,
    user: str = columns.USER,
) -> DataFrame:
    """Measure predicted ratings by RMSE and MAE over all ratings, each rating counting the same.

    A rating without a finite prediction (null, or NaN as MLlib's ALS gives for unknown ids) is left
    out of the errors and lowers `rating_coverage`. The errors of one user are alike, so the
    intervals take the user and not the rating as the unit: for a ratio R = sum(y_u) / sum(n_u) over
    the U users, var(R) = U / (U - 1) * sum((y_u - R * n_u)^2) / sum(n_u)^2, the linearised ratio
    estimator of survey sampling (Cochran 1977, chapter 6). The bounds of the RMSE are the roots
    of those of the mean squared error.

    Args:
        predictions: (user, rating, prediction), one row per rating; other columns are ignored.
        rating: name of the column with the given rating; rows where it is null or not finite are
            ignored.
        prediction: name of the column with the predicted rating.
        confidence: of the intervals, in (0, 1).
        user: name of the user column.

    Returns:
        (metric, k, mean, ci_low, ci_high, users) with the rows `mae`, `rating_coverage` and
        `rmse`; k is null; the bounds are null with one user only.

    Raises:
        ParameterError: `confidence` is out of its range.
        ColumnError: a named column is missing.
    """
    require_columns(predictions, user, rating, prediction, of="the predictions")
    z = normal_quantile(confidence)
    sums = _sums_per_user(_rated(predictions, user, rating, prediction))
    ratio, variance = F.col("ratio"), F.col("variance")
    half = F.lit(z) * F.sqrt(variance)
    return (
        _ratios(sums)
        .select(
            METRIC,
            ratio.alias(MEAN),
            (ratio - half).alias(CI_LOW),
            (ratio + half).alias(CI_HIGH),
            USERS,
        )
        .select(
            METRIC,
            F.lit(None).cast("int").alias(K),
            *(_root_of_rmse(name).alias(name) for name in (MEAN, CI_LOW, CI_HIGH)),
            USERS,
        )
        .orderBy(METRIC)
    )


def _rated(predictions: DataFrame, user: str, rating: str, prediction: str) -> DataFrame:
    """(user, rating, prediction) as finite doubles, the prediction perhaps null."""
    kinds = predictions.schema
    given, predicted = (
        finite_number(quoted(name), kinds[name].dataType).alias(alias)
        for name, alias in ((rating, "rating"), (prediction, "predicted"))
    )
    rated = predictions.select(quoted(user).alias("user"), given, predicted)
    return rated.where(F.col("rating").isNotNull())


def _sums_per_user(rated: DataFrame) -> DataFrame:
    """(user, rating, predicted) -> (metric, y, n): what a user adds above and below the bar."""
    error = F.col("predicted") - F.col("rating")
    per_user = rated.groupBy("user").agg(
        F.coalesce(F.sum(error * error), F.lit(0.0)).alias(RMSE),
        F.coalesce(F.sum(F.abs(error)), F.lit(0.0)).alias(MAE),
        F.count(error).cast("double").alias("predicted"),
        F.count(F.lit(1)).cast("double").alias("ratings"),
    )
    shares = F.array(
        _share(RMSE, F.col(RMSE), F.col("predicted")),
        _share(MAE, F.col(MAE), F.col("predicted")),
        _share(RATING_COVERAGE, F.col("predicted"), F.col("ratings")),
    )
    return per_user.select(F.inline(shares)).filter(F.col("n") > 0)


def _share(metric: str, y: Column, n: Column) -> Column:
    return F.struct(F.lit(metric).alias(METRIC), y.alias("y"), n.alias("n"))


def _ratios(sums: DataFrame) -> DataFrame:
    """(metric, y, n) -> (metric, ratio, variance of the ratio, users)."""
    y, n, users = F.col("y"), F.col("n"), F.col(USERS)
    totals = sums.groupBy(METRIC).agg(
        F.sum(y).alias("y"),
        F.sum(n).alias("n"),
        F.sum(y * y).alias("yy"),
        F.sum(y * n).alias("yn"),
        F.sum(n * n).alias("nn"),
        F.count(F.lit(1)).alias(USERS),
    )
    ratio = y / n
    # Rounding can bring the sum of squares below zero when all users are alike.
    squares = F.greatest(
        F.col("yy") - 2 * ratio * F.col("yn") + ratio * ratio * F.col("nn"), F.lit(0.0)
    )
    variance = F.when(users > 1, users / (users - 1) * squares / (n * n))
    return totals.select(METRIC, ratio.alias("ratio"), variance.alias("variance"), USERS)


def _root_of_rmse(name: str) -> Column:
    value = F.col(name)
    root = F.sqrt(F.when(value > 0, value).when(value <= 0, F.lit(0.0)))
    return F.when(F.col(METRIC) == RMSE, root).otherwise(value)
