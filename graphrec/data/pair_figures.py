"""Figures of distinct (user, item) pairs: how many, what their ratings are like, a fingerprint.

All of them are sums, extremes or exclusive ors over groups, so that one pass gives them, whatever
the partitions and the order of the rows. The bounds of the histogram are the same for all data, so
that no second pass is needed once the range is known: half steps up to 10, fives up to 100, then
powers of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import xor
from typing import Any, Final, NamedTuple

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEM, STARS, TIMESTAMP, USER
from graphrec.data.liked import RatingRange

_BOUND: Final = "bound"
_PAIRS: Final = "pairs"
_UNSIGNED: Final = 2**64


class PairFigures(NamedTuple):
    """See `InteractionFigures`, where each has the same name."""

    interactions: int
    dislikes: int
    ratings: RatingRange | None
    histogram: tuple[tuple[float, int], ...]
    fingerprint: str


def count_pairs(pairs: DataFrame, *, rated: bool) -> PairFigures:
    """Count distinct pairs, see `graphrec.data.contract.Interactions.pairs`.

    Args:
        pairs: (user, item, timestamp), perhaps stars: below 0 the pair is disliked.
        rated: stars are ratings, and not made of kinds of events.
    """
    if STARS not in pairs.columns:
        bound, stars = F.lit(None).cast("double"), F.lit(1.0)
    else:
        bound, stars = lower_bound(F.col(STARS)), F.col(STARS)
    groups = (
        pairs.groupBy(bound.alias(_BOUND))
        .agg(
            F.count("*").alias(_PAIRS),
            F.min(stars).alias("lowest"),
            F.max(stars).alias("highest"),
            F.sum(stars).alias("total"),
            F.bit_xor(_hash(pairs)).alias("hash"),
        )
        .collect()  # a row per bound, of which there are some fifty
    )
    taken = [row for row in groups if row[_BOUND] is None or row[_BOUND] >= 0]
    interactions = sum(row[_PAIRS] for row in taken)
    return PairFigures(
        interactions=interactions,
        dislikes=sum(row[_PAIRS] for row in groups) - interactions,
        ratings=_range(taken, interactions) if rated and taken else None,
        histogram=_histogram(taken) if rated else (),
        fingerprint=f"{reduce(xor, (row['hash'] for row in groups), 0) % _UNSIGNED:016x}",
    )


def lower_bound(stars: Column) -> Column:
    """The bound of the histogram that a rating is at or above; -1 for all below 0."""
    return (
        F.when(stars < 0, -1.0)
        .when(stars < 10, F.floor(stars * 2) / 2)
        .when(stars < 100, F.floor(stars / 5) * 5.0)
        .otherwise(F.pow(F.lit(10.0), F.floor(F.log10(stars))))
    )


def _hash(pairs: DataFrame) -> Column:
    """Of a pair with all that is known of it; whole numbers of any width are the same ids."""
    ids = (
        F.col(name).cast("long") if isinstance(pairs.schema[name].dataType, T.IntegralType)
        else F.col(name)
        for name in (USER, ITEM)
    )  # fmt: skip
    return F.xxhash64(*ids, *(name for name in (STARS, TIMESTAMP) if name in pairs.columns))


def _range(groups: Sequence[Row], ratings: int) -> RatingRange:
    """The mean is that of sums per bound, added up in their order: to its last bits the same."""
    totals = {row[_BOUND]: row["total"] for row in groups}
    return RatingRange(
        min(row["lowest"] for row in groups),
        max(row["highest"] for row in groups),
        round(sum(totals[bound] for bound in sorted(totals)) / ratings, 6),
    )


def _histogram(groups: Sequence[Row]) -> tuple[tuple[float, int], ...]:
    counted: list[tuple[Any, Any]] = [(row[_BOUND], row[_PAIRS]) for row in groups]
    return tuple(sorted(counted))
