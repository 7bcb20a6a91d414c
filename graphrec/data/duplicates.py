"""Duplicates: several rows of the same user and item become one."""

from __future__ import annotations

from typing import Literal, get_args

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, TIMESTAMP, USER, WEIGHT
from graphrec.data.timestamps import DAY_SECONDS
from graphrec.errors import ParameterError

DuplicateRule = Literal["last", "sum", "mean", "max"]


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
    ascending = F.sort_array(F.collect_list(WEIGHT))  # the bits of a sum depend on the order
    total = F.aggregate(ascending, F.lit(0.0), lambda left, right: left + right)
    weight = {
        "last": F.max_by(WEIGHT, TIMESTAMP) if timed else F.max(WEIGHT),
        "sum": total,
        "mean": total / F.count(WEIGHT),
        "max": F.max(WEIGHT),
    }[rule]
    return interactions.groupBy(USER, ITEM).agg(
        weight.alias(WEIGHT), F.max(TIMESTAMP).alias(TIMESTAMP)
    )
