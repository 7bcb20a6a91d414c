"""The charts of an experiment: differences, day by day, by segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt
import pandas as pd

from graphrec.reports.charts.vega_lite import OPACITY

_HEIGHT: Final = 300
_ROW: Final = 44  # pixels of a line of points
_PERCENT: Final = "+.1f"


def differences(
    frame: pd.DataFrame, arms: Sequence[str], rows: Sequence[str], title: str
) -> alt.LayerChart:
    """Differences to the control with their intervals: one line of points per row, a hue per arm.

    Args:
        frame: (row, arm, relative, low, high), in percent.
        arms: their order, without the control.
        rows: their order.
        title: of the rows.
    """
    y = alt.Y("row", type="nominal", sort=list(rows), title=None, axis=alt.Axis(labelLimit=150))
    offset = alt.YOffset("arm", type="nominal", sort=list(arms))
    color = _color(arms)
    base = alt.Chart(frame)
    intervals = base.mark_rule(strokeWidth=2, opacity=OPACITY).encode(
        x=alt.X("low:Q", title="difference to the control, %"),
        x2="high:Q",
        y=y,
        yOffset=offset,
        color=color,
    )
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        x="relative:Q",
        y=y,
        yOffset=offset,
        color=color,
        tooltip=[
            alt.Tooltip("row", type="nominal", title=title),
            alt.Tooltip("arm", type="nominal"),
            alt.Tooltip("relative:Q", format=_PERCENT, title="difference, %"),
            alt.Tooltip("low:Q", format=_PERCENT, title="from"),
            alt.Tooltip("high:Q", format=_PERCENT, title="to"),
        ],
    )
    height = _ROW * max(len(rows), 2) + 14 * (len(arms) - 1) * len(rows)
    return _sized([_none("x"), intervals, points], height)


def over_time(frame: pd.DataFrame, arms: Sequence[str]) -> alt.LayerChart:
    """The difference day by day, with the interval of one look and the one for all.

    Args:
        frame: (day: number from 1, arm, relative, low, high, always_low, always_high), in percent.
        arms: their order, without the control.
    """
    x = alt.X("day:Q", title="day", axis=alt.Axis(tickMinStep=1, format="d"))
    color = _color(arms)
    base = alt.Chart(frame)
    title = "difference to the control, %"
    # Bounds are lines: an area that lets others be seen through it is too faint by itself.
    bounds = [
        base.mark_line(strokeWidth=1.25, strokeDash=dash).encode(
            x=x, y=alt.Y(f"{bound}:Q", title=title), color=color
        )
        for bound, dash in (
            *(("always_low", [2, 3]), ("always_high", [2, 3])),
            *(("low", [1, 0]), ("high", [1, 0])),
        )
    ]
    line = base.mark_line(strokeWidth=2.5, point={"filled": True, "size": 40}).encode(
        x=x,
        y="relative:Q",
        color=color,
        tooltip=[
            alt.Tooltip("day:Q"),
            alt.Tooltip("arm", type="nominal"),
            alt.Tooltip("relative:Q", format=_PERCENT, title="difference, %"),
            alt.Tooltip("always_low:Q", format=_PERCENT, title="at any time from"),
            alt.Tooltip("always_high:Q", format=_PERCENT, title="to"),
        ],
    )
    return _sized([*bounds, _none("y"), line], _HEIGHT)


def _none(axis: str) -> alt.Chart:
    """The line of no difference."""
    rule = alt.Chart(pd.DataFrame({"none": [0]})).mark_rule(strokeDash=[4, 3])
    return rule.encode(x="none:Q") if axis == "x" else rule.encode(y="none:Q")


def _sized(layers: list[alt.Chart], height: int) -> alt.LayerChart:
    # No arm is a baseline: the control is the line of no difference.
    return alt.LayerChart(
        layer=layers, width="container", height=height, usermeta={"baseline": False}
    )


def _color(arms: Sequence[str]) -> alt.Color:
    return alt.Color(
        "arm",
        type="nominal",
        scale=alt.Scale(domain=list(arms)),
        sort=list(arms),
        legend=alt.Legend(title=None) if len(arms) > 1 else None,
    )
