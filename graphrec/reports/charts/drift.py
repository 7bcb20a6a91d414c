"""The chart of drift: the shares of what was and what is, by bin."""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from graphrec.evaluation.drift import Bins
from graphrec.reports.charts.vega_lite import OPACITY, Spec, spec_of

_HEIGHT: Final = 220
_SIDES: Final = ("old", "new")


def shares(bins: Bins, title: str) -> Spec:
    """Two bars for each bin.

    Args:
        bins: shares of both by bin, in the order in which they are shown.
        title: of the bins.
    """
    rows = [
        (name, side, share)
        for name, both in bins.items()
        for side, share in zip(_SIDES, both, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["bin", "side", "share"])
    color = alt.Color(
        "side", type="nominal", sort=list(_SIDES), scale=alt.Scale(domain=list(_SIDES)), title=None
    )
    chart = alt.Chart(frame).mark_bar(opacity=OPACITY)
    return spec_of(
        chart.encode(
            x=alt.X(
                "bin", type="ordinal", sort=list(bins), title=title, axis=alt.Axis(labelAngle=0)
            ),
            xOffset=alt.XOffset("side", type="nominal", sort=list(_SIDES)),
            y=alt.Y("share:Q", title="share", axis=alt.Axis(format=".0%")),
            color=color,
            tooltip=["bin:N", "side:N", alt.Tooltip("share:Q", format=".2%")],
        ).properties(width="container", height=_HEIGHT, usermeta={"baseline": False})
    )
