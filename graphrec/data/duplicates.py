"""Duplicates: several rows of the same user and item become one."""

from __future__ import annotations

from typing import Final, Literal, get_args

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, STARS, TIMESTAMP, USER, WEIGHT
from graphrec.data.bounds import DAY_SECONDS
from graphrec.errors import ParameterError

DuplicateRule = Literal["last", "sum", "mean", "max"]

_DISLIKED_AT: Final = "disliked_at"


def check_rule(rule: str) -> None:
    """Raise a ParameterError unless `rule` is one of those of `combine_duplicates`."""
    rules = get_args(DuplicateRule)
    if rule not in rules:
        raise ParameterError(
            "duplicates has an unknown rule", found=repr(rule), fix=f"choose of {', '.join(rules)}"
        )


def decayed(weight: Column, *, latest: float, half_life_days: float) -> Column:
    """The weight times 0.5 ** (age / half-life).

    The latest interaction has age 0, and so has what came after it: a history that is served may
    be newer than those that were learned from.
    """
    age = F.greatest(F.lit(latest) - F.col(TIMESTAMP), F.lit(0.0))
    return weight * F.pow(F.lit(0.5), age / F.lit(half_life_days * DAY_SECONDS))


def combine_duplicates(interactions: DataFrame, rule: DuplicateRule, *, timed: bool) -> DataFrame:
    """Combine the rows of the same user and item.

    Args:
        interactions: (user, item, weight, timestamp), weight never null.
        rule: "last": the weight at the latest time; of several, or without times, the largest.
            "sum", "mean", "max": of all weights.
        timed: whether timestamp is never null; otherwise it always is.

    Returns:
        (user, item, weight, timestamp), one row per (user, item) with the latest time.
    """
    # One exchange, by the user, serves all grouping, and the gathering of histories as well.
    interactions = interactions.repartition(USER)
    if rule == "last" and timed:
        # The greatest (time, weight) in one step would need a struct, for which Spark sorts the
        # whole table instead of hashing it.
        interactions = interactions.groupBy(USER, ITEM, TIMESTAMP).agg(F.max(WEIGHT).alias(WEIGHT))
    return interactions.groupBy(USER, ITEM).agg(
        _combined(WEIGHT, rule, timed=timed).alias(WEIGHT), F.max(TIMESTAMP).alias(TIMESTAMP)
    )


def combine_rated(
    interactions: DataFrame,
    rule: DuplicateRule,
    *,
    timed: bool,
    stars_rule: DuplicateRule | None = None,
) -> DataFrame:
    """Combine the rows of the same user and item, some of which may be dislikes.

    A dislike is never summed up, nor does it count in a mean. It holds for the pair unless a later
    row, or one of the same time, is none; without times it always holds.

    Args:
        interactions: (user, item, weight, timestamp, stars: double, the rating before it decayed,
            below 0 in a dislike).
        rule: see `combine_duplicates`.
        timed: see `combine_duplicates`.
        stars_rule: by which stars are combined; None: as weights are.

    Returns:
        (user, item, weight, timestamp, stars), one row per (user, item). Stars are the rating by
        the same rule, without decay; -1 where the pair is disliked, whose weight is 0.
    """
    disliked = F.col(STARS) < 0
    split = interactions.repartition(USER).select(
        USER,
        ITEM,
        *(F.when(~disliked, F.col(name)).alias(name) for name in (WEIGHT, STARS, TIMESTAMP)),
        F.when(disliked, F.col(TIMESTAMP) if timed else F.lit(0.0)).alias(_DISLIKED_AT),
    )
    if rule == "last" and timed:  # two steps, as above
        split = split.groupBy(USER, ITEM, TIMESTAMP).agg(
            *(F.max(name).alias(name) for name in (WEIGHT, STARS, _DISLIKED_AT))
        )
    combined = split.groupBy(USER, ITEM).agg(
        _combined(WEIGHT, rule, timed=timed).alias(WEIGHT),
        _combined(STARS, stars_rule or rule, timed=timed).alias(STARS),
        F.max(TIMESTAMP).alias(TIMESTAMP),
        F.max(_DISLIKED_AT).alias(_DISLIKED_AT),
    )
    later = F.coalesce(F.col(TIMESTAMP) >= F.col(_DISLIKED_AT), F.lit(False))
    holds = F.col(_DISLIKED_AT).isNotNull() & ~later
    at = F.when(holds, F.col(_DISLIKED_AT) if timed else F.lit(None)).otherwise(F.col(TIMESTAMP))
    return combined.select(
        USER,
        ITEM,
        F.when(holds, F.lit(0.0)).otherwise(F.col(WEIGHT)).alias(WEIGHT),
        at.alias(TIMESTAMP),
        F.when(holds, F.lit(-1.0)).otherwise(F.col(STARS)).alias(STARS),
    )


def _combined(name: str, rule: DuplicateRule, *, timed: bool) -> Column:
    """A column of the rows of a user and an item by a rule; nulls are passed over."""
    ascending = F.sort_array(F.collect_list(name))  # the bits of a sum depend on the order
    total = F.aggregate(ascending, F.lit(0.0), lambda left, right: left + right)
    return {
        "last": F.max_by(name, TIMESTAMP) if timed else F.max(name),
        "sum": total,
        "mean": F.try_divide(total, F.count(name)),  # null where all is null
        "max": F.max(name),
    }[rule]
