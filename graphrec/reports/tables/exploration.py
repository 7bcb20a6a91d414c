"""The small tables of an exploration for its page, counted and binned in Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, RANK, SUPPORT
from graphrec.data.column_types import quoted
from graphrec.graph import exploration as names
from graphrec.graph.bipartite import DEGREE, TYPE
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.cores import CORE
from graphrec.graph.degrees import AT_LEAST, VERTICES
from graphrec.graph.distances import DISTANCE
from graphrec.graph.highlights import Highlights, Tables
from graphrec.graph.importance import LIFT, POPULARITY_RANK
from graphrec.graph.reach import SHARE
from graphrec.graph.similar_users import COSINE
from graphrec.reports.tables.fetch import frame_of

BIN: Final = "bin"  # the lower end of a bin
USERS: Final = "users"
SIZE: Final = "size"
COUNT: Final = "count"

_BINS: Final = 20
_MAX_POINTS: Final = 1500  # of a scatter plot
_TYPICAL_ITEMS: Final = 3

TitleOf = Callable[[Iterable[Any]], Mapping[Any, str]]


@dataclass(frozen=True)
class ExplorationTables:
    """The small tables of an exploration, on the driver.

    Attributes:
        figures: as `graphrec.graph.headline.headline` gives them.
        degrees: (type, degree, vertices, at_least), at most a few hundred rows of each type.
        power_laws: as the table, two rows.
        component_sizes: (size: users and items of a component, count), a row per size.
        shells: (core, users, items).
        distances: (title, distance, users, items).
        reach: (bin, users), by the share of the unseen items that are three steps away.
        importance: (support, lift), of items spread over the popularity ranks.
        gaining: (title, support, popularity_rank, pagerank_rank, lift, gain), of the highest gain.
        bridges: (title, support, community, neighbours, participation), of the highest one.
        communities: (community, name: text, may be empty, items, support, inside, typical: list of
            titles), the largest.
        min_users: users that each of `gaining` and `bridges` has at least.
        similar: (bin, users), by the cosine to the most similar user.
    """

    figures: Mapping[str, Any]
    degrees: pd.DataFrame
    power_laws: pd.DataFrame
    component_sizes: pd.DataFrame
    shells: pd.DataFrame
    distances: pd.DataFrame
    reach: pd.DataFrame
    importance: pd.DataFrame
    gaining: pd.DataFrame
    bridges: pd.DataFrame
    communities: pd.DataFrame
    similar: pd.DataFrame
    min_users: int

    @staticmethod
    def of(
        tables: Tables,
        figures: Mapping[str, Any],
        highlights: Highlights,
        item: str,
        title_of: TitleOf,
    ) -> ExplorationTables:
        """Fetch them.

        Args:
            tables: of the exploration, with the input's name of the items.
            figures: the headline.
            highlights: what stands out.
            item: that name.
            title_of: the titles of some items by their ids.
        """
        gaining, bridges = highlights.gaining, highlights.bridges
        typical = highlights.most_typical(_TYPICAL_ITEMS)
        # Few landmarks, and few distances of each.
        distances = tables[names.DISTANCES].orderBy(quoted(item), DISTANCE).collect()
        titles = title_of(row[item] for row in (*gaining, *bridges, *typical, *distances))
        sizes = tables[names.COMPONENTS].select((F.col(USERS) + F.col(ITEMS)).alias(SIZE))
        most_similar = tables[names.SIMILAR_USERS].where(F.col(RANK) == 1)
        return ExplorationTables(
            figures=figures,
            degrees=_thinned(tables[names.DEGREES].orderBy(TYPE, DEGREE)),
            power_laws=frame_of(tables[names.POWER_LAWS]),
            # Components of n different sizes need n²/2 users and items.
            component_sizes=frame_of(
                sizes.groupBy(SIZE).agg(F.count("*").alias(COUNT)).orderBy(SIZE)
            ),
            shells=frame_of(tables[names.SHELLS].orderBy(CORE)),
            distances=_titled(distances, item, titles, tables[names.DISTANCES].columns),
            reach=_binned(tables[names.REACH], F.col(SHARE)),
            importance=_spread_over_ranks(tables[names.IMPORTANCE], figures["items"]),
            gaining=_titled(gaining, item, titles, tables[names.IMPORTANCE].columns),
            bridges=_titled(bridges, item, titles, tables[names.ITEM_ROLES].columns),
            communities=_communities(highlights, typical, item, titles),
            similar=_binned(most_similar, F.col(COSINE)),
            min_users=highlights.min_users,
        )


def _titled(
    rows: Iterable[Row], item: str, titles: Mapping[Any, str], columns: list[str]
) -> pd.DataFrame:
    """Rows with the title instead of the item."""
    named_rows = [{**row.asDict(), "title": titles[row[item]]} for row in rows]
    columns_shown = ["title", *(name for name in columns if name != item)]
    return pd.DataFrame(named_rows, columns=columns_shown)


def _thinned(degrees: DataFrame) -> pd.DataFrame:
    """Degrees that a chart on logarithmic axes can distinguish."""
    # As many rows as there are different degrees: n of them need n²/2 interactions.
    rows = frame_of(degrees.select(TYPE, DEGREE, VERTICES, AT_LEAST))
    if rows.empty:
        return rows
    rounded = (rows[DEGREE].astype(float).map(lambda degree: f"{degree:.2g}")).rename("rounded")
    return rows.groupby([rows[TYPE], rounded], sort=False).head(1).reset_index(drop=True)


def _binned(table: DataFrame, share: Column) -> pd.DataFrame:
    """(bin, users): how many rows have a share from 0 to 1 in each bin, all bins there."""
    number = F.least(F.floor(share * _BINS), F.lit(_BINS - 1)).cast("int").alias(BIN)
    counted = {row[BIN]: row[COUNT] for row in table.groupBy(number).count().collect()}
    numbers = range(_BINS)
    return pd.DataFrame(
        {
            BIN: [number / _BINS for number in numbers],
            "bin_end": [(number + 1) / _BINS for number in numbers],
            USERS: [counted.get(number, 0) for number in numbers],
        }
    )


def _spread_over_ranks(importance: DataFrame, items: int) -> pd.DataFrame:
    """(support, lift) of every n-th item by popularity."""
    step = -(-items // _MAX_POINTS)
    nth = importance.where(F.col(POPULARITY_RANK) % step == 1 % step)
    return frame_of(nth.orderBy(POPULARITY_RANK).select(SUPPORT, LIFT))


def _communities(
    highlights: Highlights, typical: Iterable[Row], item: str, titles: Mapping[Any, str]
) -> pd.DataFrame:
    shown = [COMMUNITY, ITEMS, SUPPORT, INSIDE]
    found = pd.DataFrame(
        [[row[name] for name in shown] for row in highlights.communities], columns=shown
    )
    of: dict[int, list[str]] = {number: [] for number in found[COMMUNITY]}
    for row in typical:
        of[row[COMMUNITY]].append(titles[row[item]])
    return found.assign(
        name=[highlights.names.get(number, "") for number in found[COMMUNITY]],
        typical=pd.Series([of[number] for number in found[COMMUNITY]], dtype=object),
    )
