"""The page of an experiment: the verdict, whether it can be trusted, and every difference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from graphrec.experiments.analysis import Analysis
from graphrec.experiments.comparisons import Comparison
from graphrec.reports.charts import experiment as charts
from graphrec.reports.charts.vega_lite import Spec, chart_or_none, spec_of
from graphrec.reports.pages.html import Figure, render_charts
from graphrec.reports.words.experiment import (
    ExperimentText,
    interval,
    named,
    p_value,
    relative_interval,
    share,
    value_text,
)

_MEANINGS = (
    ("interval", "Where the true difference is, corrected for the number of comparisons."),
    ("p", "How often equal arms differ as much, at a single look; corrected as well."),
    ("at any time", "A confidence sequence: it holds the truth on all days together."),
    (
        "CUPED",
        "What users did before the experiment is taken off; the column says how much of the "
        "variance that was.",
    ),
    ("click-through rate", "Clicks by impressions."),
    ("conversion", "Purchases by clicks."),
    ("revenue per active user", "By users with at least one event; winsorised: the largest 1 % "
     "of the buyers count as much as the next ones."),
    ("return rate", "Users who came again on a later day, by all who were assigned."),
)  # fmt: skip


def experiment_page(found: Analysis, *, title: str, facts: Sequence[tuple[str, str]] = ()) -> str:
    """Return the page as HTML that stands alone: it loads nothing from a network.

    Args:
        found: what it shows.
        title: of the page.
        facts: label and text of what was done how.
    """
    text = ExperimentText(found)
    return render_charts(
        "experiment.html",
        _figures(found, text),
        title=title,
        verdict=found.verdict.sentence,
        tiles=text.tiles(),
        checks=found.checks,
        reading=text.metrics(),
        control=found.testing.control,
        metric_rows=[_row(one) for one in found.final],
        effect_rows=[
            (
                one.name,
                value_text(one.difference),
                interval(one.low, one.high),
                p_value(one.p_value),
            )
            for one in found.effects
        ],
        primary=named(found.metrics[0].name),
        confidence=found.testing.confidence,
        facts=facts,
        meanings=_MEANINGS,
    )


def _row(one: Comparison) -> tuple[str, list[str]]:
    gain = "-" if math.isnan(one.cuped_gain) else f"{max(one.cuped_gain, 0):.0%}"
    return (
        named(one.metric),
        [
            one.arm,
            value_text(one.control_value),
            value_text(one.value),
            share(one.relative),
            relative_interval(one, one.low, one.high),
            p_value(one.p_value),
            relative_interval(one, one.always_low, one.always_high),
            gain,
        ],
    )


def _figures(found: Analysis, text: ExperimentText) -> dict[str, Figure]:
    primary = found.metrics[0].name
    days = [one for one in found.days if one.metric == primary]
    daily = _percent(days, [primary] * len(days))
    daily = daily.assign(day=daily["day"] - found.first_day + 1)
    figures = {
        "differences": Figure(
            "differences",
            "Every metric",
            text.metric_differences(),
            _differences(found, found.final, [named(one.metric) for one in found.final], "metric"),
        ),
        "over_time": Figure(
            "over-time",
            f"Day by day: {named(primary)}",
            text.over_time(),
            chart_or_none(spec_of(charts.over_time(daily, found.arms[1:])), daily["day"])
            if len(daily)
            else None,
        ),
    }
    if found.segments:
        rows = [one.segment for one in found.segments]
        figures["segments"] = Figure(
            "segments",
            f"By segment: {named(primary)}",
            text.segments(),
            _differences(found, found.segments, rows, "segment"),
        )
    return figures


def _differences(
    found: Analysis, shown: Sequence[Comparison], rows: Sequence[str], title: str
) -> Spec | None:
    """The chart, None without any figure: the table says why."""
    frame = _percent(shown, rows)
    if not len(frame):
        return None
    order = list(dict.fromkeys(frame["row"]))
    return spec_of(charts.differences(frame, found.arms[1:], order, title))


def _percent(found: Iterable[Comparison], rows: Sequence[str]) -> pd.DataFrame:
    """(row, arm, day, relative and the bounds in percent); what has no figure is left out."""
    return pd.DataFrame(
        [
            {
                "row": row,
                "arm": one.arm,
                "day": one.day,
                **{
                    name: 100 * value / abs(one.control_value)
                    for name, value in (
                        ("relative", one.difference),
                        ("low", one.low),
                        ("high", one.high),
                        ("always_low", one.always_low),
                        ("always_high", one.always_high),
                    )
                },
            }
            for one, row in zip(found, rows, strict=True)
            if one.control_value and math.isfinite(one.low)
        ],
        columns=["row", "arm", "day", "relative", "low", "high", "always_low", "always_high"],
    )
