"""What the figures of an experiment mean, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from graphrec.experiments.analysis import Analysis
from graphrec.experiments.checks import State
from graphrec.experiments.comparisons import Comparison
from graphrec.reports.words.text import isolated
from graphrec.reports.words.tile import Tile

METRIC_WORDS: Final = {
    "ctr": "click-through rate",
    "conversion": "conversion",
    "arpu": "revenue per active user",
    "winsorised-arpu": "revenue per active user, winsorised",
    "session-duration": "session duration",
    "pages-per-visit": "pages per visit",
    "return-rate": "return rate",
}


def named(metric: str) -> str:
    """A metric in words."""
    return METRIC_WORDS.get(metric, metric)


def value_text(value: float) -> str:
    """A figure of any size, with four digits that count; a dash where there is none."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def p_value(value: float) -> str:
    """A p value; a dash where there is none."""
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"


def interval(low: float, high: float) -> str:
    """An interval in units of the metric."""
    return "-" if math.isnan(low) else f"{value_text(low)} to {value_text(high)}"


def share(value: float) -> str:
    """A relative difference; a dash where there is none."""
    return f"{value:+.1%}" if math.isfinite(value) else "-"


def relative_interval(one: Comparison, low: float, high: float) -> str:
    """An interval as shares of the control's value."""
    if math.isnan(low) or not one.control_value:
        return "-"
    scale = abs(one.control_value)
    return f"{low / scale:+.1%} to {high / scale:+.1%}"


@dataclass(frozen=True)
class ExperimentText:
    """Sentences of the page of an experiment.

    Attributes:
        found: what they are about.
    """

    found: Analysis

    def tiles(self) -> list[Tile]:
        """The headline figures."""
        found = self.found
        primary = [one for one in found.final if one.metric == found.metrics[0].name]
        tiles = [
            Tile(
                f"{named(one.metric)} of {one.arm}",
                share(one.relative),
                f"{relative_interval(one, one.low, one.high)}, p {p_value(one.p_value)}",
            )
            for one in primary
        ]
        planned = found.horizon.planned
        broken = [check for check in found.checks if check.state == State.BROKEN]
        warned = [check for check in found.checks if check.state == State.WARNING]
        return [
            *tiles,
            Tile(
                "users",
                f"{sum(found.users.values()):,}",
                ", ".join(f"{arm} {n:,}" for arm, n in found.users.items()),
            ),
            Tile(
                "days",
                f"{found.horizon.days:,}",
                "open end" if planned is None else f"of {planned} planned",
            ),
            Tile(
                "checks",
                f"{len(found.checks) - len(broken) - len(warned)} of {len(found.checks)}",
                f"{len(broken)} broken, {len(warned)} with a warning",
            ),
        ]

    def metrics(self) -> str:
        """How the table of metrics is to be read."""
        found = self.found
        others = len(found.final) - len(found.arms) + 1
        together = (
            f" {others:,} comparisons of other metrics are corrected together." if others else ""
        )
        return (
            f"Every test compares users, not impressions. The first metric decides.{together} A p "
            "value and its interval are those of a single look at the planned end; what may be "
            "looked at every day stands under “at any time”."
        )

    def over_time(self) -> str:
        """What is seen day by day."""
        found = self.found
        name = found.metrics[0].name
        days = [one for one in found.days if one.metric == name]
        fixed = {one.day for one in days if one.low > 0 or one.high < 0}
        always = {one.day for one in days if one.always_low > 0 or one.always_high < 0}
        total = len({one.day for one in days})
        if total < 2:
            return "There is one day only."
        text = (
            "Between the dotted lines one may look every day: they leave 0 out on "
            f"{len(always)} of {total} days. The thin lines are for one look, and do so on "
            f"{len(fixed)}."
        )
        if not found.horizon.over and fixed - always:
            text += " Whoever stops there, because of a peek at a fixed test, stops by chance."
        return text

    def metric_differences(self) -> str:
        """What is better and worse, beyond chance."""
        real = [one for one in self.found.final if one.low > 0 or one.high < 0]
        if not real:
            return "No interval leaves 0 out."
        return (
            "Beyond chance, after correction: "
            + "; ".join(
                f"{named(one.metric)} of {isolated(one.arm)} {share(one.relative)}" for one in real
            )
            + "."
        )

    def segments(self) -> str:
        """What differs between segments, with the number of comparisons."""
        found = self.found.segments
        real = [one for one in found if one.low > 0 or one.high < 0]
        text = (
            f"{len(found)} comparisons are corrected together, for one of twenty would differ by "
            "chance. "
        )
        if not real:
            return text + "None of them leaves 0 out."
        return (
            text
            + "Beyond chance: "
            + ", ".join(
                f"{isolated(one.segment)} ({isolated(one.arm)}) {share(one.relative)}"
                for one in real
            )
            + "."
        )
