"""From a table of events to a verdict: the whole analysis of an experiment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import REASON, USER
from graphrec.data.column_types import quoted
from graphrec.data.event_names import (
    ARM,
    CLICK,
    EVENT_ID,
    EXPERIMENT,
    IMPRESSION,
    KIND,
    TIME,
    VALUE,
)
from graphrec.data.events import (
    EventColumns,
    find_assignment_columns,
    find_event_columns,
    judge_assignments,
    judge_events,
    once,
)
from graphrec.data.interaction_columns import require_column
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.errors import EmptyInputError, InputError, ParameterError
from graphrec.experiments import checks as soundness
from graphrec.experiments.checks import Check
from graphrec.experiments.comparisons import (
    Comparison,
    Testing,
    at_the_end,
    by_segment,
    over_time,
)
from graphrec.experiments.event_figures import EventFigures, event_figures
from graphrec.experiments.factorial import Effect, effects
from graphrec.experiments.metrics import METRICS, Metric
from graphrec.experiments.moments import Moments
from graphrec.experiments.multiplicity import Correction
from graphrec.experiments.power import Plan, plan, users_needed
from graphrec.experiments.user_sums import (
    ARMS,
    DAY,
    EARLY,
    EVENTS,
    EXPOSED,
    SEGMENT,
    capped_at,
    exposures_of,
    moment_table,
    moments,
    moments_by_day,
    period_table,
    user_days,
)
from graphrec.experiments.verdict import Horizon, Verdict, verdict_of
from graphrec.progress import stage
from graphrec.spark.persisted import PersistedFrames

READ: Final = "read events"  # stages
EXPOSURES: Final = "exposures"
USER_SUMS: Final = "sums per user"
TESTS: Final = "tests"
STAGES: Final = (READ, EXPOSURES, USER_SUMS, TESTS)
PLAN_STAGES: Final = (READ, USER_SUMS)
CROSSED: Final = " / "  # between the arms of crossed experiments


@dataclass(frozen=True)
class Design:
    """What was planned.

    Attributes:
        metrics: the primary one first.
        experiments: names of those in the table that are looked at; none: the only one there is;
            several: they are crossed.
        control: the arm that others are held against; None: the first by name. Of crossed
            experiments the first arm of each, joined by " / ".
        weights: planned shares of the users, by arm; None: equal ones.
        days: how long it was to run; None: open.
        power: with which `effect` is to be found.
        bots: quantile of the events of a user beyond which he may be no person.
        confidence: of all intervals.
        correction: see `Testing`, as for what follows.
        cuped: see `Testing`.
        sequence_users: see `Testing`.
        effect: see `Testing`.
    """

    metrics: Sequence[Metric] = (METRICS["ctr"],)
    experiments: Sequence[str] = ()
    control: str | None = None
    weights: Mapping[str, float] | None = None
    days: int | None = None
    power: float = 0.8
    bots: float = 0.999
    confidence: float = 0.95
    correction: Correction = "holm"
    cuped: bool = True
    sequence_users: int = 5000
    effect: float = 0.02


@dataclass(frozen=True)
class Analysis:
    """What was found.

    Attributes:
        arms: the control first.
        users: in each arm.
        first_day: since 1970-01-01 UTC.
        horizon: how long it ran, and has to run.
        metrics: the primary one first.
        final: each metric and arm over all users and days.
        days: the same at the end of each day.
        segments: the primary metric by segment; empty without segments.
        effects: main effects and interactions of the primary metric, of crossed experiments.
        checks: of soundness.
        verdict: what to do.
        figures: what was read.
        testing: how it was tested.
    """

    arms: list[str]
    users: dict[str, int]
    first_day: int
    horizon: Horizon
    metrics: list[Metric]
    final: list[Comparison]
    days: list[Comparison]
    segments: list[Comparison]
    effects: list[Effect]
    checks: list[Check]
    verdict: Verdict
    figures: EventFigures
    testing: Testing


def analyse(
    events: DataFrame,
    design: Design | None = None,
    *,
    columns: EventColumns | None = None,
    assignments: DataFrame | None = None,
    segment: str | None = None,
) -> Analysis:
    """Analyse an experiment.

    Who was in which arm is read in `assignments`, or else in the impressions themselves (columns
    experiment and arm). A user counts from his first exposure on; what he did before is a covariate
    for CUPED. Spark adds up by user; all tests are on tables of a row per arm, segment and day.

    Args:
        events: as in `graphrec.data.events`.
        design: what was planned; None: click-through rate, two equal arms, open end.
        columns: of the events; None: found by their usual names.
        assignments: (user, arm, and perhaps experiment and time); without a time, a user counts
            from his first event on.
        segment: a column of the assignments, or of the events without them, that users are split
            by; each is in the least value that he has.

    Raises:
        ColumnError: a column is missing.
        EmptyInputError: no row is an event, or nobody is in the experiment.
        InputError: one arm only, or several experiments that were not named.
    """
    design = design or Design()
    columns = columns or find_event_columns(events)
    with PersistedFrames() as persisted, one_line_errors(events.sparkSession):
        with stage(READ) as counted:
            judged = persisted.persist(_needed(events, columns))
            figures = event_figures(judged, assignments)
            counted["events"] = figures.events
        accepted = judged.where(F.col(REASON).isNull())
        with stage(EXPOSURES) as counted:
            source, segments = _exposed(accepted, events, columns, assignments, segment)
            names = _experiments(source, design)
            exposures = persisted.persist(exposures_of(source, names))
            users, switched = _arms(exposures)
            counted["users"] = sum(users.values())
        arms = _ordered(users, design, crossed=len(names) > 1)
        single = exposures.where(F.col(ARMS) == 1)
        own = [*design.metrics, METRICS["ctr"]]
        with stage(USER_SUMS) as counted:
            tagged = accepted
            if names and assignments is None:
                outside = F.col(EXPERIMENT).isNull() | F.col(EXPERIMENT).isin(names)
                tagged = accepted.where(outside)
            tagged = once(tagged, columns)
            days = persisted.persist(user_days(tagged, single, own, segments=segments))
            metrics = list(design.metrics)
            table = moment_table(days, metrics, capped_at(days, metrics))
            counted["rows"] = len(table)
        with stage(TESTS):
            middle = (int(table[DAY].min()) + int(table[DAY].max()) + 1) // 2
            periods = period_table(days, own, middle)
            found = _checked(days, periods, figures, users, switched, arms, design)
            return tested(table, arms, users, names, found, figures, design)


def plan_from(
    events: DataFrame,
    metric: Metric,
    *,
    columns: EventColumns | None = None,
    arms: int = 2,
    power: float = 0.8,
    confidence: float = 0.95,
) -> list[Plan]:
    """Return what an experiment of 1, 2, 3 ... days would find, by past events.

    Args:
        events: as in `graphrec.data.events`; every user counts from his first event on.
        metric: that is to decide.
        columns: of the events; None: found by their usual names.
        arms: of equal size.
        power: with which a difference is to be found.
        confidence: 1 - the share of false alarms.

    Raises:
        ColumnError: a column is missing.
        EmptyInputError: no row is an event.
    """
    columns = columns or find_event_columns(events)
    with PersistedFrames() as persisted, one_line_errors(events.sparkSession):
        with stage(READ) as counted:
            judged = persisted.persist(_needed(events, columns))
            counted["events"] = event_figures(judged).events
        with stage(USER_SUMS):
            accepted = once(judged.where(F.col(REASON).isNull()), columns)
            first = accepted.groupBy(USER).agg(F.lit("").alias(ARM), F.min(TIME).alias(EXPOSED))
            days = persisted.persist(user_days(accepted, first, [metric]))
            table = moment_table(days, [metric], capped_at(days, [metric]))
            span = range(int(table[DAY].min()), int(table[DAY].max()) + 1)
            by_day = moments_by_day(table, 0, span)
            return plan(by_day, arms, power=power, alpha=1 - confidence)


# --- who was in which arm -------------------------------------------------------------------------


def _needed(events: DataFrame, columns: EventColumns) -> DataFrame:
    """The rows, judged, without what no test looks at."""
    ids = [] if columns.id is None else [EVENT_ID]
    return judge_events(events, columns).select(
        USER, TIME, KIND, VALUE, EXPERIMENT, ARM, *ids, REASON
    )


def _exposed(
    accepted: DataFrame,
    events: DataFrame,
    columns: EventColumns,
    assignments: DataFrame | None,
    segment: str | None,
) -> tuple[DataFrame, DataFrame | None]:
    """(user, experiment, arm, time, perhaps kind), and (user, segment) or None."""
    given = events
    if assignments is not None:
        given, columns = assignments, find_assignment_columns(assignments)
    segments = None
    if segment is not None:
        require_column(given, SEGMENT, segment)
        user = F.trim(quoted(columns.user).cast("string")).alias(USER)
        value = F.min(quoted(segment).cast("string")).alias(SEGMENT)
        segments = given.groupBy(user).agg(value)
    if assignments is None:
        return accepted, segments
    rows = judge_assignments(assignments, columns).where(F.col(REASON).isNull())
    rows = rows.select(USER, EXPERIMENT, ARM, TIME)
    if columns.time is None:
        firsts = accepted.groupBy(USER).agg(F.min(TIME).alias(TIME))
        latest = accepted.agg(F.max(TIME).alias("latest"))
        rows = rows.drop(TIME).join(firsts, USER, "left").crossJoin(F.broadcast(latest))
        rows = rows.withColumn(TIME, F.coalesce(TIME, "latest")).drop("latest")
    return rows, segments


def _experiments(source: DataFrame, design: Design) -> list[str]:
    """The experiments that are looked at; none where the table does not name any."""
    rows = source.where(F.col(ARM).isNotNull()).groupBy(EXPERIMENT).count().limit(1000).collect()
    there = sorted(row[EXPERIMENT] for row in rows if row[EXPERIMENT] is not None)
    if missing := [name for name in design.experiments if name not in there]:
        raise InputError(
            f"there is no experiment {missing[0]!r}", found=", ".join(there) or "none that is named"
        )
    if not design.experiments and len(there) > 1:
        raise InputError(
            "the table holds several experiments",
            found=", ".join(there),
            fix="name one, or those that are crossed, by --experiment",
        )
    return list(design.experiments) or there


def _arms(exposures: DataFrame) -> tuple[dict[str, int], int]:
    """Users by arm, and those who were in several, who are in none."""
    rows = exposures.groupBy((F.col(ARMS) > 1).alias("switched"), ARM).count().collect()
    users = {row[ARM]: row["count"] for row in rows if not row["switched"]}
    switched = sum(row["count"] for row in rows if row["switched"])
    if not rows:
        raise EmptyInputError(
            "nobody is in the experiment",
            found="no impression with an arm",
            fix="give assignments, or events with the columns experiment and arm",
        )
    if len(users) < 2:
        named = ", ".join(users) or "none that a user stayed in"
        raise InputError("an experiment needs at least two arms", found=named)
    return users, switched


def _ordered(users: Mapping[str, int], design: Design, *, crossed: bool) -> list[str]:
    """The arms, the control first."""
    arms = sorted(users)
    control = design.control or arms[0]
    if control not in users:
        raise ParameterError(
            f"there is no arm {control!r}",
            found=", ".join(arms),
            fix="name one of them as the control" + (", joined by ' / '" if crossed else ""),
        )
    if design.weights is not None and set(design.weights) != set(arms):
        raise ParameterError(
            "the weights are not those of the arms",
            found=f"{', '.join(design.weights)} for {', '.join(arms)}",
        )
    return [control, *(arm for arm in arms if arm != control)]


# --- what was found -------------------------------------------------------------------------------


def _checked(
    days: DataFrame,
    periods: pd.DataFrame,
    figures: EventFigures,
    users: Mapping[str, int],
    switched: int,
    arms: Sequence[str],
    design: Design,
) -> list[Check]:
    totals = days.groupBy(USER).agg(
        F.sum(EVENTS).alias(EVENTS),
        F.sum(EARLY).alias(EARLY),
        (F.sum(CLICK) > F.sum(IMPRESSION)).alias("more"),
    )
    limit, everything, early, more = totals.agg(
        F.percentile_approx(EVENTS, design.bots, 10_000), F.sum(EVENTS), F.sum(EARLY),
        F.count_if("more"),
    ).collect()[0]  # fmt: skip
    beyond, theirs = (
        totals.where(F.col(EVENTS) > limit).agg(F.count(EVENTS), F.sum(EVENTS)).collect()[0]
    )
    weights = None if design.weights is None else [design.weights[arm] for arm in arms]
    total = sum(users.values())
    return [
        soundness.ratio_check({arm: users[arm] for arm in arms}, weights),
        soundness.switching_check(switched, total + switched),
        soundness.early_check(early, everything),
        soundness.clicks_check(more, total),
        soundness.kinds_check(figures.kinds, design.metrics),
        soundness.bots_check(design.bots, limit, beyond, (theirs or 0.0) / max(everything, 1.0)),
        soundness.past_check(periods, design.metrics, arms),
        soundness.novelty_check(periods, design.metrics[0], arms),
    ]


def tested(
    table: pd.DataFrame,
    arms: list[str],
    users: Mapping[str, int],
    names: Sequence[str],
    found: list[Check],
    figures: EventFigures,
    design: Design,
) -> Analysis:
    """Test everything, from sums alone: no table of users is needed any more.

    Args:
        table: as `moment_table` returns.
        arms: the control first.
        users: in each arm.
        names: of the experiments; several are crossed.
        found: checks of soundness.
        figures: what was read.
        design: what was planned.
    """
    metrics = list(design.metrics)
    testing = Testing(
        arms[0],
        design.confidence,
        design.correction,
        design.cuped,
        design.sequence_users,
        design.effect,
    )
    days = over_time(table, metrics, arms, testing)
    final = at_the_end(days, testing, metrics[0].name)
    horizon = _horizon(table, arms, design)
    return Analysis(
        arms=arms,
        users={arm: users[arm] for arm in arms},
        first_day=int(table[DAY].min()),
        horizon=horizon,
        metrics=metrics,
        final=final,
        days=days,
        segments=by_segment(table, metrics[0], arms, testing),
        effects=_effects(table, arms, names, testing) if len(names) > 1 else [],
        checks=found,
        verdict=verdict_of(final, metrics, found, horizon),
        figures=figures,
        testing=testing,
    )


def _horizon(table: pd.DataFrame, arms: Sequence[str], design: Design) -> Horizon:
    """How many days it takes to find the effect, if users go on to come as they did."""
    ran = int(table[DAY].max()) - int(table[DAY].min()) + 1
    whole: Moments = moments(table, 0)
    wanted = design.effect * abs(float(whole.ratio))
    needed = math.inf
    if wanted > 0:
        alpha = (1 - design.confidence) / (len(arms) - 1)
        each = users_needed(wanted, float(whole.user_variance), power=design.power, alpha=alpha)
        needed = each * len(arms) / (float(whole.users) / ran)
    return Horizon(ran, design.days, needed, design.effect)


def _effects(
    table: pd.DataFrame, arms: Sequence[str], names: Sequence[str], testing: Testing
) -> list[Effect]:
    """Of crossed experiments; none where not all combinations have users."""
    cells = {tuple(arm.split(CROSSED)): moments(table[table[ARM] == arm], 0) for arm in arms}
    control = arms[0].split(CROSSED)
    factors = {
        name: sorted({cell[at] for cell in cells}, key=lambda level: (level != control[at], level))
        for at, name in enumerate(names)
    }
    return effects(cells, factors, correction=testing.correction, alpha=testing.alpha)
