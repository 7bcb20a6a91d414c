"""How the error of a model goes on while ratings come in: predicted first, then learned from."""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from graphrec.reports.charts.vega_lite import Spec

_SIZE: Final = (640, 320)


def curves(errors: pd.DataFrame, *, window: int) -> Spec:
    """The RMSE of each window of ratings: a line per model.

    Args:
        errors: a column per model, a row per rating, in the order of time.
        window: ratings per point.
    """
    groups = pd.RangeIndex(len(errors)) // window
    rmse = (errors**2).groupby(groups).mean() ** 0.5
    rmse["ratings"] = [min((group + 1) * window, len(errors)) for group in rmse.index]
    long = rmse.melt(id_vars="ratings", var_name="model", value_name="RMSE")
    color = alt.Color("model", type="nominal", sort=list(errors.columns), title=None)
    chart = alt.Chart(long, width=_SIZE[0], height=_SIZE[1], background="white")
    spec: Spec = (
        chart.mark_line(point=True)
        .encode(
            x=alt.X("ratings:Q", title="ratings since the first fit"),
            y=alt.Y("RMSE:Q", title=f"RMSE of {window:,} ratings", scale=alt.Scale(zero=False)),
            color=color,
            strokeDash=alt.StrokeDash("model", type="nominal", sort=list(errors.columns)),
        )
        .to_dict()
    )
    return spec
