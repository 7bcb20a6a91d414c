"""The page that shows an exploration, with what is to be read in its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from graphrec.columns import ITEM, ITEMS, SUPPORT, USER
from graphrec.data.contract import InteractionFigures
from graphrec.graph.bipartite import DEGREE
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.cores import CORE
from graphrec.graph.distances import DISTANCE
from graphrec.graph.importance import PAGERANK_RANK, POPULARITY_RANK
from graphrec.reports.charts import exploration as charts
from graphrec.reports.charts.evaluation import compared
from graphrec.reports.exploration_tables import BIN, USERS, ExplorationFindings
from graphrec.reports.page import Figure, Tile, render_charts
from graphrec.reports.words.text import isolated

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
class _SetAside:
    reason: str
    rows: str
    share: str


def exploration_page(
    findings: ExplorationFindings,
    rows: InteractionFigures,
    *,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    explorer: str | None = None,
) -> str:
    """The page as HTML that fetches nothing.

    Args:
        findings: what it shows.
        rows: what was read, and what was set aside.
        title: of the page.
        facts: label and text of what was done how, for the reader who wants to repeat it.
        explorer: name of the interactive page beside it, to link to.
    """
    told = _Told(findings)
    return render_charts(
        "exploration.html",
        _figures(told),
        title=title,
        lead=told.lead(),
        components_reading=told.components(),
        tiles=told.tiles(),
        communities=_communities(findings.communities),
        communities_reading=told.communities(),
        quality_reading=_quality(rows),
        set_aside=_set_aside(rows),
        facts=facts,
        explorer=explorer,
    )


# --- what is read in the figures ------------------------------------------------------------------


class _Told:
    """The findings in words."""

    def __init__(self, findings: ExplorationFindings) -> None:
        self.findings = findings
        self.figures: Mapping[str, Any] = findings.figures

    def lead(self) -> str:
        figures = self.figures
        return (
            f"{_count(figures['interactions'], 'interaction')} of "
            f"{_count(figures['users'], 'user')} with {_count(figures['items'], 'item')}, as a "
            "graph: what is in it, how it hangs together, and what that means for a recommender."
        )

    def tiles(self) -> list[Tile]:
        figures = self.figures
        core = figures["innermost_core"]
        tiles = [
            Tile(
                "Users",
                f"{figures[USERS]:,}",
                f"{_count(figures['user_median'], 'item')} each, median",
            ),
            Tile(
                "Items",
                f"{figures[ITEMS]:,}",
                f"{_count(figures['item_median'], 'user')} each, median",
            ),
            Tile(
                "Interactions",
                f"{figures['interactions']:,}",
                f"{_share(figures['density'])} of all pairs",
            ),
            Tile(
                "Components",
                f"{figures['components']:,}",
                "everything hangs together"
                if figures["components"] == 1
                else f"the largest has {_share(figures['reachable_catalogue'])} of the items",
            ),
            Tile(
                "Communities",
                f"{figures['communities']:,}",
                "of items"
                if figures["modularity"] is None
                else f"modularity {figures['modularity']:.2f}",
            ),
            Tile(
                "Candidates",
                _share(figures["median_pool_share"]),
                "of the unseen items, three steps from a user",
            ),
            Tile(
                "Innermost core",
                f"{core['core']:,}",
                f"{_count(core['users'], 'user')}, {_count(core['items'], 'item')}",
            ),
        ]
        alike = figures["median_best_cosine"]
        if alike is not None:
            tiles.append(Tile("Nearest user", f"{alike:.2f}", "median cosine"))
        return tiles

    def degrees(self) -> str:
        """How uneven it is, and whether the tails are power laws."""
        figures = self.figures
        said = (
            f"Half of the users have at most {_count(figures['user_median'], 'item')}, the most "
            f"active one {figures['user_max']:,}; half of the items have at most "
            f"{_count(figures['item_median'], 'user')}, the most popular one "
            f"{figures['item_max']:,}. "
        )
        more, less = (ITEM, USER) if figures["item_gini"] > figures["user_gini"] else (USER, ITEM)
        said += (
            f"{_PLURAL[more].capitalize()} are the less even side: Gini "
            f"{figures[f'{more}_gini']:.2f} against {figures[f'{less}_gini']:.2f}. "
        )
        return said + " ".join(self._law(kind) for kind in (USER, ITEM))

    def _law(self, kind: str) -> str:
        [law] = self.findings.power_laws.query("type == @kind").to_dict("records")
        if pd.isna(law["alpha"]):
            return f"Too few {_PLURAL[kind]} differ for a power law."
        said = (
            f"The tail of the {_PLURAL[kind]} from {law['x_min']:,.0f} on is fitted by a power law "
            f"with exponent {law['alpha']:.2f} ± {law['standard_error']:.2f}"
        )
        if pd.isna(law["exponential_p"]) or law["exponential_p"] > 0.05:
            return f"{said}, but an exponential tail fits no worse."
        return said + (
            ", which fits better than an exponential one."
            if law["ratio"] > 0
            else ", but an exponential tail fits better."
        )

    def components(self) -> str:
        figures = self.figures
        if figures["components"] == 1:
            return (
                "Everything hangs together: from every user a walk can reach every item, so no "
                "item is out of a recommender's reach for want of a path."
            )
        alone = figures["components"] - 1
        return (
            f"The largest component has {_share(figures['reachable_catalogue'])} of the items. "
            f"{_count(alone, 'component')} beside it {_be(alone)} islands: whoever is on one can "
            "be shown nothing of the others by any walk, only what is popular."
        )

    def cores(self) -> str:
        core = self.figures["innermost_core"]
        shells = self.findings.shells
        outer = shells[shells[CORE] <= 2]
        few = int(outer[ITEMS].sum())
        return (
            f"In the {core['core']:,}-core {_count(core['users'], 'user')} and "
            f"{_count(core['items'], 'item')} have at least {core['core']:,} interactions each "
            "among themselves: the part that is easy to learn from. "
            + (
                f"At the rim, with core number 1 or 2, {_be(few)} {_count(few, 'item')}."
                if few
                else "No item stands at the rim, with core number 1 or 2."
            )
        )

    def steps(self) -> str:
        nearest = self.nearest()
        audience = int(nearest[nearest[DISTANCE] == 1][USERS].sum())
        within = int(nearest[nearest[DISTANCE] <= 2][ITEMS].sum())
        farthest = int(nearest[DISTANCE].max())
        landmark = isolated(nearest["title"].iloc[0])
        return (
            f"From {landmark} it is one step to its {_count(audience, 'user')}, "
            f"and two to the other items these have: {_share(within / self.figures[ITEMS])} of "
            f"the catalogue is at most two steps away, the farthest is {farthest}."
        )

    def nearest(self) -> pd.DataFrame:
        """The distances from the landmark with the most users."""
        table = self.findings.distances
        audience = table[table[DISTANCE] == 1].set_index("title")[USERS]
        return table[table["title"] == audience.idxmax()]

    def reach(self) -> str:
        bins = self.findings.reach
        users = max(int(bins[USERS].sum()), 1)
        wide = int(bins[bins[BIN] >= 0.5][USERS].sum())
        return (
            "Three steps from a user, along an item of the history and somebody else who has it, "
            "stands what neighbours can suggest. For the median user that is "
            f"{self.figures['median_pool']:,.0f} items, "
            f"{_share(self.figures['median_pool_share'])} of those unseen; "
            f"{_share(wide / users)} of the users reach at least half of them."
        )

    def importance(self) -> str:
        correlation = self.figures["popularity_correlation"]
        if correlation is None:
            return "A single item has no rank to be compared."
        said = (
            f"PageRank follows popularity (rank correlation {correlation:.3f}), so what is of "
            "interest is where it does not. Whoever stands above the band matters more than others "
            "that are watched as much: those who have it have little else. Rare items stand high "
            "for a part of PageRank is the same for all."
        )
        return said if self.findings.gaining.empty else f"{said} The named ones are orange."

    def gains(self) -> str:
        first = self.findings.gaining.iloc[0]
        return (
            f"{isolated(first['title'])} gains most: no. {first[POPULARITY_RANK]:,} by popularity, "
            f"no. {first[PAGERANK_RANK]:,} by PageRank. {self.audience()}"
        )

    def bridges(self) -> str:
        first = self.findings.bridges.iloc[0]
        return (
            "An item whose neighbours are in several communities leads from one taste to another: "
            "participation is 0 if all of its weight stays in one, near 1 if it spreads evenly. "
            f"{isolated(first['title'])} spreads most, {first['participation']:.2f}. "
            f"{self.audience()}"
        )

    def audience(self) -> str:
        least = self.findings.audience
        return (
            f"Only items with {_count(least, 'user')} or more are looked at: what is special about "
            "the others may be chance."
        )

    def communities(self) -> str:
        figures = self.figures
        if not figures["communities"]:
            return "No two items have enough users in common to make a community."
        largest = self.findings.communities.iloc[0]
        modularity = figures["modularity"]
        clear = "clearly" if modularity >= 0.5 else "somewhat" if modularity >= 0.3 else "hardly"
        return (
            f"{_count(figures['communities'], 'community')} of items that the same people watch, "
            "by Leiden on the item graph; they are "
            f"{clear} apart (modularity {modularity:.2f}). The largest has "
            f"{_share(largest[ITEMS] / figures[ITEMS])} of the items and "
            f"{_share(largest[SUPPORT] / figures['interactions'])} of the interactions."
        )

    def sizes(self) -> str:
        """How large the communities are, and how closed."""
        table = self.findings.communities
        closed, open_ = (table.loc[table[INSIDE].agg(end)] for end in ("idxmax", "idxmin"))
        if len(table) == 1:
            return f"There is one, with {_count(closed[ITEMS], 'item')}."
        return (
            f"{_called(closed)} is the most closed of them, {_share(closed[INSIDE])} of its weight "
            f"stays inside; {_called(open_, 'community')} the most open, {_share(open_[INSIDE])}."
        )

    def similar(self) -> str:
        bins = self.findings.similar
        alike = self.figures["median_best_cosine"]
        without = self.figures[USERS] - int(bins[USERS].sum())
        said = f"The cosine of a user and the most similar one is {alike:.2f} for the median user."
        if without > 0:
            said += f" {_count(without, 'user')} {_have(without)} nobody with two items in common."
        return said


def _called(community: pd.Series[Any], noun: str = "Community") -> str:
    name = community["name"]
    return f"{noun} {community[COMMUNITY]}" + (f" ({isolated(name)})" if name else "")


_PLURAL: Final = {USER: "users", ITEM: "items"}


def _count(number: float, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    told = f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"
    return f"{told} {noun if number == 1 else plural}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def _share(value: float) -> str:
    """A share in percent, in as many digits as tell something; what is nearly all is not all."""
    percent = 100 * value
    if 0 < percent < 0.01:
        return "under 0.01 %"
    if 99.95 <= percent < 100:
        return "over 99.9 %"
    return f"{percent:.3g} %" if percent < 99.5 else f"{percent:.4g} %"


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


def _quality(rows: InteractionFigures) -> str:
    """What became of the rows of the input."""
    doubled = rows.accepted_rows - rows.interactions
    said = f"{_count(rows.rows_read, 'row')} were read. "
    if rows.rejected_rows:
        share = _share(rows.rejected_rows / rows.rows_read)
        said += f"{_count(rows.rejected_rows, 'row')} ({share}) were set aside, in _rejected: "
        said += "nothing below counts them. "
    else:
        said += "All of them could be used. "
    if doubled:
        said += (
            f"{_count(doubled, 'row')} told of a user and an item once more, and were combined "
            f"with the others, which leaves {_count(rows.interactions, 'interaction')}."
        )
    else:
        said += "No user had an item twice."
    return said


def _set_aside(rows: InteractionFigures) -> list[_SetAside]:
    return [
        _SetAside(reason, f"{count:,}", _share(count / rows.rows_read))
        for reason, count in rows.rejected.items()
    ]


def _figures(told: _Told) -> dict[str, Figure]:
    """The charts, those left out of which the data have nothing."""
    found = told.findings
    nearest = told.nearest()
    made = [
        Figure(
            "degrees",
            "How unevenly users watch and items are watched",
            told.degrees(),
            compared(charts.degree_tails(found.degrees, found.power_laws), found.degrees[DEGREE]),
        ),
        Figure(
            "cores",
            "How deep in the graph",
            told.cores(),
            compared(charts.shells(found.shells), found.shells[CORE]),
        ),
        Figure(
            "reach",
            "What a recommender can choose from",
            told.reach(),
            compared(
                charts.histogram(found.reach, "share of the unseen items", shares=True),
                _filled(found.reach),
            ),
        ),
        Figure(
            "steps",
            "How far everything is",
            told.steps(),
            compared(charts.steps(nearest), nearest[DISTANCE]),
        ),
        Figure(
            "importance",
            "PageRank against popularity",
            told.importance(),
            compared(charts.importance(found.importance, found.gaining), found.importance[SUPPORT]),
        ),
    ]
    if len(found.component_sizes) > 1:
        components = charts.component_sizes(found.component_sizes)
        made.append(Figure("components", "Sizes of the components", told.components(), components))
    if len(found.gaining):
        gains = compared(charts.gains(found.gaining), found.gaining.index)
        title = "Items that matter more than they are watched"
        made.append(Figure("gains", title, told.gains(), gains))
    if len(found.bridges):
        bridges = compared(charts.bridges(found.bridges), found.bridges.index)
        made.append(Figure("bridges", "Bridges between communities", told.bridges(), bridges))
    if len(found.communities):
        sizes = compared(charts.community_sizes(found.communities), found.communities[COMMUNITY])
        made.append(Figure("communities", "The largest communities", told.sizes(), sizes))
    if found.similar[USERS].sum():
        similar = compared(
            charts.histogram(found.similar, "cosine to the most similar user", shares=False),
            _filled(found.similar),
        )
        made.append(Figure("similar", "How alike users are", told.similar(), similar))
    return {figure.name: figure for figure in made}


def _filled(bins: pd.DataFrame) -> pd.Series[float]:
    """The bins that anybody is in."""
    return bins[bins[USERS] > 0][BIN]
