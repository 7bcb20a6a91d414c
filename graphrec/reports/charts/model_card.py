"""The chart of a model's card: the ratings that it was learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt
import pandas as pd

from graphrec.reports.charts.vega_lite import OPACITY, Spec, spec_of

_HEIGHT: Final = 260


def rating_histogram(histogram: Sequence[tuple[float, int]]) -> Spec:
    """How many ratings there are: a bar from each bound up to the next one.

    Args:
        histogram: (lower bound, number of ratings), ascending.
    """
    frame = pd.DataFrame(
        [(f"{bound:g}", number) for bound, number in histogram], columns=["rating", "ratings"]
    )
    chart = alt.Chart(frame).mark_bar(opacity=OPACITY)
    return spec_of(
        chart.encode(
            x=alt.X(
                "rating",
                type="ordinal",
                sort=list(frame["rating"]),
                title="rating, from",
                axis=alt.Axis(labelAngle=0),
            ),
            y=alt.Y("ratings", type="quantitative", title="ratings"),
            tooltip=[
                alt.Tooltip("rating", type="nominal", title="from"),
                alt.Tooltip("ratings", type="quantitative", format=","),
            ],
        ).properties(width="container", height=_HEIGHT, usermeta={"baseline": False})
    )
