"""Novelty and popularity percentile of lists: how popular their items were in training."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from graphrec import columns
from graphrec.data.checks import require_columns, require_same_ids
from graphrec.evaluation.cutoffs import Cutoffs, K, at_cutoffs, distinct_cutoffs
from graphrec.evaluation.list_positions import first_positions, named_pairs

NOVELTY: Final = "novelty"
PERCENTILE: Final = "popularity_percentile"

_NOVELTY_OF_NEW: Final = "of_new"


def popularity_metrics(
    recommendations: DataFrame,
    train: DataFrame,
    *,
    k: Cutoffs = 10,
    user: str = columns.USER,
    item: str = columns.ITEM,
    rank: str = columns.RANK,
) -> DataFrame:
    """Measure the popularity of every list's items among the users of the training set.

    - `novelty`, in bits: the mean of -log2(users of the item / all users), the self-information of
      Zhou et al. (2010), and RecTools' `MeanInvUserFreq`. An item that is new since training
      counts as if one user had it.
    - `popularity_percentile`, 0 to 1: the mean share of the training items that fewer users have
      than the listed one, half of those with as many counted in; .5 on average for lists drawn
      uniformly from the catalogue, near 1 for lists of bestsellers. A new item has 0.

    Args:
        recommendations: (user, item, rank), rank from 1; an item that a list repeats counts at its
            first position, see `graphrec.evaluation.list_positions`; other columns are ignored.
        train: (user, item), what was known; repeated rows count once; rows that lack one of them,
            and other columns, are ignored.
        k: one or several cutoffs.
        user: name of the user column in both frames.
        item: name of the item column in both frames.
        rank: name of the rank column.

    Returns:
        (user, k int, novelty double, popularity_percentile double), one row per list and k; users
        without a list have none.

    Raises:
        ParameterError: a k below 1.
        ColumnError: a named column is missing, or of another type in the other frame.
    """
    require_columns(train, user, item, of="the training frame")
    popularity = item_popularity(train, user=user, item=item)
    return popularity_of_lists(recommendations, popularity, k=k, user=user, item=item, rank=rank)


def popularity_of_lists(
    recommendations: DataFrame,
    popularity: DataFrame,
    *,
    k: Cutoffs = 10,
    user: str = columns.USER,
    item: str = columns.ITEM,
    rank: str = columns.RANK,
) -> DataFrame:
    """As `popularity_metrics`, against a table of items that is computed once for several models.

    Args:
        recommendations: (user, item, rank), rank from 1; other columns are ignored.
        popularity: as `item_popularity` gives it.
        k: one or several cutoffs.
        user: name of the user column.
        item: name of the item column in both frames.
        rank: name of the rank column.
    """
    cutoffs = distinct_cutoffs(k)
    require_columns(recommendations, user, item, rank, of="the recommendations")
    require_same_ids(recommendations, popularity, item)
    lists = first_positions(recommendations, user, item=item, rank=rank, longest=cutoffs[-1])
    listed = at_cutoffs(lists, cutoffs, rank)
    # One row: the cross join adds a column and no rows.
    newest = popularity.agg(F.max(_NOVELTY_OF_NEW).alias("newest"))
    judged = listed.join(popularity, item, "left").crossJoin(newest)
    return judged.groupBy(user, K).agg(
        F.avg(F.coalesce(NOVELTY, "newest")).alias(NOVELTY),
        F.avg(F.coalesce(PERCENTILE, F.lit(0.0))).alias(PERCENTILE),
    )


def item_popularity(
    train: DataFrame, *, user: str = columns.USER, item: str = columns.ITEM
) -> DataFrame:
    """How popular each item of a training set is.

    Returns:
        (item, novelty double, popularity_percentile double, of_new double: the novelty of an item
        that is not in it, the same in all rows), one row per item.
    """
    # One row: the cross join adds a column and no rows.
    train = named_pairs(train.select(user, item), user, item)
    everybody = train.agg(F.count_distinct(user).alias("everybody"))
    percentiles = _percentiles(train, user, item).crossJoin(everybody)
    return percentiles.select(
        item,
        F.log2(F.col("everybody") / F.col("support")).alias(NOVELTY),
        PERCENTILE,
        F.log2("everybody").alias(_NOVELTY_OF_NEW),
    )


def _percentiles(train: DataFrame, user: str, item: str) -> DataFrame:
    """(user, item) -> (item, support, popularity_percentile)."""
    supports = train.groupBy(item).agg(F.count_distinct(user).alias("support"))
    sizes = supports.groupBy("support").agg(F.count(F.lit(1)).alias("items"))
    catalogue = sizes.agg(F.sum("items").alias("catalogue"))  # one row
    # One group with one row per distinct support: of n interactions there are fewer than
    # sqrt(2 n) of them, so that a single task can put them in order.
    ascending = Window.partitionBy("catalogue").orderBy("support")
    up_to = F.sum("items").over(ascending)
    percentile = (up_to - F.col("items") / 2) / F.col("catalogue")
    percentiles = sizes.crossJoin(catalogue).select("support", percentile.alias(PERCENTILE))
    return supports.join(percentiles, "support")
