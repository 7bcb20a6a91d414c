"""The strongest walks of three steps from a user to an item: history item, other user, item.

A path's weight is the probability of the walk: from the user to an item of the history by its
weight there, on to one of the users who have it, and on to one of that user's items. Summed over
all users in between it is the item-item weight of P3 (Cooper et al., "Random walks in recommender
systems", 2014), which the leg "walk" takes from the pair table.
"""

from __future__ import annotations

from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from graphrec.columns import INDEX, ITEM, ITEMS, RANK, USER, WEIGHT, WEIGHTS
from graphrec.kernels.exact_sums import exact_sum

HISTORY_ITEM: Final = "history_item"
OTHER_USER: Final = "other_user"
SHARE: Final = "share"
STEP: Final = "step"  # double, probability of a walk's first step

_STRENGTH: Final = "strength"
_LAST: Final = "last"
_TOTAL: Final = "total"


def strongest_paths(
    histories: DataFrame, history: DataFrame, *, user: Any, item: int, length: int
) -> DataFrame:
    """The walks from a user to an item with the largest weights.

    The histories are read twice, and only those that hold the item are taken apart. Nothing but
    the history itself travels to all workers.

    Args:
        histories: (user, items: array<int>, weights: array<float>), of all users.
        history: (index: int, item, step: double), the user's own; at most catalogue-sized.
        user: the user's id, which is no user in between.
        item: index of the item, which is no history item on the way to itself.
        length: how many paths.

    Returns:
        (rank: int from 1, history_item, other_user, weight: double, share: double, of the weight
        of all paths), at most `length` rows; equal weights are ordered by ids.
    """
    steps = F.broadcast(history.where(F.col(INDEX) != item))
    entry = F.explode(F.arrays_zip(F.col(ITEMS).alias(INDEX), F.col(WEIGHTS).alias(WEIGHT)))
    strength = (
        histories.select(entry.alias("entry"))
        .select("entry.*")
        .join(steps.select(INDEX), INDEX)
        .groupBy(INDEX)
        .agg(exact_sum(F.col(WEIGHT).cast("double")).alias(_STRENGTH))
    )
    others = histories.where((F.col(USER) != F.lit(user)) & F.array_contains(ITEMS, item)).select(
        USER, (_weight_of(item) / _sum(WEIGHTS)).alias(_LAST), entry.alias("entry")
    )
    walked = F.col(STEP) * F.col(WEIGHT) / F.col(_STRENGTH) * F.col(_LAST)
    paths = (
        others.select(USER, _LAST, "entry.*")
        .join(steps, INDEX)
        .join(F.broadcast(strength), INDEX)
        .select(
            F.col(ITEM).alias(HISTORY_ITEM),
            F.col(USER).alias(OTHER_USER),
            walked.alias(WEIGHT),
        )
        .where(F.col(WEIGHT) > 0)
    )
    order = (F.desc(WEIGHT), HISTORY_ITEM, OTHER_USER)
    total = F.broadcast(paths.agg(exact_sum(F.col(WEIGHT)).alias(_TOTAL)))  # one row
    best = paths.orderBy(*order).limit(length).crossJoin(total)
    return best.select(
        F.row_number().over(Window.orderBy(*order)).alias(RANK),  # of a few rows
        HISTORY_ITEM,
        OTHER_USER,
        WEIGHT,
        (F.col(WEIGHT) / F.col(_TOTAL)).alias(SHARE),
    )


def _weight_of(item: int) -> Column:
    """The weight of an item of the history."""
    return F.element_at(WEIGHTS, F.array_position(ITEMS, item).cast("int")).cast("double")


def _sum(weights: str) -> Column:
    """The sum of an array; its order is that of the items."""
    return F.aggregate(weights, F.lit(0.0), lambda total, weight: total + weight)
