"""The exact quantile of a column that is too long to sort in one task."""

from __future__ import annotations

import math

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def exact_quantile(
    df: DataFrame, value: Column, share: float, *, at_once: int = 4096
) -> float | None:
    """Return the smallest value that at least this share of the values do not exceed.

    Each pass counts the values of an interval in bins and goes on with the bin that holds the
    answer, until what is left fits the driver. So it needs neither a global sort nor a table of
    the distinct values on one worker, unlike `percentile`, and is exact, unlike
    `percentile_approx`. Every pass narrows the interval by the number of bins: the seconds of
    many years take three or four.

    Args:
        df: any frame; it is read once per pass.
        value: a double column of it, finite or null; null rows do not count.
        share: of the values, in (0, 1].
        at_once: how many bins a pass has, and how many values the driver takes in the end.

    Returns:
        The quantile, or None when all rows are null.
    """
    known = df.select(value.alias("value")).filter(F.col("value").isNotNull())
    low, high, rows = known.agg(F.min("value"), F.max("value"), F.count("value")).collect()[0]
    if not rows:
        return None
    # The rounding undoes what binary fractions add: 0.07 * 100 is 7.000000000000001.
    position = math.ceil(round(share * rows, 6))
    while rows > at_once and low < high:
        for bin_low, bin_high, bin_rows in _bins(known, low, high, at_once):
            if bin_rows >= position:
                low, high, rows = bin_low, bin_high, bin_rows
                break
            position -= bin_rows
    if low == high:
        return float(low)
    remaining = known.filter(F.col("value").between(low, high)).collect()  # at most `at_once`
    return float(sorted(row.value for row in remaining)[position - 1])


def _bins(known: DataFrame, low: float, high: float, bins: int) -> list[tuple[float, float, int]]:
    """Return (least value, greatest value, rows) of each bin of [low, high] that is not empty.

    Rounding keeps order, so the bins follow each other; `low` and `high` are in different ones,
    so each pass makes progress.
    """
    value = F.col("value")
    bin_of = F.floor((value - F.lit(low)) / F.lit(high - low) * F.lit(bins))
    counted = known.filter(value.between(low, high)).groupBy(bin_of)
    rows = counted.agg(F.min(value), F.max(value), F.count(value)).collect()  # at most bins + 1
    return sorted((least, greatest, n) for _, least, greatest, n in rows)
