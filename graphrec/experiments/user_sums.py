"""What Spark makes of events: sums of each user and day, and of these the sums that tests need.

A test over time needs, for every day, the sums over users of what each has done until then, and of
the squares of it. A user's sum changes only on days with events, so each row (user, day) adds
X_after² - X_before² to its day, and one pass over these rows gives all days, segments and arms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from graphrec.columns import USER
from graphrec.data.bounds import DAY_SECONDS
from graphrec.data.event_names import ARM, EXPERIMENT, IMPRESSION, KIND, TIME, VALUE
from graphrec.experiments.metrics import ACTIVE, OF_USERS, RETURNED, USER_SUM, Metric
from graphrec.experiments.moments import Moments

ARMS: Final = "arms"
EXPOSED: Final = "exposed"
DAY: Final = "day"  # int, since 1970-01-01 UTC; null for what came before the exposure
SEGMENT: Final = "segment"
EVENTS: Final = "events"
EARLY: Final = "early"
PERIOD: Final = "period"
_TAGGED: Final = "tagged"
BEFORE, FIRST_HALF, SECOND_HALF = "before", "first", "second"
_FIRST_DAY: Final = "first_day"
_PARTS: Final = ("x", "y", "xx", "yy", "xy", "z", "zz", "xz", "yz")


def exposures_of(rows: DataFrame, experiments: Sequence[str]) -> DataFrame:
    """The first exposure of each user, and the arm he was in.

    Args:
        rows: (user, experiment, arm, time, kind) of events, or assignments without a kind.
        experiments: those that are looked at; of several the arm is that of each, joined by " / ",
            and only users who are in all of them count.

    Returns:
        (user, arm, arms: 1, or 2 of users who were in several of one experiment, exposed: seconds).
    """
    shown = rows.where(F.col(ARM).isNotNull() & F.col(USER).isNotNull())
    if experiments:
        shown = shown.where(F.col(EXPERIMENT).isin(list(experiments)))
    if KIND in rows.columns:
        shown = shown.where(F.col(KIND) == IMPRESSION)
    single = len(experiments) < 2
    group = F.lit("") if single else F.col(EXPERIMENT)
    each = shown.groupBy(USER, group.alias(EXPERIMENT)).agg(
        F.min_by(ARM, F.struct(TIME, ARM)).alias(ARM),
        # Whether there are several is all that is asked; to count them would take a second shuffle.
        F.when(F.min(ARM) == F.max(ARM), 1).otherwise(2).alias(ARMS),
        F.coalesce(F.min(TIME), F.lit(0.0)).alias(EXPOSED),
    )
    if single:
        return each.drop(EXPERIMENT)
    order = F.create_map(*(F.lit(part) for at, one in enumerate(experiments) for part in (one, at)))
    joined = F.array_sort(F.collect_list(F.struct(order[F.col(EXPERIMENT)].alias("at"), ARM)))
    together = each.groupBy(USER).agg(
        F.concat_ws(" / ", joined[ARM]).alias(ARM),
        F.max(ARMS).alias(ARMS),
        F.max(EXPOSED).alias(EXPOSED),
        F.count(F.lit(1)).alias("in_all"),
    )
    return together.where(F.col("in_all") == len(experiments)).drop("in_all")


def user_days(
    events: DataFrame,
    exposures: DataFrame,
    metrics: Iterable[Metric],
    *,
    segments: DataFrame | None = None,
) -> DataFrame:
    """Sum up the events of each user and day.

    Args:
        events: (user, time, kind, value, arm).
        exposures: (user, arm, exposed), a row per user; others' events are left out.
        metrics: what is summed.
        segments: (user, segment), a row per user; None: all are in one.

    Returns:
        (user, arm, segment, first_day, day, a column for each sum, events, early: events of the
        experiment before the exposure), at least one row of each user, that of the day of the
        exposure.
    """
    assigned = exposures.select(USER, F.col(ARM).alias("_arm"), EXPOSED)
    if segments is None:
        assigned = assigned.withColumn(SEGMENT, F.lit("all"))
    else:
        assigned = assigned.join(segments, USER, "left").fillna("none", [SEGMENT])
    # A user without any event is still one who was assigned. The rows are united before the join,
    # so that what follows is partitioned by user already.
    nobody = exposures.select(
        USER,
        F.col(EXPOSED).alias(TIME),
        F.lit(None).cast("string").alias(KIND),
        F.lit(None).cast("double").alias(VALUE),
        F.lit(False).alias(_TAGGED),
    )
    rows = events.select(USER, TIME, KIND, VALUE, F.col(ARM).isNotNull().alias(_TAGGED))
    joined = rows.unionByName(nobody).join(assigned.hint("shuffle_hash"), USER)
    after = F.col(TIME) >= F.col(EXPOSED)
    day = F.when(after, F.floor(F.col(TIME) / DAY_SECONDS).cast("int"))
    is_event = F.col(KIND).isNotNull()
    return joined.groupBy(
        USER,
        F.col("_arm").alias(ARM),
        SEGMENT,
        F.floor(F.col(EXPOSED) / DAY_SECONDS).cast("int").alias(_FIRST_DAY),
        day.alias(DAY),
    ).agg(
        *(_summed(one).alias(one) for one in sums_of(metrics)),
        F.count_if(is_event).cast("double").alias(EVENTS),
        F.count_if(is_event & F.col(_TAGGED) & ~after).cast("double").alias(EARLY),
    )


def sums_of(metrics: Iterable[Metric]) -> list[str]:
    """The sums that are made of events, each once, in a fixed order."""
    return sorted({one for metric in metrics for one in metric.sums} - set(OF_USERS))


def capped_at(days: DataFrame, metrics: Iterable[Metric]) -> dict[str, float]:
    """The largest numerator that is not cut, of each metric that has a cap.

    It is a quantile of those above 0: most users buy nothing.

    Args:
        days: as `user_days` returns.
        metrics: of the experiment.
    """
    capped = [metric for metric in metrics if metric.cap is not None]
    if not capped:
        return {}
    names = sorted({metric.numerator for metric in capped})
    totals = days.where(F.col(DAY).isNotNull()).groupBy(USER)
    users = totals.agg(*(F.sum(f"`{name}`").alias(name) for name in names))
    [row] = users.agg(
        *(
            F.percentile_approx(_positive(metric.numerator), metric.cap or 1.0, 10_000).alias(
                metric.name
            )
            for metric in capped
        )
    ).collect()
    return {metric.name: float(row[metric.name] or 0.0) for metric in capped}


def moment_table(
    days: DataFrame, metrics: Sequence[Metric], caps: Mapping[str, float]
) -> pd.DataFrame:
    """Add up over users what each row adds to the sums of its day.

    Args:
        days: as `user_days` returns.
        metrics: of the experiment.
        caps: as `capped_at` returns.

    Returns:
        (arm, segment, day, users, of each metric number i the columns `x_i` ... `yz_i`), a row per
        arm, segment and day: small, whatever the number of users. z is the user's numerator from
        before the exposure.
    """
    # What came before the exposure has no day, so it stands before all days.
    until = Window.partitionBy(USER).orderBy(DAY)
    running = until.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    own, has_day = sums_of(metrics), F.col(DAY).isNotNull()
    rows = days.select(
        "*",
        *(F.sum(F.when(~has_day, _named(s))).over(running).alias(f"before {s}") for s in own),
        *(
            F.sum(F.when(has_day, _named(s))).over(running).alias(f"until {s}")
            for s in (*own, EVENTS)
        ),
        F.lag(DAY).over(until).alias("previous"),
    ).where(has_day)
    parts = {
        f"{part}_{number}": value
        for number, metric in enumerate(metrics)
        for part, value in _increments(metric, caps.get(metric.name))
    }
    grouped = rows.groupBy(ARM, SEGMENT, DAY).agg(
        F.count_if(F.col("previous").isNull()).cast("double").alias("users"),
        *(F.sum(value).alias(name) for name, value in parts.items()),
    )
    return grouped.toPandas().sort_values([ARM, SEGMENT, DAY], ignore_index=True)


def period_table(days: DataFrame, metrics: Sequence[Metric], middle: int) -> pd.DataFrame:
    """Moments of three periods by themselves: before the exposure, and two halves after it.

    Args:
        days: as `user_days` returns.
        metrics: of the experiment.
        middle: the day that the second half begins with.

    Returns:
        (arm, period: before, first or second, users, x_i, y_i, xx_i ...), a row per arm and
        period; users without an event in a period are not in it, and there is no covariate.
    """
    period = (
        F.when(F.col(DAY).isNull(), BEFORE)
        .when(F.col(DAY) < F.lit(middle), FIRST_HALF)
        .otherwise(SECOND_HALF)
    )
    own = (F.sum(_named(one)).alias(one) for one in sums_of(metrics))
    with_events = days.where(F.col(EVENTS) > 0)
    users = with_events.groupBy(USER, ARM, period.alias(PERIOD)).agg(F.count(DAY), *own)
    parts: dict[str, Column] = {}
    for number, metric in enumerate(metrics):
        x, y = (F.lit(1.0) if one in OF_USERS else _named(one) for one in metric.sums)
        values = {"x": x, "y": y, "xx": x * x, "yy": y * y, "xy": x * y}
        parts |= {f"{p}_{number}": F.sum(values.get(p, F.lit(0.0))) for p in _PARTS}
    return (
        users.groupBy(ARM, PERIOD)
        .agg(
            F.count(F.lit(1)).cast("double").alias("users"),
            *(value.alias(name) for name, value in parts.items()),
        )
        .toPandas()
    )


def moments(table: pd.DataFrame, number: int) -> Moments:
    """The moments of one metric from rows of a table, summed.

    Args:
        table: rows of `moment_table`.
        number: of the metric.
    """
    sums = {part: np.asarray(table[f"{part}_{number}"].sum()) for part in _PARTS}
    return Moments(users=np.asarray(table["users"].sum()), **sums)


def moments_by_day(table: pd.DataFrame, number: int, days: Sequence[int]) -> Moments:
    """What each day adds to the moments of one metric.

    Args:
        table: rows of `moment_table`.
        number: of the metric.
        days: the days, in their order; a day without rows adds nothing.
    """
    names = ["users", *(f"{part}_{number}" for part in _PARTS)]
    daily = table.groupby(DAY)[names].sum().reindex(list(days), fill_value=0.0)
    sums = {part: daily[f"{part}_{number}"].to_numpy(dtype=float) for part in _PARTS}
    return Moments(users=daily["users"].to_numpy(dtype=float), **sums)


# --- sums -----------------------------------------------------------------------------------------


def _named(name: str) -> Column:
    return F.col(f"`{name}`")


def _positive(name: str) -> Column:
    return F.when(_named(name) > 0, _named(name))


def _summed(one: str) -> Column:
    """The sum of a kind's rows, or of their values."""
    kind = one.removesuffix(".value")
    is_kind = F.col(KIND) == kind
    if kind == one:
        return F.count_if(F.coalesce(is_kind, F.lit(False))).cast("double")
    return F.coalesce(F.sum(F.when(is_kind, F.col(VALUE))), F.lit(0.0))


