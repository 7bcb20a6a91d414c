"""One row per user: the history as arrays."""

from __future__ import annotations

from typing import Final, NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import (
    DISLIKED,
    INDEX,
    ITEM,
    ITEMS,
    SEEN,
    STARS,
    TIMES,
    TIMESTAMP,
    USER,
    WEIGHT,
    WEIGHTS,
)
from graphrec.data.catalogue import Catalogue
from graphrec.data.figures import CappedHistories
from graphrec.data.liked import PRIOR, LikedRule

ALIGNED: Final = {
    ITEMS: "array<int>",
    WEIGHTS: "array<float>",
    TIMES: "array<double>",
    STARS: "array<double>",
}
"""The arrays of a history that have an entry for each of its items, and their types."""


class HistorySizes(NamedTuple):
    """How large some histories are together."""

    users: int
    interactions: int
    capped: CappedHistories  # what `cap_histories` leaves out of them


def build_histories(interactions: DataFrame, catalogue: Catalogue) -> DataFrame:
    """Gather each user's history.

    Items that the catalogue does not hold are left out; a user who has no others is, too.

    Args:
        interactions: (user, item, weight: double, timestamp: double or null), one row per pair.
        catalogue: numbers the items.

    Returns:
        (user, items: array<int>, weights: array<float>, times: array<double>), the arrays
        ascending by item index; times hold null where there is no time.
    """
    indexed = interactions.join(F.broadcast(catalogue.indices(interactions.sparkSession)), ITEM)
    entry = F.struct(F.col(INDEX), F.col(WEIGHT).cast("float").alias(WEIGHT), F.col(TIMESTAMP))
    gathered = indexed.groupBy(USER).agg(F.sort_array(F.collect_list(entry)).alias("history"))
    return gathered.select(
        USER,
        F.col(f"history.{INDEX}").alias(ITEMS),
        F.col(f"history.{WEIGHT}").alias(WEIGHTS),
        F.col(f"history.{TIMESTAMP}").alias(TIMES),
    )


def build_rated_histories(
    pairs: DataFrame,
    catalogue: Catalogue,
    liked: LikedRule | None,
    *,
    seen_from: float | None = None,
) -> DataFrame:
    """Gather each user's history, and what the user dislikes.

    Args:
        pairs: (user, item, weight, timestamp, stars: double, below 0: disliked), one row per pair.
        catalogue: numbers the items; others are left out.
        liked: which of the other items are disliked, too; None: none is.
        seen_from: the least stars of an item that is not listed again; None: none is, whatever its
            stars, and there is no column seen.

    Returns:
        As `build_histories`, and stars: array<double>, aligned with the items, and disliked:
        array<int>, ascending. What has stars below 0 is not in the history, which may be empty.
        With `seen_from` also seen: array<int>.
    """
    indexed = pairs.join(F.broadcast(catalogue.indices(pairs.sparkSession)), ITEM)
    entry = F.struct(
        F.col(INDEX), F.col(WEIGHT).cast("float").alias(WEIGHT), F.col(TIMESTAMP), F.col(STARS)
    )
    gathered = indexed.groupBy(USER).agg(F.sort_array(F.collect_list(entry)).alias("all"))
    history = F.filter("all", lambda one: one[STARS] >= 0)
    split = gathered.select(USER, "all", history.alias("history"))
    lowest = F.lit(0.0) if liked is None else _lowest_liked(F.col(f"history.{STARS}"), liked)
    disliked = F.filter("all", lambda one: (one[STARS] < 0) | (one[STARS] < lowest))
    seen = F.filter("history", lambda one: one[STARS] >= (seen_from or 0.0))
    return split.select(
        USER,
        F.col(f"history.{INDEX}").alias(ITEMS),
        F.col(f"history.{WEIGHT}").alias(WEIGHTS),
        F.col(f"history.{TIMESTAMP}").alias(TIMES),
        F.col(f"history.{STARS}").alias(STARS),
        F.transform(disliked, lambda one: one[INDEX]).alias(DISLIKED),
        *([F.transform(seen, lambda one: one[INDEX]).alias(SEEN)] if seen_from else []),
    )


def _lowest_liked(stars: Column, liked: LikedRule) -> Column:
    """As `LikedRule.lowest_liked_of`, of an array."""
    if liked.mean is None:
        return F.lit(liked.threshold)
    total = F.aggregate(stars, F.lit(0.0), lambda left, right: left + right)
    return (total + PRIOR * liked.mean) / (F.size(stars) + PRIOR) + liked.threshold


def cap_histories(histories: DataFrame, longest: int) -> DataFrame:
    """Keep the latest `longest` interactions of each longer history.

    Without times, or where times are equal, a hash of user and item decides: the choice is the
    same in every run and favours no item. The cost of counting pairs grows with the square of a
    history; this bounds it.
    """
    entries = F.arrays_zip(ITEMS, WEIGHTS, TIMES)
    latest_first = F.sort_array(F.transform(entries, _by_time), asc=False)
    latest = F.transform(F.slice(latest_first, 1, longest), lambda keyed: keyed["entry"])
    # Null for the others, whose arrays are then taken as they are: to zip them costs the most.
    kept = F.when(F.size(ITEMS) > longest, F.sort_array(latest))
    return histories.withColumn("kept", kept).select(
        USER, *(F.coalesce(f"kept.{name}", name).alias(name) for name in (ITEMS, WEIGHTS, TIMES))
    )


def _by_time(entry: Column) -> Column:
    tie = F.xxhash64(F.col(USER), entry[ITEMS])
    return F.struct(entry[TIMES].alias("time"), tie.alias("tie"), entry.alias("entry"))


def history_sizes(histories: DataFrame, longest: int) -> HistorySizes:
    """Count users and interactions, and those that `cap_histories` leaves out."""
    beyond = F.greatest(F.size(ITEMS) - longest, F.lit(0))
    sums = (F.coalesce(F.sum(lengths), F.lit(0)) for lengths in (F.size(ITEMS), beyond))
    row = histories.agg(F.count("*"), F.count_if(beyond > 0), *sums).first()
    assert row is not None  # an aggregate without groups has one row
    users, too_long, interactions, left_out = row
    return HistorySizes(users, interactions, CappedHistories(longest, too_long, left_out))


def with_known_histories(users: DataFrame, histories: DataFrame) -> DataFrame:
    """Rows of users with what is known of them; a user without a history has empty arrays.

    Args:
        users: (user, ...), each once.
        histories: (user, items, weights, ...), perhaps `times`, `stars` and `disliked`.
    """
    kinds = ALIGNED | {DISLIKED: "array<int>", SEEN: "array<int>"}
    filled = {
        name: or_empty(F.col(name), kind)
        for name, kind in kinds.items()
        if name in histories.columns
    }
    return users.join(histories, USER, "left").withColumns(filled)


def or_empty(column: Column, kind: str) -> Column:
    """An empty array instead of null."""
    return F.coalesce(column, F.array().cast(kind))
