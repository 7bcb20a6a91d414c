"""The sentences about an exploration of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from graphrec.columns import ITEM, ITEMS, SUPPORT, USER
from graphrec.data.figures import InteractionFigures
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.cores import CORE
from graphrec.graph.distances import DISTANCE
from graphrec.graph.importance import PAGERANK_RANK, POPULARITY_RANK
from graphrec.reports.tables.exploration import BIN, USERS, ExplorationTables
from graphrec.reports.words.interaction import InteractionWords
from graphrec.reports.words.text import isolated
from graphrec.reports.words.tile import Tile


class ExplorationText:
    """Sentences about the figures and tables of an exploration."""

    def __init__(self, tables: ExplorationTables, words: InteractionWords) -> None:
        self.words = words
        self.tables = tables
        self.figures: Mapping[str, Any] = tables.figures

    def lead(self) -> str:
        """What the page is about."""
        figures = self.figures
        return (
            f"{_count(figures['interactions'], 'interaction')} of "
            f"{_count(figures['users'], 'user')} with {_count(figures['items'], 'item')}, as a "
            "graph: what is in it, how it hangs together, and what that means for a recommender."
        )

    def tiles(self) -> list[Tile]:
        """The headline figures."""
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
                f"{percent(figures['density'])} of all pairs",
            ),
            Tile(
                "Components",
                f"{figures['components']:,}",
                "everything hangs together"
                if figures["components"] == 1
                else f"the largest has {percent(figures['reachable_catalogue'])} of the items",
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
                percent(figures["median_pool_share"]),
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
        [law] = self.tables.power_laws.query("type == @kind").to_dict("records")
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
        """Whether a walk can reach everything."""
        figures = self.figures
        if figures["components"] == 1:
            return (
                "Everything hangs together: from every user a walk can reach every item, so no "
                "item is out of a recommender's reach for want of a path."
            )
        alone = figures["components"] - 1
        return (
            f"The largest component has {percent(figures['reachable_catalogue'])} of the items. "
            f"{_count(alone, 'component')} beside it {_be(alone)} islands: whoever is on one can "
            "be shown nothing of the others by any walk, only what is popular."
        )

    def cores(self) -> str:
        """How much of the graph is dense, and how much hangs at its rim."""
        core = self.figures["innermost_core"]
        shells = self.tables.shells
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
        """How far everything is from the most popular item."""
        nearest = self.nearest()
        users = int(nearest[nearest[DISTANCE] == 1][USERS].sum())
        within = int(nearest[nearest[DISTANCE] <= 2][ITEMS].sum())
        farthest = int(nearest[DISTANCE].max())
        landmark = isolated(nearest["title"].iloc[0])
        return (
            f"From {landmark} it is one step to its {_count(users, 'user')}, "
            f"and two to the other items these have: {percent(within / self.figures[ITEMS])} of "
            f"the catalogue is at most two steps away, the farthest is {farthest}."
        )

    def nearest(self) -> pd.DataFrame:
        """The distances from the landmark with the most users."""
        table = self.tables.distances
        users = table[table[DISTANCE] == 1].set_index("title")[USERS]
        return table[table["title"] == users.idxmax()]

    def reach(self) -> str:
        """How many items are three steps from a user."""
        bins = self.tables.reach
        users = max(int(bins[USERS].sum()), 1)
        wide = int(bins[bins[BIN] >= 0.5][USERS].sum())
        return (
            "Three steps from a user, along an item of the history and somebody else who has it, "
            "stands what neighbours can suggest. For the median user that is "
            f"{self.figures['median_pool']:,.0f} items, "
            f"{percent(self.figures['median_pool_share'])} of those unseen; "
            f"{percent(wide / users)} of the users reach at least half of them."
        )

    def importance(self) -> str:
        """Where PageRank differs from popularity."""
        correlation = self.figures["popularity_correlation"]
        if correlation is None:
            return "A single item has no rank to be compared."
        said = (
            f"PageRank follows popularity (rank correlation {correlation:.3f}), so what is of "
            "interest is where it does not. Whoever stands above the band matters more than others "
            "that are as popular: those who have it have little else. Rare items stand high "
            "for a part of PageRank is the same for all."
        )
        return said if self.tables.gaining.empty else f"{said} The named ones are orange."

    def gains(self) -> str:
        """The item that gains most by PageRank."""
        first = self.tables.gaining.iloc[0]
        return (
            f"{isolated(first['title'])} gains most: no. {first[POPULARITY_RANK]:,} by popularity, "
            f"no. {first[PAGERANK_RANK]:,} by PageRank. {self.min_users()}"
        )

    def bridges(self) -> str:
        """The item that spreads most over the communities."""
        first = self.tables.bridges.iloc[0]
        return (
            "An item whose neighbours are in several communities leads from one taste to another: "
            "participation is 0 if all of its weight stays in one, near 1 if it spreads evenly. "
            f"{isolated(first['title'])} spreads most, {first['participation']:.2f}. "
            f"{self.min_users()}"
        )

    def min_users(self) -> str:
        """How many users an item must have to be named."""
        least = self.tables.min_users
        return (
            f"Only items with {_count(least, 'user')} or more are looked at: what is special about "
            "the others may be chance."
        )

    def communities(self) -> str:
        """How many communities there are, and how clearly they are apart."""
        figures = self.figures
        if not figures["communities"]:
            return "No two items have enough users in common to make a community."
        largest = self.tables.communities.iloc[0]
        modularity = figures["modularity"]
        clear = "clearly" if modularity >= 0.5 else "somewhat" if modularity >= 0.3 else "hardly"
        return (
            f"{_count(figures['communities'], 'community')} of items that the same people "
            f"{self.words.have}, "
            "by Leiden on the item graph; they are "
            f"{clear} apart (modularity {modularity:.2f}). The largest has "
            f"{percent(largest[ITEMS] / figures[ITEMS])} of the items and "
            f"{percent(largest[SUPPORT] / figures['interactions'])} of the interactions."
        )

    def sizes(self) -> str:
        """How large the communities are, and how closed."""
        table = self.tables.communities
        closed, open_ = (table.loc[table[INSIDE].agg(end)] for end in ("idxmax", "idxmin"))
        if len(table) == 1:
            return f"There is one, with {_count(closed[ITEMS], 'item')}."
        return (
            f"{_called(closed)} is the most closed of them, {percent(closed[INSIDE])} of its "
            f"weight stays inside; {_called(open_, 'community')} the most open, "
            f"{percent(open_[INSIDE])}."
        )

    def similar(self) -> str:
        """How alike the most similar users are."""
        bins = self.tables.similar
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
    shown = f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"
    return f"{shown} {noun if number == 1 else plural}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def percent(value: float) -> str:
    """A share in percent, in three digits; what is nearly all is not shown as all."""
    percent = 100 * value
    if 0 < percent < 0.01:
        return "under 0.01 %"
    if 99.95 <= percent < 100:
        return "over 99.9 %"
    return f"{percent:.3g} %" if percent < 99.5 else f"{percent:.4g} %"


def input_quality(rows: InteractionFigures) -> str:
    """How many rows of the input were used, rejected and combined."""
    doubled = rows.accepted_rows - rows.interactions
    said = f"{_count(rows.rows_read, 'row')} were read. "
    if rows.rejected_rows:
        share = percent(rows.rejected_rows / rows.rows_read)
        said += f"{_count(rows.rejected_rows, 'row')} ({share}) were rejected, see _rejected: "
        said += "nothing below counts them. "
    else:
        said += "All of them could be used. "
    if doubled:
        said += (
            f"{_count(doubled, 'row')} had the same user and item as another, and were combined "
            f"with the others, which leaves {_count(rows.interactions, 'interaction')}."
        )
    else:
        said += "No user had an item twice."
    return said
