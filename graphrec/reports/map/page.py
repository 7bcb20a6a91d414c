"""The interactive page of the item graph: a map, a search, and lists."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from graphrec.columns import ITEMS, SUPPORT, TOGETHER, USER, WEIGHT
from graphrec.graph.bridges import PARTICIPATION
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.importance import LIFT
from graphrec.graph.reach import POOL
from graphrec.reports.map.data import HISTORY, MEASURES, RANK_AT_END, SOURCE, TARGET, ExplorerData
from graphrec.reports.map.layout import lay_out
from graphrec.reports.pages.html import render, script
from graphrec.reports.words.interaction import NEUTRAL, InteractionWords

_DIGITS: Final = 4


def explorer_page(
    data: ExplorerData,
    *,
    title: str,
    report: str | None = None,
    words: InteractionWords = NEUTRAL,
) -> str:
    """Return the page as HTML that stands alone: it loads nothing from a network.

    It draws with sigma.js, which needs WebGL; without it the search and the lists still work.

    Args:
        data: what it shows.
        title: of the page.
        report: name of a page beside it that it links to.
        words: what users do with items.
    """
    return render(
        "explorer.html",
        title=title,
        report=report,
        content=_content(data) | {"words": words.by_name()},
        graphology=script("graphology.umd.min.js"),
        sigma=script("sigma.min.js"),
    )


def _content(data: ExplorerData) -> dict[str, Any]:
    """The data of the page's script; figures by column rather than by row, which is shorter."""
    items, edges = data.items, data.edges
    positions = lay_out(_weights(edges, len(items)), items[COMMUNITY].to_numpy(np.int32))
    return {
        "items": {
            "title": items["title"].tolist(),
            "support": items[SUPPORT].tolist(),
            "community": items[COMMUNITY].tolist(),
            "participation": _short(items[PARTICIPATION]),
            "lift": _short(items[LIFT]),
            "x": _short(pd.Series(positions[:, 0])),
            "y": _short(pd.Series(positions[:, 1])),
        },
        "edges": {
            "source": edges[SOURCE].tolist(),
            "target": edges[TARGET].tolist(),
            "together": edges[TOGETHER].tolist(),
            "rank": edges[RANK_AT_END].tolist(),
            **{name: _short(edges[name]) for name in MEASURES},
        },
        "communities": [
            {
                "number": number,
                "name": name,
                "items": count,
                "support": support,
                "inside": inside,
                "typical": typical,
            }
            for number, name, count, support, inside, typical in _rows(
                data.communities, COMMUNITY, "name", ITEMS, SUPPORT, INSIDE, "typical"
            )
        ],
        "users": [
            {"name": name, "history": length, "items": listed, "pool": pool, "similar": similar}
            for name, length, listed, pool, similar in _rows(
                data.users, USER, HISTORY, ITEMS, POOL, "similar"
            )
        ],
        "min_users": data.min_users,
        "all": {
            "items": data.catalogue,
            "edges": data.all_edges,
            "users": data.all_users,
            "communities": data.all_communities,
        },
    }


def _weights(edges: pd.DataFrame, items: int) -> sparse.csr_array:
    """(items, items), symmetric."""
    source, target = edges[SOURCE].to_numpy(np.int64), edges[TARGET].to_numpy(np.int64)
    weight = edges[WEIGHT].to_numpy(np.float64)
    ends = (np.concatenate((source, target)), np.concatenate((target, source)))
    both = sparse.coo_array((np.tile(weight, 2), ends), shape=(items, items)).tocsr()
    both.sort_indices()
    return both


def _short(values: pd.Series[float]) -> list[float]:
    """Figures in as many digits as a page needs."""
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def _rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of plain numbers, texts and lists."""
    return [
        tuple(_plain(value) for value in row)
        for row in frame[list(columns)].itertuples(index=False)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value
