"""What all charts share: their form as Vega-Lite, and when a chart is worth drawing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import altair as alt

OPACITY: Final = 0.9  # of marks that may lie on each other; less would leave too little contrast

Spec = dict[str, Any]  # a chart as Vega-Lite


def spec_of(chart: alt.LayerChart | alt.Chart) -> Spec:
    """A chart as Vega-Lite, without a theme of its own."""
    spec: Spec = chart.to_dict()
    spec.pop("config", None)
    return spec


def chart_or_none(spec: Spec, positions: Iterable[object]) -> Spec | None:
    """The chart, or None if all its marks have one position: one bar is no chart, but a sentence.

    Args:
        spec: the chart.
        positions: of its marks on an axis.
    """
    return spec if len(set(positions)) > 1 else None
