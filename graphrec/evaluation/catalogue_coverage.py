"""Catalogue coverage and the Gini coefficient of what all lists together recommend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from graphrec import columns
from graphrec.data.checks import require_columns, require_same_ids
from graphrec.data.interaction_columns import has_column
from graphrec.evaluation.cutoffs import Cutoffs, K, at_cutoffs, distinct_cutoffs, with_every_cutoff
from graphrec.evaluation.list_positions import first_positions, named_pairs
from graphrec.evaluation.summary import CI_HIGH, CI_LOW, MEAN, METRIC, USERS

CATALOGUE_COVERAGE: Final = "catalogue_coverage"
GINI: Final = "gini"


def catalogue_metrics(
    recommendations: DataFrame,
    catalogue: DataFrame,
    *,
    k: Cutoffs = 10,
    by: Sequence[str] = (),
    user: str = columns.USER,
    item: str = columns.ITEM,
    rank: str = columns.RANK,
) -> DataFrame:
    """Measure how evenly the items of the catalogue are recommended.

    - `catalogue_coverage`: the share of the items that are in at least one list.
    - `gini`: the Gini coefficient of how many lists each item is in, unlisted items included:
      0 when all are listed equally often, near 1 when a few take all positions;
      2 * sum(i * x_i) / (n * sum(x)) - (n + 1) / n for the counts x_1 <= ... <= x_n. Null when
      nothing is listed.

    Args:
        recommendations: (user, item, rank), rank from 1; an item that a list repeats counts at its
            first position, see `graphrec.evaluation.list_positions`; other columns are ignored.
            Without a user column, every row counts as it is.
        catalogue: (item), all that could be recommended, such as the training set; repeated rows
            count once, rows without an item not at all. Listed items that are not in it do not
            count.
        k: one or several cutoffs.
        by: columns of the recommendations, such as the model: each group is measured by itself.
        user: name of the user column.
        item: name of the item column in both frames.
        rank: name of the rank column.

    Returns:
        (the columns of `by`, metric, k, mean, ci_low, ci_high, users): the figure stands in
        `mean`; it is one of all users together, so the bounds and the number of users are null.

    Raises:
        ParameterError: a k below 1.
        ColumnError: a named column is missing, or of another type in the other frame.
    """
    cutoffs = distinct_cutoffs(k)
    require_columns(recommendations, item, rank, *by, of="the recommendations")
    require_columns(catalogue, item, of="the catalogue")
    require_same_ids(recommendations, catalogue, item)
    if has_column(recommendations, "user", user):
        lists = dict.fromkeys([*by, user])  # a user may be a group
        recommendations = first_positions(
            recommendations, *lists, item=item, rank=rank, longest=cutoffs[-1]
        )
    listed = at_cutoffs(recommendations.select(*by, item, rank), cutoffs, rank)
    times = listed.groupBy(*by, item, K).agg(F.count(F.lit(1)).alias("times"))
    known = named_pairs(catalogue.select(item), item).distinct()
    items = with_every_cutoff(known, cutoffs)
    if by:  # a handful of groups
        items = items.crossJoin(F.broadcast(recommendations.select(*by).distinct()))
    counted = items.join(times, [*by, item, K], "left").select(
        *by, K, F.coalesce("times", F.lit(0)).alias("times")
    )
    return _spread(counted, [*by, K]).orderBy(*by, METRIC, K)


def _spread(counted: DataFrame, by: list[str]) -> DataFrame:
    """(groups and k, times), one row per group, k and item -> the two figures."""
    groups = counted.groupBy(*by, "times").agg(F.count(F.lit(1)).cast("double").alias("m"))
    m, times, before = F.col("m"), F.col("times"), F.col("before")
    # The m items that are listed equally often stand at the positions before + 1 .. before + m.
    up_to = F.sum("m").over(Window.partitionBy(*by).orderBy("times"))
    cumulated = groups.withColumn("before", up_to - m)
    totals = cumulated.groupBy(*by).agg(
        F.sum(m).alias("n"),
        F.sum(F.when(times > 0, m).otherwise(0.0)).alias("covered"),
        F.sum(times * m).alias("x"),
        F.sum(times * (m * before + m * (m + 1) / 2)).alias("ix"),
    )
    n, x = F.col("n"), F.col("x")
    gini = F.when(x > 0, 2 * F.col("ix") / (n * x) - (n + 1) / n)
    figures = F.array(
        F.struct(F.lit(CATALOGUE_COVERAGE).alias(METRIC), (F.col("covered") / n).alias(MEAN)),
        F.struct(F.lit(GINI).alias(METRIC), gini.alias(MEAN)),
    )
    return totals.select(*by, F.inline(figures)).select(
        *(name for name in by if name != K),
        METRIC,
        K,
        MEAN,
        F.lit(None).cast("double").alias(CI_LOW),
        F.lit(None).cast("double").alias(CI_HIGH),
        F.lit(None).cast("bigint").alias(USERS),
    )
