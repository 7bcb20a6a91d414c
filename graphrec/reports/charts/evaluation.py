"""The charts of the pages: functions from small frames to Altair charts, one per idea.

A chart says nothing of colours and fonts but which model has which colour of the palette: the page
that shows it has a palette for light and one for dark surroundings. Models differ by shape, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from graphrec.reports.charts.vega_lite import OPACITY

_HEIGHT: Final = 340
_POINT_SIZE: Final = 110  # square pixels

_SHAPES: Final = (
    *("circle", "square", "triangle-up", "diamond", "cross", "triangle-down"),
    *("triangle-right", "triangle-left"),
)


@dataclass(frozen=True)
class Axis:
    """A metric on an axis: its column, which has `_low` and `_high` beside it, and its title."""

    metric: str
    title: str


def trade_off(frame: pd.DataFrame, models: Sequence[str], across: Axis, up: Axis) -> alt.LayerChart:
    """Two metrics against each other: one point per model, with both intervals.

    Args:
        frame: (model, and of both metrics the mean, `_low` and `_high`).
        models: their order.
        across: the metric from left to right.
        up: the metric upwards.
    """
    x = alt.X(across.metric, type="quantitative", title=across.title, scale=_room())
    y = alt.Y(up.metric, type="quantitative", title=up.title, scale=_room())
    color = _color(models)
    known = frame.dropna(subset=[across.metric, up.metric])
    labelled = _labelled(known, across.metric, up.metric)
    base = alt.Chart(labelled)
    layers: list[alt.Chart] = [
        base.mark_rule(strokeWidth=1.5, opacity=OPACITY).encode(
            x=x, y=alt.Y(f"{up.metric}_low:Q"), y2=f"{up.metric}_high:Q", color=color
        ),
        base.mark_rule(strokeWidth=1.5, opacity=OPACITY).encode(
            x=alt.X(f"{across.metric}_low:Q"), x2=f"{across.metric}_high:Q", y=y, color=color
        ),
        base.mark_point(filled=True, size=_POINT_SIZE, opacity=1).encode(
            x=x,
            y=y,
            color=color,
            shape=_shape(models),
            tooltip=[
                alt.Tooltip("model", type="nominal"),
                alt.Tooltip(across.metric, type="quantitative", title=across.title, format=".3f"),
                alt.Tooltip(up.metric, type="quantitative", title=up.title, format=".3f"),
            ],
        ),
    ]
    for side, alignment in _SIDES.items():
        if side not in set(labelled["side"]):
            continue
        labels = base.transform_filter(alt.datum.side == side).mark_text(fontSize=12, **alignment)
        layers.append(labels.encode(x=x, y=y, text="model:N"))
    return _sized(layers)


def by_group(
    frame: pd.DataFrame, models: Sequence[str], groups: Sequence[str], up: Axis
) -> alt.LayerChart:
    """A metric in groups of users: in each group one point per model, with its interval.

    Args:
        frame: (model, group, and of the metric the mean, `_low` and `_high`).
        models: their order.
        groups: their order.
        up: the metric.
    """
    x = alt.X(
        "group",
        type="ordinal",
        sort=list(groups),
        title="interactions in training",
        axis=alt.Axis(labelAngle=0),
    )
    y = alt.Y(up.metric, type="quantitative", title=up.title, scale=_room())
    offset = alt.XOffset("model", type="nominal", sort=list(models))
    color = _color(models)
    base = alt.Chart(frame)
    intervals = base.mark_rule(strokeWidth=1.5, opacity=OPACITY).encode(
        x=x,
        xOffset=offset,
        y=alt.Y(f"{up.metric}_low:Q"),
        y2=f"{up.metric}_high:Q",
        color=color,
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=x,
        xOffset=offset,
        y=y,
        color=color,
        shape=_shape(models),
        tooltip=[
            alt.Tooltip("model", type="nominal"),
            alt.Tooltip("group", type="ordinal", title="interactions"),
            alt.Tooltip(up.metric, type="quantitative", title=up.title, format=".3f"),
            alt.Tooltip("users", type="quantitative"),
        ],
    )
    return _sized([intervals, points])


def differences(frame: pd.DataFrame, models: Sequence[str], title: str) -> alt.LayerChart:
    """How much a model is better than each other one, with the interval and the line of none.

    Args:
        frame: (model, difference, ci_low, ci_high).
        models: their order.
        title: of the difference.
    """
    y = alt.Y("model", type="nominal", sort=list(models), title=None)
    color = _color(models, legend=False)
    base = alt.Chart(frame)
    none = alt.Chart(pd.DataFrame({"none": [0]})).mark_rule(strokeDash=[4, 3])
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("ci_low:Q", title=title), x2="ci_high:Q", y=y, color=color
    )
    points = base.mark_point(filled=True, size=_POINT_SIZE, opacity=1).encode(
        x=alt.X("difference:Q"),
        y=y,
        color=color,
        shape=_shape(models, legend=False),
        tooltip=[
            alt.Tooltip("model", type="nominal"),
            *(
                alt.Tooltip(name, type="quantitative", format="+.4f")
                for name in ("difference", "ci_low", "ci_high")
            ),
        ],
    )
    layers = [none.encode(x="none:Q"), intervals, points]
    return _sized(layers, height=36 * len(frame) + 20)


# --- what charts share ----------------------------------------------------------------------------


def _sized(layers: list[alt.Chart], height: int = _HEIGHT) -> alt.LayerChart:
    return alt.LayerChart(layer=layers, width="container", height=height)


def _room() -> alt.Scale:
    """A scale around the figures: differences between models are what is looked for."""
    return alt.Scale(zero=False, nice=True, padding=24)


def _color(models: Sequence[str], *, legend: bool = True) -> alt.Color:
    return alt.Color(
        "model",
        type="nominal",
        scale=alt.Scale(domain=list(models)),
        sort=list(models),
        legend=alt.Legend(title=None) if legend else None,
    )


def _shape(models: Sequence[str], *, legend: bool = True) -> alt.Shape:
    shapes = [_SHAPES[number % len(_SHAPES)] for number in range(len(models))]
    return alt.Shape(
        "model",
        type="nominal",
        scale=alt.Scale(domain=list(models), range=shapes),
        sort=list(models),
        legend=alt.Legend(title=None) if legend else None,
    )


# --- labels ---------------------------------------------------------------------------------------

_SIDES: Final[dict[str, dict[str, Any]]] = {
    "right": {"align": "left", "baseline": "middle", "dx": 11},
    "left": {"align": "right", "baseline": "middle", "dx": -11},
    "above": {"align": "center", "baseline": "bottom", "dy": -10},
    "below": {"align": "center", "baseline": "top", "dy": 10},
}
_PLOT_SIZE: Final = (360.0, 250.0)  # pixels that the points spread over, about
_LETTER_SIZE: Final = (6.6, 14.0)  # pixels of a letter, about
_LABEL_DISTANCE: Final = 11.0
_MARGIN: Final = 24.0

_Box = tuple[float, float, float, float]  # left, right, bottom, top


def _labelled(frame: pd.DataFrame, across: str, up: str) -> pd.DataFrame:
    """The frame with the `side` of each point on which there is room for the model's name."""
    x, y = _pixels(frame[across], _PLOT_SIZE[0]), _pixels(frame[up], _PLOT_SIZE[1])
    taken = [(left - 7, left + 7, low - 7, low + 7) for left, low in zip(x, y, strict=True)]
    sides = []
    for point, name in enumerate(frame["model"]):
        boxes = {side: _box(side, x[point], y[point], len(name)) for side in _SIDES}
        others = taken[:point] + taken[point + 1 :]
        cost = {
            side: sum(_overlap(box, other) for other in others) + _outside(box)
            for side, box in boxes.items()
        }
        sides.append(min(cost, key=lambda side: cost[side]))
        taken.append(boxes[sides[-1]])
    return frame.assign(side=sides)


def _pixels(values: pd.Series[float], length: float) -> list[float]:
    spread = values.max() - values.min()
    return [length * (value - values.min()) / (spread or 1.0) for value in values]


def _box(side: str, x: float, y: float, letters: int) -> _Box:
    width, height = letters * _LETTER_SIZE[0], _LETTER_SIZE[1]
    if side in ("right", "left"):
        left = x + _LABEL_DISTANCE if side == "right" else x - _LABEL_DISTANCE - width
        return (left, left + width, y - height / 2, y + height / 2)
    low = y + _LABEL_DISTANCE if side == "above" else y - _LABEL_DISTANCE - height
    return (x - width / 2, x + width / 2, low, low + height)


def _outside(box: _Box) -> float:
    """Of the area of a box, what is beyond the plane's left and right margins."""
    beyond = max(0.0, -_MARGIN - box[0]) + max(0.0, box[1] - _PLOT_SIZE[0] - _MARGIN)
    return beyond * _LETTER_SIZE[1]


def _overlap(one: _Box, other: _Box) -> float:
    wide = min(one[1], other[1]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[2], other[2])
    return wide * high if wide > 0 and high > 0 else 0.0