def _increments(metric: Metric, cap: float | None) -> Iterator[tuple[str, Column]]:
    """What a row of a user and day adds to each sum of a metric."""
    (x0, x1), (y0, y1) = _steps(metric.numerator, cap), _steps(metric.denominator, None)
    first = F.col("previous").isNull()
    own = metric.numerator not in OF_USERS
    z = F.coalesce(_named(f"before {metric.numerator}"), F.lit(0.0)) if own else F.lit(0.0)
    if cap is not None:
        z = F.least(z, F.lit(cap))
    yield "x", x1 - x0
    yield "y", y1 - y0
    yield "xx", x1 * x1 - x0 * x0
    yield "yy", y1 * y1 - y0 * y0
    yield "xy", x1 * y1 - x0 * y0
    yield "z", F.when(first, z).otherwise(0.0)
    yield "zz", F.when(first, z * z).otherwise(0.0)
    yield "xz", (x1 - x0) * z
    yield "yz", (y1 - y0) * z


def _steps(one: str, cap: float | None) -> tuple[Column, Column]:
    """A user's sum before a day and after it."""
    first = F.col("previous").isNull()
    if one == USER_SUM:
        return F.when(first, 0.0).otherwise(1.0), F.lit(1.0)
    if one == ACTIVE:
        before = F.col(f"until {EVENTS}") - F.col(EVENTS)
        return (before > 0).cast("double"), (F.col(f"until {EVENTS}") > 0).cast("double")
    if one == RETURNED:
        returned = F.coalesce(F.col("previous") > F.col(_FIRST_DAY), F.lit(False))
        return returned.cast("double"), (F.col(DAY) > F.col(_FIRST_DAY)).cast("double")
    after = _named(f"until {one}")
    before = after - _named(one)
    if cap is not None:
        return F.least(before, F.lit(cap)), F.least(after, F.lit(cap))
    return before, after
