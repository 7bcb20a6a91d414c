"""Histories in which older items count less."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, SEEN, TIMES, WEIGHTS
from graphrec.data.bounds import DAY_SECONDS


def weigh_by_recency(
    histories: DataFrame, half_life_days: float, *, until: float | None = None
) -> DataFrame:
    """Halve the weight of an item for each half-life before a moment.

    Counted from each user's own latest interaction, a user who came back after a year is served by
    the same mixture of old and new as before. Counted from one moment for all, interactions of long
    ago count less beside the recent ones of other users. Without times nothing changes.

    Args:
        histories: (..., weights: array<float>, times: array<double>).
        half_life_days: age in days at which an item counts half.
        until: the moment, seconds since 1970-01-01 UTC; None: of each user, the latest time.
    """
    rate = F.lit(half_life_days * DAY_SECONDS)
    latest = F.array_max(TIMES) if until is None else F.lit(until)
    weights = F.zip_with(
        WEIGHTS,
        TIMES,
        lambda weight, time: (
            F.when(time.isNotNull(), weight * F.pow(F.lit(0.5), (latest - time) / rate))
            .otherwise(weight)
            .cast("float")
        ),
    )
    return histories.withColumn(WEIGHTS, weights)


def seen_lately(histories: DataFrame, days: float, *, latest: float) -> DataFrame:
    """With `seen`: array<int>, the items of each history that are not listed again yet.

    Args:
        histories: (..., items, times), perhaps with `seen`, of which some are taken then.
        days: after which an item may be listed again. What has no time may not.
        latest: the time from which days are counted back, unless the history goes further.
    """
    since = F.greatest(F.lit(latest), F.array_max(TIMES)) - F.lit(days * DAY_SECONDS)
    entries = F.filter(
        F.arrays_zip(ITEMS, TIMES), lambda entry: entry[TIMES].isNull() | (entry[TIMES] > since)
    )
    lately = F.transform(entries, lambda entry: entry[ITEMS])
    if SEEN in histories.columns:
        lately = F.array_intersect(SEEN, lately)
    return histories.withColumn(SEEN, lately)
