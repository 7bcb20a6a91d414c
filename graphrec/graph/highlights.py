"""The rows of large tables that the pages show: largest communities, bridges, PageRank gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from graphrec.columns import SUPPORT
from graphrec.data.column_types import quoted
from graphrec.graph import exploration
from graphrec.graph.bridges import PARTICIPATION, STRENGTH
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.importance import GAIN

MAX_ROWS: Final = 10  # rows of a list that people read
RANK_IN_COMMUNITY: Final = "rank_in_community"  # no input calls its items so

_OF_COMMUNITY: Final = "of_the_whole_community"

Tables = Mapping[str, DataFrame]


@dataclass(frozen=True)
class Highlights:
    """Rows of the tables on the driver, looked up once for all pages and for the screen.

    Attributes:
        communities: the largest, in order.
        typical: as `_typical_items` says.
        bridges: as `_bridge_items` says.
        gaining: as `_gaining_items` says.
        min_users: users that each of the bridging and the gaining items has at least.
        names: of communities, by their numbers; not every one has a name.
    """

    communities: list[Row]
    typical: list[Row]
    bridges: list[Row]
    gaining: list[Row]
    min_users: int
    names: Mapping[int, str]

    @staticmethod
    def of(
        tables: Tables, item: str, *, min_users: int, typical: int, names: Mapping[int, str]
    ) -> Highlights:
        """Look them up.

        Args:
            tables: of the exploration.
            item: the name that the items have there.
            min_users: users of an item; what fewer have looks special by chance, and is not listed.
            typical: how many items of each community.
            names: of the communities.
        """
        return Highlights(
            tables[exploration.COMMUNITIES].orderBy(COMMUNITY).limit(MAX_ROWS).collect(),
            _typical_items(tables, item, typical),
            _bridge_items(tables, item, min_users),
            _gaining_items(tables, item, min_users),
            min_users,
            names,
        )

    def most_typical(self, length: int) -> list[Row]:
        """At most so many of each community."""
        return [row for row in self.typical if row[RANK_IN_COMMUNITY] <= length]


def _typical_items(tables: Tables, item: str, length: int) -> list[Row]:
    """The most popular items that are at home in each of the first communities.

    At home are items whose share of weight inside is at least that of the whole community.

    Args:
        tables: of the exploration.
        item: the name that the items have there.
        length: how many items of a community.

    Returns:
        Rows of `item_roles` with their rank in the community, 1 .. length, in this order.
    """
    whole = tables[exploration.COMMUNITIES].select(COMMUNITY, F.col(INSIDE).alias(_OF_COMMUNITY))
    roles = (
        tables[exploration.ITEM_ROLES].where(F.col(COMMUNITY) <= MAX_ROWS).join(whole, COMMUNITY)
    )
    at_home = roles.where(F.col(INSIDE) >= F.col(_OF_COMMUNITY) * F.col(STRENGTH))
    most_popular = Window.partitionBy(COMMUNITY).orderBy(F.desc(SUPPORT), quoted(item))
    first = at_home.withColumn(RANK_IN_COMMUNITY, F.row_number().over(most_popular))
    shown = first.where(F.col(RANK_IN_COMMUNITY) <= length)
    return shown.orderBy(COMMUNITY, RANK_IN_COMMUNITY).collect()


def _bridge_items(tables: Tables, item: str, min_users: int) -> list[Row]:
    """The rows of `item_roles` that take part in several communities most.

    Args:
        tables: of the exploration.
        item: the name that the items have there.
        min_users: users of an item; what fewer have looks special by chance, and is not listed.
    """
    known = (F.col(SUPPORT) >= min_users) & (F.col(PARTICIPATION) > 0)
    return _first(tables[exploration.ITEM_ROLES], known, PARTICIPATION, item)


def _gaining_items(tables: Tables, item: str, min_users: int) -> list[Row]:
    """The rows of `importance` whose items matter more than others that are as popular.

    Args:
        tables: of the exploration.
        item: the name that the items have there.
        min_users: users of an item; what fewer have looks special by chance, and is not listed.
    """
    known = (F.col(SUPPORT) >= min_users) & (F.col(GAIN) > 1)
    return _first(tables[exploration.IMPORTANCE], known, GAIN, item)


def _first(rows: DataFrame, known: Column, by: str, item: str) -> list[Row]:
    return rows.where(known).orderBy(F.desc(by), quoted(item)).limit(MAX_ROWS).collect()
