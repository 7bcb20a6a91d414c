"""How much of the held-out interactions is found, by how many users have the item in training.

A mean over users is about popular items, for most interactions are with these. Whether new items,
and those that a few users have, are found at all is a question of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, RANK, SUPPORT, USER
from graphrec.evaluation.cutoffs import K

FEWEST: Final = "fewest"  # int, users of the items of a group
MOST: Final = "most"  # int, null where there is no bound
INTERACTIONS: Final = "interactions"
FOUND: Final = "found"
RECALL: Final = "recall"
GROUPS: Final = ((0, 0), (1, 5), (6, 20), (21, 100), (101, 1000), (1001, None))


def recall_by_support(
    lists: DataFrame,
    test: DataFrame,
    train: DataFrame,
    *,
    models: Sequence[str],
    model: str,
    k: Sequence[int],
) -> DataFrame:
    """The share of the held-out interactions that lists hold, by the support of their items.

    Args:
        lists: (model, user, item, rank), rank from 1, an item once in a list.
        test: (user, item), each pair once.
        train: (user, item), what was learned from.
        models: their names, in the order of the result.
        model: name of the column of models.
        k: the cutoffs.

    Returns:
        (model, fewest: int, most: int or null, k: int, interactions: long, found: long, recall:
        double), of the groups that have an interaction.
    """
    supports = train.groupBy(ITEM).agg(F.count_distinct(USER).alias(SUPPORT))
    support = F.coalesce(SUPPORT, F.lit(0))
    grouped = test.join(supports, ITEM, "left").select(
        USER, ITEM, _bound(support, 0).alias(FEWEST), _bound(support, 1).alias(MOST)
    )
    every = F.explode(F.array(*map(F.lit, models))).alias(model)
    listed = grouped.select("*", every).join(lists, [model, USER, ITEM], "left")
    counts = [F.count_if(F.col(RANK) <= cutoff).alias(f"found at {cutoff}") for cutoff in k]
    wide = listed.groupBy(model, FEWEST, MOST).agg(F.count(F.lit(1)).alias(INTERACTIONS), *counts)
    figures = F.array(
        *(
            F.struct(F.lit(cutoff).alias(K), F.col(f"found at {cutoff}").alias(FOUND))
            for cutoff in k
        )
    )
    long = wide.select(model, FEWEST, MOST, INTERACTIONS, F.inline(figures))
    recall = (F.col(FOUND) / F.col(INTERACTIONS)).alias(RECALL)
    order = F.array_position(F.array(*map(F.lit, models)), F.col(model))
    return long.orderBy(order, FEWEST, K).select(
        model, FEWEST, MOST, K, INTERACTIONS, FOUND, recall
    )


def _bound(support: Column, end: int) -> Column:
    """The lower or the upper bound of the group that a support is in."""
    bounds = F.lit(None).cast("int")
    for group in GROUPS:
        inside = (support >= group[0]) & (F.lit(group[1] is None) | (support <= (group[1] or 0)))
        bounds = F.when(inside, F.lit(group[end]).cast("int")).otherwise(bounds)
    return bounds
