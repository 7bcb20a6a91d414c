"""The charts of the report on an exploration: functions from small frames to Vega-Lite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import numpy as np
import pandas as pd
from scipy.special import zeta

from graphrec.columns import ITEM, ITEMS, SUPPORT, USER
from graphrec.graph.bipartite import DEGREE, TYPE
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.cores import CORE
from graphrec.graph.degrees import AT_LEAST, VERTICES
from graphrec.graph.distances import DISTANCE
from graphrec.graph.importance import GAIN, LIFT
from graphrec.reports.charts.vega_lite import OPACITY, Spec, spec_of
from graphrec.reports.tables.exploration import BIN, COUNT, SIZE, USERS
from graphrec.reports.words.interaction import NEUTRAL, InteractionWords
from graphrec.reports.words.text import shortened

_HEIGHT: Final = 300
_LINE_POINTS: Final = 24
_MAX_TITLE: Final = 36
_MAX_BARS: Final = 40  # bars
_HIGHLIGHT: Final = "var(--hue-2)"  # stands out from the accent
_KINDS: Final = {USER: "users", ITEM: "items"}

_Chart = alt.Chart | alt.LayerChart


def degree_tails(degrees: pd.DataFrame, laws: pd.DataFrame) -> Spec:
    """The share of users and items with at least so many interactions, and the fitted laws.

    Args:
        degrees: (type, degree, at_least).
        laws: (type, alpha, x_min, tail, vertices), alpha null without a law.
    """
    x = alt.X(DEGREE, type="quantitative", title="at least so many interactions", **_logarithmic())
    y = alt.Y(AT_LEAST, type="quantitative", title="share", scale=_log(), axis=_shares(grid=False))
    color = _kinds()
    tooltip = [
        alt.Tooltip("kind", type="nominal"),
        alt.Tooltip(DEGREE, type="quantitative", title="at least", format=","),
        alt.Tooltip(AT_LEAST, type="quantitative", title="share", format=".3%"),
    ]
    points = alt.Chart(_kinds_named(degrees)).mark_point(filled=True, size=26, opacity=OPACITY)
    layers = [points.encode(x=x, y=y, color=color, tooltip=tooltip)]
    fitted = _law_lines(laws, degrees)
    if fitted:
        lines = alt.Chart(_kinds_named(pd.concat(fitted))).mark_line(strokeDash=[6, 3])
        layers.append(lines.encode(x=x, y=y, color=color))
    return _spec(alt.LayerChart(layer=layers))


def component_sizes(sizes: pd.DataFrame) -> Spec:
    """How many components have how many users and items: (size, count)."""
    chart = alt.Chart(sizes).mark_point(filled=True, size=70, opacity=OPACITY)
    return _spec(
        chart.encode(
            x=alt.X(
                SIZE, type="quantitative", title="users and items of a component", scale=_log()
            ),
            y=alt.Y(COUNT, type="quantitative", title="components", **_logarithmic()),
            tooltip=[alt.Tooltip(name, type="quantitative", format=",") for name in (SIZE, COUNT)],
        )
    )


def shells(table: pd.DataFrame) -> Spec:
    """How many users and items have each core number: (core, users, items)."""
    most = int(table[CORE].max())
    wide = -(-most // _MAX_BARS)
    counted = table.groupby((table[CORE] - 1) // wide * wide + 1)[[USERS, ITEMS]].sum()
    every = counted.reindex(range(1, most + 1, wide), fill_value=0).rename_axis(CORE)
    long = every.reset_index().melt(id_vars=CORE, var_name="kind", value_name=VERTICES)
    title = "core number" if wide == 1 else f"core number ({wide} in a bar, the lowest is named)"
    chart = alt.Chart(long).mark_bar(opacity=OPACITY)
    return _spec(
        chart.encode(
            x=alt.X(CORE, type="ordinal", title=title, axis=alt.Axis(labelAngle=0)),
            y=alt.Y(VERTICES, type="quantitative", title="users or items", stack=True),
            color=_kinds(),
            tooltip=[
                alt.Tooltip("kind", type="nominal"),
                alt.Tooltip(CORE, type="quantitative", title="core number"),
                alt.Tooltip(VERTICES, type="quantitative", title="how many", format=","),
            ],
        )
    )


def steps(table: pd.DataFrame) -> Spec:
    """How many users and items are how far from the most popular item: (distance, users, items)."""
    long = table.melt(
        id_vars=DISTANCE, value_vars=[USERS, ITEMS], var_name="kind", value_name=VERTICES
    )
    chart = alt.Chart(long[long[VERTICES] > 0]).mark_bar(opacity=OPACITY)
    return _spec(
        chart.encode(
            x=alt.X(DISTANCE, type="ordinal", title="steps", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(VERTICES, type="quantitative", title="users or items"),
            color=_kinds(),
            tooltip=[
                alt.Tooltip("kind", type="nominal"),
                alt.Tooltip(DISTANCE, type="ordinal", title="steps"),
                alt.Tooltip(VERTICES, type="quantitative", title="how many", format=","),
            ],
        )
    )


def histogram(bins: pd.DataFrame, title: str, *, shares: bool) -> Spec:
    """How many users have a figure from 0 to 1: (bin, bin_end, users).

    Args:
        bins: all of them.
        title: of the figure.
        shares: show it in percent.
    """
    axis = _shares() if shares else alt.Axis()
    form = ".0%" if shares else ".2f"
    chart = alt.Chart(bins.assign(none=0)).mark_rect(opacity=OPACITY, stroke=None, x2Offset=-1.5)
    return _spec(
        chart.encode(
            x=alt.X(BIN, type="quantitative", title=title, axis=axis, scale=_unit()),
            x2="bin_end",
            y=alt.Y(USERS, type="quantitative", title="users", scale=alt.Scale(zero=True)),
            y2="none",
            tooltip=[
                alt.Tooltip(BIN, type="quantitative", title="from", format=form),
                alt.Tooltip("bin_end", type="quantitative", title="to", format=form),
                alt.Tooltip(USERS, type="quantitative", format=","),
            ],
        )
    )


def importance(items: pd.DataFrame, gaining: pd.DataFrame, words: InteractionWords) -> Spec:
    """PageRank for each interaction, against popularity; the items that gain most are named.

    Args:
        items: (support, lift).
        gaining: (title, support, lift, ...).
        words: what users do with items.
    """
    x = alt.X(SUPPORT, type="quantitative", title=_users_of(words), **_logarithmic())
    y = alt.Y(
        LIFT,
        type="quantitative",
        title="PageRank over popularity",
        scale=alt.Scale(type="log", nice=False, padding=14),
        axis=alt.Axis(format="~g", values=_ratios(items[LIFT])),
    )
    even = alt.Chart(pd.DataFrame({"even": [1]})).mark_rule(strokeDash=[4, 3]).encode(y="even:Q")
    cloud = alt.Chart(items).mark_point(filled=True, size=18, opacity=OPACITY).encode(x=x, y=y)
    layers = [even, cloud]
    if len(gaining):
        named = alt.Chart(gaining).mark_point(filled=True, size=80, opacity=1)
        tooltip = _tooltip_of_gaining(words)
        layers.append(named.encode(x=x, y=y, tooltip=tooltip, color=alt.value(_HIGHLIGHT)))
    return _spec(alt.LayerChart(layer=layers))


def _ratios(values: pd.Series[float]) -> list[float]:
    """Ticks of a logarithmic axis, as fine as the values need."""
    narrow = values.max() < 3 * values.min()
    return (
        [0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.7] if narrow else [0.1, 0.2, 0.5, 1, 2, 5, 10, 50]
    )


def gains(gaining: pd.DataFrame, words: InteractionWords) -> Spec:
    """The items that gain most, by name: (title, support, gain, ...)."""
    title = "PageRank over that of items as popular"
    return _bars(gaining, GAIN, title, ".2f", _tooltip_of_gaining(words), first=1.0)


def bridges(table: pd.DataFrame, words: InteractionWords) -> Spec:
    """The items between communities: (title, support, community, neighbours, participation)."""
    tooltip = [
        alt.Tooltip("title", type="nominal"),
        alt.Tooltip(SUPPORT, type="quantitative", title=words.by_column, format=","),
        alt.Tooltip(COMMUNITY, type="ordinal"),
        alt.Tooltip("neighbours", type="quantitative", format=","),
        alt.Tooltip("participation", type="quantitative", format=".3f"),
    ]
    return _bars(table, "participation", "participation", ".2f", tooltip)


def community_sizes(table: pd.DataFrame) -> Spec:
    """The largest communities: (community, name, items, support, inside)."""
    named = table[[COMMUNITY, "name", ITEMS, SUPPORT, INSIDE]]
    chart = alt.Chart(named).mark_bar(cornerRadiusEnd=2)
    return _spec(
        chart.encode(
            x=alt.X(COMMUNITY, type="ordinal", title="community", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(ITEMS, type="quantitative", title="items"),
            tooltip=[
                alt.Tooltip(COMMUNITY, type="ordinal"),
                alt.Tooltip("name", type="nominal"),
                alt.Tooltip(ITEMS, type="quantitative", format=","),
                alt.Tooltip(SUPPORT, type="quantitative", title="interactions", format=","),
                alt.Tooltip(INSIDE, type="quantitative", title="weight inside", format=".1%"),
            ],
        )
    )


# --- what charts share ----------------------------------------------------------------------------


def _bars(
    table: pd.DataFrame,
    figure: str,
    title: str,
    form: str,
    tooltip: Sequence[alt.Tooltip],
    *,
    first: float = 0.0,
) -> Spec:
    """One bar per named item, the greatest first, from the figure that says nothing."""
    rows = _shortened(table).assign(
        first=first, text=[f"{value:{form}}" for value in table[figure]]
    )
    y = alt.Y("named", type="nominal", sort=None, title=None, axis=alt.Axis(labelLimit=230))
    bars = alt.Chart(rows).mark_bar(height=alt.RelativeBandSize(0.55), cornerRadiusEnd=2)
    room = first + 1.2 * (float(table[figure].max()) - first)  # for the text at the end of a bar
    x = alt.X(figure, type="quantitative", title=title, scale=alt.Scale(domain=[first, room]))
    texts = alt.Chart(rows).mark_text(align="left", dx=5, fontSize=12)
    return _spec(
        alt.LayerChart(
            layer=[
                bars.encode(x=x, x2="first", y=y, tooltip=list(tooltip)),
                texts.encode(x=alt.X(figure, type="quantitative"), y=y, text="text:N"),
            ]
        ),
        height=27 * len(rows) + 20,
    )


def _tooltip_of_gaining(words: InteractionWords) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("title", type="nominal"),
        alt.Tooltip(SUPPORT, type="quantitative", title=words.by_column, format=","),
        alt.Tooltip("popularity_rank", type="quantitative", title="by popularity", format=","),
        alt.Tooltip("pagerank_rank", type="quantitative", title="by PageRank", format=","),
        alt.Tooltip(LIFT, type="quantitative", format=".2f"),
        alt.Tooltip(GAIN, type="quantitative", format=".2f"),
    ]


def _users_of(words: InteractionWords) -> str:
    """The title of an axis of numbers of users."""
    return words.by_column if words == NEUTRAL else f"{words.by_column} (users)"


def _shortened(table: pd.DataFrame) -> pd.DataFrame:
    """With `named`: titles that fit beside a chart, each of them once."""
    named: list[str] = []
    for title in table["title"]:
        short = shortened(title, _MAX_TITLE)
        # An invisible letter keeps items apart that are called alike.
        named.append(short + "\u200b" * sum(other.rstrip("\u200b") == short for other in named))
    return table.assign(named=named)


def _law_lines(laws: pd.DataFrame, degrees: pd.DataFrame) -> list[pd.DataFrame]:
    """(type, degree, at_least) of each law: the tail, as high as the data at its beginning."""
    most = degrees.groupby(TYPE)[DEGREE].max()
    known = laws.dropna(subset=["alpha"]).to_dict("records")
    return [_line(law, most[law[TYPE]]) for law in known]


def _line(law: dict[Any, Any], last: float) -> pd.DataFrame:
    """P(X >= x) = tail / vertices · ζ(α, x) / ζ(α, x_min), until one of the tail is left."""
    alpha, first = float(law["alpha"]), float(law["x_min"])
    alone = first * float(law["tail"]) ** (1.0 / (alpha - 1.0))
    degree = np.geomspace(first, min(alone, last), _LINE_POINTS)
    share = law["tail"] / law[VERTICES] * zeta(alpha, degree) / zeta(alpha, first)
    return pd.DataFrame({TYPE: law[TYPE], DEGREE: degree, AT_LEAST: share})


def _kinds_named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(kind=frame[TYPE].map(_KINDS))


def _kinds() -> alt.Color:
    return alt.Color(
        "kind",
        type="nominal",
        scale=alt.Scale(domain=list(_KINDS.values())),
        legend=alt.Legend(title=None),
    )


def _log() -> alt.Scale:
    return alt.Scale(type="log", nice=False, padding=8)


def _logarithmic() -> dict[str, Any]:
    """An axis without the many lines of a logarithmic grid."""
    return {"scale": _log(), "axis": alt.Axis(grid=False)}


def _unit() -> alt.Scale:
    return alt.Scale(domain=[0, 1])


def _shares(*, grid: bool = True) -> alt.Axis:
    return alt.Axis(format="~%", grid=grid)


def _spec(chart: _Chart, height: int = _HEIGHT) -> Spec:
    """A chart as wide as its container, in the hues of the page; it has no baseline to be grey."""
    sized = chart.properties(width="container", height=height, usermeta={"baseline": False})
    return spec_of(sized)
