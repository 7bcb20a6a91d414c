"""Each arm against the control: over all users, day by day, and by segment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from graphrec.data.event_names import ARM
from graphrec.experiments.differences import Difference, ratio_difference
from graphrec.experiments.metrics import Metric
from graphrec.experiments.moments import Array, Moments
from graphrec.experiments.multiplicity import Correction, corrected
from graphrec.experiments.sequential import half_width, mixture_scale, msprt
from graphrec.experiments.user_sums import DAY, SEGMENT, moments, moments_by_day

ALL: Final = "all"


@dataclass(frozen=True)
class Testing:
    """How differences are tested.

    Attributes:
        control: the arm that others are held against.
        confidence: of all intervals.
        correction: of comparisons that are looked at together.
        cuped: take off what was known before the exposure.
        sequence_users: number of users that confidence sequences are narrowest at, stated before.
        effect: the smallest relative difference that matters; mSPRT looks for one of this size.
    """

    control: str
    confidence: float = 0.95
    correction: Correction = "holm"
    cuped: bool = True
    sequence_users: int = 5000
    effect: float = 0.02

    @property
    def alpha(self) -> float:
        """1 - confidence."""
        return 1 - self.confidence


@dataclass(frozen=True)
class Comparison:
    """An arm against the control in one metric.

    Attributes:
        metric: its name.
        arm: the other arm.
        segment: of users; "all" for all.
        day: the last day that counts, since 1970-01-01 UTC.
        control_users: users in the control.
        users: in the arm.
        control_value: the metric in the control.
        value: in the arm.
        difference: of the two, with CUPED where there is something from before.
        variance: of the difference.
        p_value: of a single look, corrected for the number of comparisons beside it.
        low: of the interval that goes with the p value.
        high: of it.
        relative: the difference as a share of the control's value.
        always_p_value: mSPRT's, that may be looked at every day.
        always_low: of the confidence sequence.
        always_high: of it.
        cuped_gain: share of the variance that CUPED took off.
    """

    metric: str
    arm: str
    segment: str
    day: int
    control_users: int
    users: int
    control_value: float
    value: float
    difference: float
    variance: float
    p_value: float
    low: float
    high: float
    relative: float
    always_p_value: float
    always_low: float
    always_high: float
    cuped_gain: float


def over_time(
    table: pd.DataFrame, metrics: Sequence[Metric], arms: Sequence[str], testing: Testing
) -> list[Comparison]:
    """Every arm and metric at the end of each day; a day's p values are those of single tests.

    Args:
        table: as `moment_table` returns.
        metrics: of the experiment.
        arms: all of them.
        testing: how.
    """
    days = list(range(int(table[DAY].min()), int(table[DAY].max()) + 1))
    return [
        one
        for number, metric in enumerate(metrics)
        for arm in _others(arms, testing)
        for one in _compared(
            metric,
            arm,
            ALL,
            days,
            _until(table, testing.control, number, days),
            _until(table, arm, number, days),
            len(arms),
            testing,
        )
    ]


def at_the_end(days: Iterable[Comparison], testing: Testing, primary: str) -> list[Comparison]:
    """The last day's comparisons, corrected: the primary metric's arms, and all others together.

    Args:
        days: as `over_time` returns.
        testing: how.
        primary: name of the metric that decides.
    """
    last = {(one.metric, one.arm): one for one in days}.values()
    first = [one for one in last if one.metric == primary]
    others = [one for one in last if one.metric != primary]
    return [*_together(first, testing), *_together(others, testing)]


def by_segment(
    table: pd.DataFrame, metric: Metric, arms: Sequence[str], testing: Testing
) -> list[Comparison]:
    """The first metric in each segment, corrected for the number of segments and arms.

    Args:
        table: as `moment_table` returns.
        metric: the first of its metrics.
        arms: all of them.
        testing: how.
    """
    segments = sorted(set(table[SEGMENT]))
    if len(segments) < 2:
        return []
    last = int(table[DAY].max())
    found = []
    for segment in segments:
        own = table[table[SEGMENT] == segment]
        control = _end(own, testing.control)
        for arm in _others(arms, testing):
            found += _compared(
                metric, arm, segment, [last], control, _end(own, arm), len(arms), testing
            )
    return _together(found, testing)


def _others(arms: Sequence[str], testing: Testing) -> list[str]:
    return [arm for arm in arms if arm != testing.control]


def _until(table: pd.DataFrame, arm: str, number: int, days: Sequence[int]) -> Moments:
    return moments_by_day(table[table[ARM] == arm], number, days).cumulated()


def _end(table: pd.DataFrame, arm: str) -> Moments:
    whole = moments(table[table[ARM] == arm], 0)
    return Moments(**{name: np.atleast_1d(value) for name, value in vars(whole).items()})


def _compared(
    metric: Metric,
    arm: str,
    segment: str,
    days: Sequence[int],
    control: Moments,
    other: Moments,
    arms: int,
    testing: Testing,
) -> list[Comparison]:
    """One comparison per day, of moments until then."""
    found = ratio_difference(control, other, confidence=testing.confidence, cuped=testing.cuped)
    plain = ratio_difference(control, other)
    half = _always(found, testing.alpha / (arms - 1), testing.sequence_users)
    always_p = _always_p(found, testing.effect)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = 1 - found.variance / plain.variance
    return [
        Comparison(
            metric.name,
            arm,
            segment,
            day,
            int(control.users[at]),
            int(other.users[at]),
            *(
                float(values[at])
                for values in (
                    *(found.a, found.b, found.difference, found.variance, found.p_value),
                    *(found.low, found.high, found.relative, always_p),
                    *(found.difference - half, found.difference + half, gain),
                )
            ),
        )
        for at, day in enumerate(days)
    ]


def _always(found: Difference, alpha: float, users: int) -> Array:
    rho = mixture_scale(users, alpha)
    return half_width(found.users, found.variance * found.users, rho=rho, alpha=alpha)


def _always_p(found: Difference, effect: float) -> Array:
    """MSPRT's p value at each look; 1 until there is anything to look at."""
    known = np.isfinite(found.difference) & (found.variance > 0)
    p = np.ones(found.difference.shape)
    if known.any():
        tau2 = float(effect * np.abs(found.a[known][-1])) ** 2
        if tau2 > 0:
            p[known] = msprt(found.difference[known], found.variance[known], tau2).p_value
    return np.asarray(np.minimum.accumulate(p))


def _together(found: Sequence[Comparison], testing: Testing) -> list[Comparison]:
    """Corrected for their number."""
    fixed = corrected(
        [one.difference for one in found],
        [one.variance for one in found],
        method=testing.correction,
        alpha=testing.alpha,
    )
    return [
        replace(one, p_value=float(p), low=float(low), high=float(high))
        if math.isfinite(p)
        else one
        for one, p, low, high in zip(found, *fixed, strict=True)
    ]
