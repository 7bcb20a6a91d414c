"""The page of an exploration: charts, each with a sentence on what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from graphrec.columns import ITEMS, SUPPORT
from graphrec.data.figures import InteractionFigures
from graphrec.graph.bipartite import DEGREE
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.cores import CORE
from graphrec.graph.distances import DISTANCE
from graphrec.reports.charts import exploration as charts
from graphrec.reports.charts.vega_lite import chart_or_none
from graphrec.reports.pages.html import Figure, render_charts
from graphrec.reports.tables.exploration import BIN, USERS, ExplorationTables
from graphrec.reports.words.exploration import ExplorationText, input_quality, percent
from graphrec.reports.words.interaction import NEUTRAL, InteractionWords

_HUES: Final = 10  # communities beyond have no colour of their own


@dataclass(frozen=True)
class _Community:
    number: int
    hue: int
    name: str
    items: str
    interactions: str
    inside: str
    typical: list[str]


@dataclass(frozen=True)
class _Rejection:
    reason: str
    rows: str
    share: str


def exploration_page(
    found: ExplorationTables,
    rows: InteractionFigures,
    *,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    explorer: str | None = None,
    words: InteractionWords = NEUTRAL,
) -> str:
    """Return the page as HTML that stands alone: it loads nothing from a network.

    Args:
        found: what it shows.
        rows: what was read, and what was rejected.
        title: of the page.
        facts: label and text of what was done how, for the reader who wants to repeat it.
        explorer: name of the interactive page beside it, to link to.
        words: what users do with items.
    """
    text = ExplorationText(found, words)
    return render_charts(
        "exploration.html",
        _figures(text),
        title=title,
        lead=text.lead(),
        components_reading=text.components(),
        tiles=text.tiles(),
        communities=_communities(found.communities),
        communities_reading=text.communities(),
        quality_reading=input_quality(rows),
        rejected=_rejections(rows),
        facts=facts,
        explorer=explorer,
    )


# --- tables and charts ----------------------------------------------------------------------------


def _communities(table: pd.DataFrame) -> list[_Community]:
    return [
        _Community(
            number=row[COMMUNITY],
            hue=row[COMMUNITY] if row[COMMUNITY] <= _HUES else 0,
            name=row["name"],
            items=f"{row[ITEMS]:,}",
            interactions=f"{row[SUPPORT]:,}",
            inside=f"{row[INSIDE]:.1%}",
            typical=row["typical"],
        )
        for row in table.to_dict("records")
    ]


def _rejections(rows: InteractionFigures) -> list[_Rejection]:
    return [
        _Rejection(reason, f"{count:,}", percent(count / rows.rows_read))
        for reason, count in rows.rejected.items()
    ]


def _figures(text: ExplorationText) -> dict[str, Figure]:
    """The charts, those left out of which the data have nothing."""
    found = text.tables
    nearest = text.nearest()
    made = [
        Figure(
            "degrees",
            "How uneven activity and popularity are",
            text.degrees(),
            chart_or_none(
                charts.degree_tails(found.degrees, found.power_laws), found.degrees[DEGREE]
            ),
        ),
        Figure(
            "cores",
            "How deep in the graph",
            text.cores(),
            chart_or_none(charts.shells(found.shells), found.shells[CORE]),
        ),
        Figure(
            "reach",
            "What a recommender can choose from",
            text.reach(),
            chart_or_none(
                charts.histogram(found.reach, "share of the unseen items", shares=True),
                _filled(found.reach),
            ),
        ),
        Figure(
            "steps",
            "How far everything is",
            text.steps(),
            chart_or_none(charts.steps(nearest), nearest[DISTANCE]),
        ),
        Figure(
            "importance",
            "PageRank against popularity",
            text.importance(),
            chart_or_none(
                charts.importance(found.importance, found.gaining, text.words),
                found.importance[SUPPORT],
            ),
        ),
    ]
    if len(found.component_sizes) > 1:
        components = charts.component_sizes(found.component_sizes)
        made.append(Figure("components", "Sizes of the components", text.components(), components))
    if len(found.gaining):
        gains = chart_or_none(charts.gains(found.gaining, text.words), found.gaining.index)
        title = "Items that matter more than their popularity says"
        made.append(Figure("gains", title, text.gains(), gains))
    if len(found.bridges):
        bridges = chart_or_none(charts.bridges(found.bridges, text.words), found.bridges.index)
        made.append(Figure("bridges", "Bridges between communities", text.bridges(), bridges))
    if len(found.communities):
        sizes = chart_or_none(
            charts.community_sizes(found.communities), found.communities[COMMUNITY]
        )
        made.append(Figure("communities", "The largest communities", text.sizes(), sizes))
    if found.similar[USERS].sum():
        similar = chart_or_none(
            charts.histogram(found.similar, "cosine to the most similar user", shares=False),
            _filled(found.similar),
        )
        made.append(Figure("similar", "How alike users are", text.similar(), similar))
    return {figure.name: figure for figure in made}


def _filled(bins: pd.DataFrame) -> pd.Series[float]:
    """The bins that anybody is in."""
    return bins[bins[USERS] > 0][BIN]
