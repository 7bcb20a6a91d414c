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
from typing import Final, NamedTuple

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from graphrec.columns import ITEM, RANK, SCORE, TIMESTAMP, USER
from graphrec.data.bounds import DAY_SECONDS
from graphrec.errors import EmptyInputError

TIMES: Final = "times"
LAST: Final = "last"
INTERVAL: Final = "interval"
COLUMNS: Final = (RANK, SCORE, TIMES, LAST, INTERVAL)

_ITEM_PRIOR: Final = 5.0  # times of all items that count beside those of an item
_USER_PRIOR: Final = 2.0  # times of an item that count beside those of a user
_SHAPES: Final = (1.0, 10.0)  # of the log-logistic, between which b is
_DAY, _GAP, _GAPS, _ELAPSED = "day", "gap", "gaps", "elapsed"
_PER_LOG: Final = 1e4  # see `_pairs`
_LOGS, _SQUARES, _LOG, _RATE = "logs", "squares", "log", "rate"


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
    overall = _overall(pairs)
    elapsed = (overall.today - F.col(LAST)).cast("double").alias(_ELAPSED)
    usual = pairs.select("*", elapsed).join(_usual_gaps(pairs, overall.log), ITEM)
    known = usual.join(_repeat_rates(usual, overall), ITEM).select(
        USER,
        ITEM,
        (F.col(_GAPS) + 1).alias(TIMES),
        F.date_from_unix_date(F.col(LAST).cast("int")).alias(LAST),
        _ELAPSED,
        _drawn(F.col(_GAPS), F.col(_GAPS), F.col(_RATE), _USER_PRIOR).alias(_RATE),
        F.exp(_drawn(_in_logs(_LOGS), F.col(_GAPS), F.col(_LOG), _USER_PRIOR)).alias(INTERVAL),
    )
    scored = known.withColumn(SCORE, _probability(overall.shape, horizon_days))
    best = Window.partitionBy(USER).orderBy(F.desc(SCORE), ITEM)
    ranked = scored.withColumn(RANK, F.row_number().over(best))
    return ranked.where(F.col(RANK) <= length).select(USER, ITEM, *COLUMNS)


def _pairs(taken: DataFrame) -> DataFrame:
    """(user, item, gaps: how many, logs: Σ log gap, squares: Σ log² gap, last: day).

    Logarithms are whole numbers of a ten-thousandth: their sums are the same in any order.
    """
    days = taken.select(USER, ITEM, F.floor(F.col(TIMESTAMP) / DAY_SECONDS).alias(_DAY)).distinct()
    before = F.lag(_DAY).over(Window.partitionBy(USER, ITEM).orderBy(_DAY))
    log = F.round(_PER_LOG * F.log((F.col(_DAY) - before).cast("double"))).cast("long")
    none = F.lit(0).cast("long")
    return (
        days.withColumn(_GAP, log)
        .groupBy(USER, ITEM)
        .agg(
            F.count(_GAP).alias(_GAPS),
            F.coalesce(F.sum(_GAP), none).alias(_LOGS),
            F.coalesce(F.sum(F.col(_GAP) * F.col(_GAP)), none).alias(_SQUARES),
            F.max(_DAY).alias(LAST),
        )
    )


class _Overall(NamedTuple):
    """What is said of all users and items together."""

    rate: float  # the share of times that were followed by another
    log: float  # mean of the logarithms of the gaps
    shape: float  # b
    today: int  # the latest day


def _overall(pairs: DataFrame) -> _Overall:
    """One pass over all pairs; the deviation of the gaps is that around the means of the items.

    Raises:
        EmptyInputError: there is no gap.
    """
    by_item = pairs.groupBy(ITEM).agg(
        F.count("*").alias("users"),
        F.max(LAST).alias(LAST),
        *(F.sum(name).alias(name) for name in (_GAPS, _LOGS, _SQUARES)),
    )
    logs = F.col(_LOGS).cast("double")
    around = F.round(F.col(_SQUARES) - logs * logs / F.greatest(F.col(_GAPS), F.lit(1)))
    free = F.greatest(F.col(_GAPS) - 1, F.lit(0))
    sums = (F.sum(column) for column in ("users", _GAPS, _LOGS, around.cast("long"), free))
    row = by_item.agg(*sums, F.max(LAST)).first()
    assert row is not None  # an aggregate without groups has one row
    users, gaps, total, squares, freedom, today = row
    if not gaps:
        raise EmptyInputError(
            "nobody has taken an item on two days",
            found=f"{users or 0:,} users and items",
            fix="give every interaction with its time, not the latest of each user and item alone",
        )
    deviation = math.sqrt(max(squares, 0) / freedom) / _PER_LOG if freedom else 1.0
    # the logarithm of a log-logistic time is logistic, of deviation π / (√3 b)
    shape = math.pi / math.sqrt(3) / max(deviation, 1e-9)
    shape = min(max(shape, _SHAPES[0]), _SHAPES[1])
    return _Overall(gaps / (gaps + users), total / gaps / _PER_LOG, shape, today)


def _usual_gaps(pairs: DataFrame, log: float) -> DataFrame:
    """(item, log: of its usual gap, drawn towards that of all)."""
    sums = pairs.groupBy(ITEM).agg(F.sum(_LOGS).alias(_LOGS), F.sum(_GAPS).alias(_GAPS))
    mean = _drawn(_in_logs(_LOGS), F.col(_GAPS), F.lit(log), _ITEM_PRIOR)
    return sums.select(ITEM, mean.alias(_LOG))


def _repeat_rates(usual: DataFrame, overall: _Overall) -> DataFrame:
    """(item, rate: the share of its times that were followed, drawn towards that of all)."""
    waited = 1 - _longer(F.col(_ELAPSED), F.exp(_LOG), overall.shape)
    sums = usual.groupBy(ITEM).agg(
        F.sum(_GAPS).alias(_GAPS), F.sum(F.round(_PER_LOG * waited).cast("long")).alias("waited")
    )
    trials = F.col(_GAPS) + F.col("waited") / _PER_LOG
    rate = _drawn(F.col(_GAPS), trials, F.lit(overall.rate), _ITEM_PRIOR)
    return sums.select(ITEM, rate.alias(_RATE))


def _drawn(total: Column, count: Column, towards: Column, prior: float) -> Column:
    """A mean, drawn towards another as if that were the mean of `prior` more."""
    return (total + prior * towards) / (count + prior)


def _in_logs(name: str) -> Column:
    return F.col(name) / _PER_LOG


def _longer(days: Column, usual: Column, shape: float) -> Column:
    """The share of times between that are longer than some days."""
    return 1 / (1 + F.pow(days / usual, F.lit(shape)))


def _probability(shape: float, horizon_days: float) -> Column:
    """That an item is taken again within the horizon, given that it has not been yet."""
    rate, elapsed, usual = F.col(_RATE), F.col(_ELAPSED), F.col(INTERVAL)
    still = _longer(elapsed, usual, shape)
    then = _longer(elapsed + horizon_days, usual, shape)
    return rate * (still - then) / (rate * still + 1 - rate)
