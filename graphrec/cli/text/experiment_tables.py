"""What `graphrec experiment` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from graphrec.cli.text.table import right, table
from graphrec.experiments.analysis import Analysis
from graphrec.experiments.checks import State
from graphrec.experiments.power import Plan
from graphrec.reports.words.experiment import (
    METRIC_WORDS,
    interval,
    p_value,
    relative_interval,
    share,
    value_text,
)

_SHOWN_PLANS = 10


def warnings(found: Analysis) -> Iterator[str]:
    """A line for each thing that is wrong."""
    for reason, rows in found.figures.rejected.items():
        yield f"{_counted(rows, 'row')} rejected: {reason}"
    for reason, rows in found.figures.rejected_assignments.items():
        yield f"{_counted(rows, 'assignment')} rejected: {reason}"
    for check in found.checks:
        if check.state != State.OK:
            yield f"{check.state}: {check.name}: {check.text}"


def comparisons(found: Analysis) -> None:
    """Show each metric and arm, the main effects and the segments."""
    level = f"{found.testing.confidence:.0%}"
    table(
        f"Against {found.testing.control}, {_counted(found.horizon.days, 'day')}; "
        f"intervals of {level}",
        (
            *("metric", "arm", right(found.testing.control), right("arm's")),
            *(right("difference"), right("interval"), right("p"), right("at any time")),
        ),
        (
            (
                *(METRIC_WORDS.get(one.metric, one.metric), one.arm),
                *(value_text(one.control_value), value_text(one.value)),
                *(share(one.relative), relative_interval(one, one.low, one.high)),
                p_value(one.p_value),
                relative_interval(one, one.always_low, one.always_high),
            )
            for one in found.final
        ),
    )
    if found.effects:
        table(
            f"Effects on {found.metrics[0].name}",
            ("effect", right("difference"), right("interval"), right("p")),
            (
                (
                    *(one.name, value_text(one.difference)),
                    *(interval(one.low, one.high), p_value(one.p_value)),
                )
                for one in found.effects
            ),
        )
    if found.segments:
        table(
            f"{found.metrics[0].name} by segment, corrected for {len(found.segments)} comparisons",
            ("segment", "arm", right("difference"), right("interval"), right("p")),
            (
                (
                    *(one.segment, one.arm, share(one.relative)),
                    *(relative_interval(one, one.low, one.high), p_value(one.p_value)),
                )
                for one in found.segments
            ),
        )


def plans(found: Sequence[Plan], metric: str) -> None:
    """Show some of the numbers of days, the last one among them."""
    step = max(math.ceil(len(found) / _SHOWN_PLANS), 1)
    shown = sorted({*range(len(found) - 1, -1, -step)})
    table(
        f"What an experiment finds in {metric}, by past events",
        (right("days"), right("users"), right(metric), right("smallest difference")),
        (
            (one.days, f"{one.users:,}", value_text(one.value), f"{one.detectable:.1%}")
            for one in (found[at] for at in shown)
        ),
    )


def plan_sentence(found: Sequence[Plan], metric: str, effect: float) -> str:
    """How long it takes to find a difference of a size."""
    for one in found:
        if one.detectable <= effect:
            return (
                f"A difference of {effect:.1%} in {metric} is found in {one.days} days "
                f"({one.users:,} users)."
            )
    last = found[-1]
    return (
        f"{last.days} days ({last.users:,} users) find a difference of {last.detectable:.1%} in "
        f"{metric}, and none of {effect:.1%}: take more users, a longer time, or another metric."
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
