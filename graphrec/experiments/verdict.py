"""One sentence on an experiment: ship, don't, or go on until when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from graphrec.experiments.checks import Check, State
from graphrec.experiments.comparisons import Comparison
from graphrec.experiments.metrics import Metric


class Decision(StrEnum):
    """What to do."""

    SHIP = "ship"
    STOP = "don't ship"
    CONTINUE = "go on"
    NONE = "no verdict"


@dataclass(frozen=True)
class Verdict:
    """What to do, and why.

    Attributes:
        decision: in a word.
        sentence: the same with its ground.
        arm: that to ship; None: none.
    """

    decision: Decision
    sentence: str
    arm: str | None = None


@dataclass(frozen=True)
class Horizon:
    """How long the experiment was to run.

    Attributes:
        days: so far.
        planned: days in all; None: open, so that only what may be looked at every day counts.
        needed: days in all until a difference of `effect` would be found.
        effect: the smallest relative difference that matters.
    """

    days: int
    planned: int | None
    needed: float
    effect: float

    @property
    def over(self) -> bool:
        """Whether the planned days have passed, so that a fixed test may be read."""
        return self.planned is not None and self.days >= self.planned


def verdict_of(
    comparisons: Sequence[Comparison],
    metrics: Sequence[Metric],
    checks: Sequence[Check],
    horizon: Horizon,
) -> Verdict:
    """Decide by the primary metric, unless another one is worse or the experiment is broken.

    Before the planned end a difference counts where the confidence sequence leaves 0 out, for it
    may be looked at at any time; at the end where the corrected fixed interval does.

    Args:
        comparisons: of all metrics and arms over all days and users.
        metrics: the primary one first.
        checks: of soundness.
        horizon: how long it ran and was to run.
    """
    broken = [check.name for check in checks if check.state == State.BROKEN]
    if broken:
        return Verdict(
            Decision.NONE,
            f"No verdict: the experiment is broken ({', '.join(broken)}); mend it and start again.",
        )
    primary = [one for one in comparisons if one.metric == metrics[0].name]
    bounds = {one.arm: _better(one, metrics[0], horizon) for one in primary}
    worse = {arm: _worse_metrics(comparisons, metrics[1:], arm) for arm in bounds}
    by = "by the planned test" if horizon.over else "by a test that may be read on any day"
    winners = [one for one in primary if bounds[one.arm][0] > 0]
    sound = [one for one in winners if not worse[one.arm]]
    if sound:
        best = max(sound, key=lambda one: one.difference * _sign(metrics[0]))
        return Verdict(
            Decision.SHIP,
            f"Ship {best.arm}: {best.metric} {best.relative:+.1%} ({_range(best, horizon)}) {by}.",
            best.arm,
        )
    if winners:
        [first, *_] = winners
        return Verdict(
            Decision.STOP,
            f"Don't ship {first.arm}: {first.metric} {first.relative:+.1%}, but "
            f"{', '.join(worse[first.arm])} got worse.",
        )
    if all(high < 0 for _, high in bounds.values()):
        return Verdict(Decision.STOP, f"Don't ship: {metrics[0].name} got worse {by}.")
    if horizon.over and horizon.days >= horizon.needed:
        return Verdict(
            Decision.STOP,
            f"Don't ship: {horizon.days} days would have shown a difference of "
            f"{horizon.effect:.1%} in {metrics[0].name}, and there is none.",
        )
    return _go_on(metrics[0], horizon)


def _go_on(metric: Metric, horizon: Horizon) -> Verdict:
    until = horizon.needed
    if horizon.planned is not None and not horizon.over:
        until = float(horizon.planned)
    if not math.isfinite(until):
        return Verdict(Decision.CONTINUE, f"Go on: {metric.name} has too few events to say more.")
    more = max(math.ceil(until) - horizon.days, 1)
    return Verdict(
        Decision.CONTINUE,
        f"Go on until day {horizon.days + more} ({more} more): so far nothing is proven, and a "
        f"difference of {horizon.effect:.1%} in {metric.name} needs {math.ceil(horizon.needed):,} "
        "days.",
    )


def _sign(metric: Metric) -> float:
    return -1.0 if metric.less_is_better else 1.0


def _better(one: Comparison, metric: Metric, horizon: Horizon) -> tuple[float, float]:
    """The interval of how much better the arm is."""
    low, high = _interval(one, horizon)
    return (-high, -low) if metric.less_is_better else (low, high)


def _interval(one: Comparison, horizon: Horizon) -> tuple[float, float]:
    if horizon.over:
        return one.low, one.high
    return one.always_low, one.always_high


def _range(one: Comparison, horizon: Horizon) -> str:
    low, high = (bound / abs(one.control_value) for bound in _interval(one, horizon))
    return f"{low:+.1%} to {high:+.1%}"


def _worse_metrics(
    comparisons: Sequence[Comparison], metrics: Sequence[Metric], arm: str
) -> list[str]:
    """Other metrics in which the arm is worse beyond chance."""
    own = {one.metric: one for one in comparisons if one.arm == arm}
    bad = []
    for metric in metrics:
        one = own[metric.name]
        high = -one.low if metric.less_is_better else one.high
        if high < 0 and one.p_value < 0.05:
            bad.append(metric.name)
    return bad
