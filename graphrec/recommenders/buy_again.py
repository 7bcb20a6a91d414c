"""Items of habit: which of a user's own items will be taken again soon.

Three figures of a user's item decide: the probability p that it is taken again at all, the usual
time m between two times, and the time e since the last one. Times between are log-logistic, so the
share of them that is longer than e is S(e) = 1 / (1 + (e / m)^b). Who has not come back for e days
may still do so, and does within the next h days with probability

    p · (S(e) - S(e + h)) / (p · S(e) + 1 - p)

which falls where an item was taken just now, and where it should have been long ago. p is the share
of the times that were followed by another, of the item and drawn towards all items, then of the
user and drawn towards the item; m likewise, as a mean of logarithms. What was taken lately had
little time to be followed: it counts as not followed for 1 - S(e).
"""

from __future__ import annotations

import math
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from graphrec.columns import ITEM, RANK, SCORE, TIMESTAMP, USER
from graphrec.data.timestamps import DAY_SECONDS
from graphrec.errors import EmptyInputError

TIMES: Final = "times"
LAST: Final = "last"
INTERVAL: Final = "interval"
COLUMNS: Final = (RANK, SCORE, TIMES, LAST, INTERVAL)

_ITEM_PRIOR: Final = 5.0  # times of all items that count beside those of an item
_USER_PRIOR: Final = 2.0  # times of an item that count beside those of a user
_SHAPES: Final = (1.0, 10.0)  # of the log-logistic, between which b is
_DAY, _GAP, _GAPS, _ELAPSED = "day", "gap", "gaps", "elapsed"
_LOGS, _LOG, _RATE = "logs", "log", "rate"


def items_of_habit(taken: DataFrame, length: int, horizon_days: float) -> DataFrame:
    """Rank each user's own items by the probability that they are taken again soon.

    Args:
        taken: (user, item, timestamp: double, in seconds), a row for each time; several on one day
            count once.
        length: how many items of each user are ranked, at most.
        horizon_days: how soon.

    Returns:
        (user, item, rank: int, score: double, the probability, times: long, days on which the user
        took the item, last: date, of these, interval: double, the usual days between).

    Raises:
        EmptyInputError: nobody has taken anything on two days.
    """
    pairs = _pairs(taken)
    rate, log, shape = _overall(pairs)
    items = _items(pairs, log)
    usual = pairs.join(items, ITEM)
    waited = 1 - _longer(F.col(_ELAPSED), F.exp(_LOG), shape)
    followed = usual.groupBy(ITEM).agg(
        F.sum(_GAPS).alias("followed"), F.sum(waited).alias("not_followed")
    )
    trials = F.col("followed") + F.col("not_followed") + _ITEM_PRIOR
    rates = followed.select(ITEM, ((F.col("followed") + _ITEM_PRIOR * rate) / trials).alias(_RATE))
    known = usual.join(rates, ITEM).select(
        USER,
        ITEM,
        (F.col(_GAPS) + 1).alias(TIMES),
        F.date_from_unix_date(F.col(LAST).cast("int")).alias(LAST),
        _ELAPSED,
        ((F.col(_GAPS) + _USER_PRIOR * F.col(_RATE)) / (F.col(_GAPS) + _USER_PRIOR)).alias(_RATE),
        F.exp((F.col(_LOGS) + _USER_PRIOR * F.col(_LOG)) / (F.col(_GAPS) + _USER_PRIOR)).alias(
            INTERVAL
        ),
    )
    scored = known.withColumn(SCORE, _probability(shape, horizon_days))
    best = Window.partitionBy(USER).orderBy(F.desc(SCORE), ITEM)
    ranked = scored.withColumn(RANK, F.row_number().over(best))
    return ranked.where(F.col(RANK) <= length).select(USER, ITEM, *COLUMNS)


def _pairs(taken: DataFrame) -> DataFrame:
    """(user, item, gaps, logs: Σ log gap, squares: Σ log² gap, last: day, elapsed)."""
    days = taken.select(USER, ITEM, F.floor(F.col(TIMESTAMP) / DAY_SECONDS).alias(_DAY)).distinct()
    before = F.lag(_DAY).over(Window.partitionBy(USER, ITEM).orderBy(_DAY))
    log = F.log((F.col(_DAY) - before).cast("double"))
    pairs = (
        days.withColumn(_GAP, log)
        .groupBy(USER, ITEM)
        .agg(
            F.count(_GAP).alias(_GAPS),
            F.coalesce(F.sum(_GAP), F.lit(0.0)).alias(_LOGS),
            F.coalesce(F.sum(F.col(_GAP) * F.col(_GAP)), F.lit(0.0)).alias("squares"),
            F.max(_DAY).alias(LAST),
        )
    )
    latest = pairs.agg(F.max(LAST)).first()
    today = latest[0] if latest is not None else None
    return pairs.withColumn(_ELAPSED, (F.lit(today) - F.col(LAST)).cast("double"))


def _overall(pairs: DataFrame) -> tuple[float, float, float]:
    """The share of times that were followed, the mean log of the gaps, and the shape b."""
    by_item = pairs.groupBy(ITEM).agg(
        F.count("*").alias("users"),
        *(F.sum(name).alias(name) for name in (_GAPS, _LOGS, "squares")),
    )
    around = F.col("squares") - F.col(_LOGS) ** 2 / F.greatest(F.col(_GAPS), F.lit(1))
    free = F.greatest(F.col(_GAPS) - 1, F.lit(0))
    row = by_item.agg(
        F.sum("users"), F.sum(_GAPS), F.sum(_LOGS), F.sum(around), F.sum(free)
    ).first()
    users, gaps, logs, squares, freedom = row if row is not None else (0,) * 5
    if not gaps:
        raise EmptyInputError(
            "nobody has taken an item on two days",
            found=f"{users or 0:,} users and items",
            fix="give every interaction with its time, not the latest of each user and item alone",
        )
    deviation = math.sqrt(max(squares, 0.0) / freedom) if freedom else 1.0
    # the logarithm of a log-logistic time is logistic, of deviation π / (√3 b)
    shape = math.pi / math.sqrt(3) / max(deviation, 1e-9)
    return gaps / (gaps + users), logs / gaps, min(max(shape, _SHAPES[0]), _SHAPES[1])


def _items(pairs: DataFrame, log: float) -> DataFrame:
    """(item, log: of its usual gap, drawn towards that of all)."""
    mean = (F.sum(_LOGS) + _ITEM_PRIOR * log) / (F.sum(_GAPS) + _ITEM_PRIOR)
    return pairs.groupBy(ITEM).agg(mean.alias(_LOG))


def _longer(days: Column, usual: Column, shape: float) -> Column:
    """The share of times between that are longer than some days."""
    return 1 / (1 + F.pow(days / usual, F.lit(shape)))


def _probability(shape: float, horizon_days: float) -> Column:
    """That an item is taken again within the horizon, given that it has not been yet."""
    rate, elapsed, usual = F.col(_RATE), F.col(_ELAPSED), F.col(INTERVAL)
    still = _longer(elapsed, usual, shape)
    then = _longer(elapsed + horizon_days, usual, shape)
    return rate * (still - then) / (rate * still + 1 - rate)
