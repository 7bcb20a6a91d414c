"""What stands out in an exploration: the few rows of large tables that people want to see."""

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

LONGEST: Final = 10  # rows of a list that people read
PLACE: Final = "place_in_community"  # no input calls its items so

_OF_COMMUNITY: Final = "of_the_whole_community"

Tables = Mapping[str, DataFrame]


@dataclass(frozen=True)
class Highlights:
    """Rows of the tables on the driver, looked up once for all pages and for the screen.

    Attributes:
        communities: the largest, in order.
        typical: as `_typical_items` tells.
        bridges: as `_bridge_items` tells.
        gaining: as `_gaining_items` tells.
        audience: users that each of the bridging and the gaining items has at least.
        names: of communities, by their numbers; not every one has a name.
    """

    communities: list[Row]
    typical: list[Row]
    bridges: list[Row]
    gaining: list[Row]
    audience: int
    names: Mapping[int, str]

    @staticmethod
    def of(
        tables: Tables, item: str, *, audience: int, typical: int, names: Mapping[int, str]
    ) -> Highlights:
        """Look them up.

        Args:
            tables: of the exploration.
            item: the name that the items have there.
            audience: users of an item; what fewer have looks special by chance, and is not listed.
            typical: how many items of each community.
            names: of the communities.
        """
        return Highlights(
            tables[exploration.COMMUNITIES].orderBy(COMMUNITY).limit(LONGEST).collect(),
            _typical_items(tables, item, typical),
            _bridge_items(tables, item, audience),
            _gaining_items(tables, item, audience),
            audience,
            names,
        )

    def most_typical(self, length: int) -> list[Row]:
        """At most so many of each community."""
        return [row for row in self.typical if row[PLACE] <= length]


def _typical_items(tables: Tables, item: str, length: int) -> list[Row]:
    """The most popular items that are at home in each of the first communities.

    At home are those with as much of their weight inside as the community has on the whole.

    Args:
        tables: of the exploration.
        item: the name that the items have there.
        length: how many items of a community.

    Returns:
        Rows of `item_roles` with their `place` in the community, 1 .. length, in this order.
    """
    whole = tables[exploration.COMMUNITIES].select(COMMUNITY, F.col(INSIDE).alias(_OF_COMMUNITY))
    roles = tables[exploration.ITEM_ROLES].where(F.col(COMMUNITY) <= LONGEST).join(whole, COMMUNITY)
    at_home = roles.where(F.col(INSIDE) >= F.col(_OF_COMMUNITY) * F.col(STRENGTH))
    most_popular = Window.partitionBy(COMMUNITY).orderBy(F.desc(SUPPORT), quoted(item))
    first = at_home.withColumn(PLACE, F.row_number().over(most_popular))
    return first.where(F.col(PLACE) <= length).orderBy(COMMUNITY, PLACE).collect()


def _bridge_items(tables: Tables, item: str, audience: int) -> list[Row]:
    """The rows of `item_roles` that take part in several communities most.

    Args:
        tables: of the exploration.
        item: the name that the items have there.
        audience: users of an item; what fewer have looks special by chance, and is not listed.
    """
    known = (F.col(SUPPORT) >= audience) & (F.col(PARTICIPATION) > 0)
    return _first(tables[exploration.ITEM_ROLES], known, PARTICIPATION, item)


def _gaining_items(tables: Tables, item: str, audience: int) -> list[Row]:
    """The rows of `importance` whose items matter more than others that are as popular.

    Args:
        tables: of the exploration.
        item: the name that the items have there.
        audience: users of an item; what fewer have looks special by chance, and is not listed.
    """
    known = (F.col(SUPPORT) >= audience) & (F.col(GAIN) > 1)
    return _first(tables[exploration.IMPORTANCE], known, GAIN, item)


def _first(rows: DataFrame, known: Column, by: str, item: str) -> list[Row]:
    return rows.where(known).orderBy(F.desc(by), quoted(item)).limit(LONGEST).collect()
