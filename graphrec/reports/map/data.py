"""The part of an exploration that the interactive map shows: as much as a page can hold.

The page is bounded, whatever the size of the data: `MAX_ITEMS` items, the most popular ones,
`MAX_EDGES` edges, each item's strongest ones first, and a few users with the latest part of their
histories. All of it is chosen in Spark or among the items' own tables, and what is left out is
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.columns import (
    INDEX,
    ITEM,
    ITEMS,
    NEIGHBOUR,
    RANK,
    SUPPORT,
    TIMES,
    TOGETHER,
    USER,
    WEIGHT,
    WEIGHTS,
)
from graphrec.data.catalogue import Catalogue
from graphrec.data.column_types import quoted
from graphrec.data.hashing import seeded_hash
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.graph import exploration as names
from graphrec.graph.bridges import PARTICIPATION
from graphrec.graph.communities import COMMUNITY, INSIDE, NONE
from graphrec.graph.highlights import Highlights, Tables
from graphrec.graph.importance import LIFT
from graphrec.graph.reach import POOL
from graphrec.graph.similar_users import COSINE
from graphrec.reports.tables.fetch import frame_of
from graphrec.reports.words.text import printable

MAX_ITEMS: Final = 5000
MAX_EDGES: Final = 25_000
TYPICAL: Final = 5  # items that stand for a community
MEASURES: Final = ("cosine", "jaccard", "lift", "llr")  # confidence follows from the counts

_MAX_FETCHED_EDGES: Final = 200_000  # edges that come to the driver
_MAX_HISTORY: Final = 150  # items of a user
_SIMILAR_USERS: Final = 5
_DIGITS: Final = 4

SOURCE: Final = "source"
TARGET: Final = "target"
RANK_AT_END: Final = "rank_at_end"
HISTORY: Final = "history"
_KEY: Final = "key"

TitleOf = Callable[[Iterable[Any]], Mapping[Any, str]]


@dataclass(frozen=True)
class ExplorerData:
    """The part of an exploration that is on the page; items are numbered by popularity.

    Attributes:
        items: (index 0.., title, support, community: 0 for none, participation, lift), in order.
        edges: (source, target, together, weight, the measures of `MEASURES`, rank_at_end: as
            `strongest_edges` says).
        communities: (community, name: text, may be empty, items, support, inside, typical: list of
            indices), the largest.
        users: (user: text, history: int, items: list of indices, pool, similar: list of [index
            among the users or -1, name, items in common, cosine]).
        catalogue: how many items there are.
        all_edges: how many edges there are.
        all_users: how many users there are.
        all_communities: how many communities there are.
        min_users: users of an item; those that fewer have are not listed as bridges.
    """

    items: pd.DataFrame
    edges: pd.DataFrame
    communities: pd.DataFrame
    users: pd.DataFrame
    catalogue: int
    all_edges: int
    all_users: int
    all_communities: int
    min_users: int


def explorer_data(
    tables: Tables,
    highlights: Highlights,
    histories: DataFrame,
    catalogue: Catalogue,
    columns: InteractionColumns,
    title_of: TitleOf,
    *,
    users: int = 200,
) -> ExplorerData:
    """Choose what the page shows.

    Args:
        tables: of the exploration, with the input's names of users and items.
        highlights: what stands out in them.
        histories: (user, items, weights, times), persisted.
        catalogue: numbers the items.
        columns: the input's names.
        title_of: the titles of some items by their ids.
        users: how many users are shown; chosen by a hash of their ids.
    """
    spark = histories.sparkSession
    shown = _shown_items(spark, catalogue)
    items = _items(tables, shown, columns.item, title_of)
    return ExplorerData(
        items=items,
        edges=strongest_edges(_edges(tables[names.ITEM_EDGES], shown, columns.item), MAX_EDGES),
        communities=_communities(highlights, items, columns.item),
        users=_users(tables, histories, columns.user, users),
        catalogue=catalogue.size,
        all_edges=tables[names.ITEM_EDGES].count(),
        all_users=tables[names.REACH].count(),
        all_communities=tables[names.COMMUNITIES].count(),
        min_users=highlights.min_users,
    )


# --- items and edges ------------------------------------------------------------------------------


def _shown_items(spark: SparkSession, catalogue: Catalogue) -> DataFrame:
    """(key: the item, index), the most popular ones."""
    numbered = catalogue.to_frame(spark).where(F.col(INDEX) < MAX_ITEMS)
    return F.broadcast(numbered.select(F.col(ITEM).alias(_KEY), INDEX))


def _items(tables: Tables, shown: DataFrame, item: str, title_of: TitleOf) -> pd.DataFrame:
    """(index, title, support, community, participation, lift); at most `MAX_ITEMS` rows."""
    roles = shown.join(tables[names.ITEM_ROLES], F.col(_KEY) == quoted(item))
    lift = tables[names.IMPORTANCE].select(quoted(item).alias("ranked"), LIFT)
    joined = roles.join(lift, F.col(_KEY) == F.col("ranked"))
    found = frame_of(joined.select(INDEX, _KEY, SUPPORT, COMMUNITY, PARTICIPATION, LIFT))
    found = found.sort_values(INDEX, ignore_index=True)
    titles = title_of(found[_KEY])
    found["title"] = [titles[key] for key in found[_KEY]]
    found[COMMUNITY] = [number or NONE for number in found[COMMUNITY]]
    found[PARTICIPATION] = found[PARTICIPATION].fillna(0.0)
    return found


def _edges(table: DataFrame, shown: DataFrame, item: str) -> pd.DataFrame:
    """(source, target, together, weight, measures) of edges between shown items."""
    source = shown.select(F.col(_KEY).alias("source_key"), F.col(INDEX).alias(SOURCE))
    target = shown.select(F.col(_KEY).alias("target_key"), F.col(INDEX).alias(TARGET))
    between = table.join(F.broadcast(source), quoted(item) == F.col("source_key")).join(
        F.broadcast(target), F.col(NEIGHBOUR) == F.col("target_key")
    )
    ordered = between.orderBy(F.desc(WEIGHT), SOURCE, TARGET).limit(_MAX_FETCHED_EDGES)
    return frame_of(ordered.select(SOURCE, TARGET, TOGETHER, WEIGHT, *MEASURES))


def strongest_edges(edges: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many edges: the best of every item, then the second best, and so on.

    Args:
        edges: (source, target, weight, ...).
        most: how many.

    Returns:
        The same columns, and rank_at_end: int 0.., the better one of the ranks of the edge among
        those of its two ends.
    """
    rank = np.minimum(_rank_at(edges, SOURCE, TARGET), _rank_at(edges, TARGET, SOURCE))
    kept = np.lexsort((edges[TARGET], edges[SOURCE], -edges[WEIGHT].to_numpy(), rank))[:most]
    ranked = edges.assign(**{RANK_AT_END: rank}).iloc[kept]
    return ranked.sort_values([SOURCE, TARGET], ignore_index=True)


def _rank_at(edges: pd.DataFrame, end: str, other: str) -> npt.NDArray[np.int64]:
    """The rank of each edge among those at one of its ends, from 0."""
    both = pd.concat(
        [
            edges[[end, other, WEIGHT]].set_axis(["end", "other", WEIGHT], axis=1),
            edges[[other, end, WEIGHT]].set_axis(["end", "other", WEIGHT], axis=1),
        ],
        ignore_index=True,
    )
    ordered = both.sort_values([WEIGHT, "other"], ascending=[False, True], kind="stable")
    rank = ordered.groupby("end").cumcount().sort_index()
    return rank.to_numpy()[: len(edges)].astype(np.int64)


def _communities(highlights: Highlights, items: pd.DataFrame, item: str) -> pd.DataFrame:
    """(community, name, items, support, inside, typical), at most as many as people read."""
    shown = [COMMUNITY, ITEMS, SUPPORT, INSIDE]
    rows = [[row[name] for name in shown] for row in highlights.communities]
    found = pd.DataFrame(rows, columns=shown)
    index = dict(zip(items[_KEY], items[INDEX], strict=True))
    typical = highlights.most_typical(TYPICAL)
    found["name"] = [highlights.names.get(number, "") for number in found[COMMUNITY]]
    found["typical"] = [
        [index[row[item]] for row in typical if row[COMMUNITY] == number and row[item] in index]
        for number in found[COMMUNITY]
    ]
    return found


# --- users ----------------------------------------------------------------------------------------


def _users(tables: Tables, histories: DataFrame, user: str, count: int) -> pd.DataFrame:
    """(user, history, items, pool, similar) of a few users, in the order of their ids."""
    chosen = histories.orderBy(seeded_hash(0, F.col(USER)), USER).limit(count)
    pools = tables[names.REACH].select(quoted(user).alias("reaching"), POOL)
    listed = (
        chosen.join(pools, F.col(USER) == F.col("reaching"))
        .select(F.col(USER).alias(_KEY), F.size(ITEMS).alias(HISTORY), _latest().alias(ITEMS), POOL)
        .orderBy(_KEY)
    )
    found = frame_of(listed)
    found[USER] = [printable(str(key)) for key in found[_KEY]]
    found["similar"] = _similar(tables, chosen, user, list(found[_KEY]))
    return found


def _latest() -> Column:
    """The latest items of a history that are on the page, without times the heaviest ones."""
    entries = F.filter(F.arrays_zip(TIMES, WEIGHTS, ITEMS), lambda one: one[ITEMS] < MAX_ITEMS)
    ordered = F.sort_array(
        F.transform(
            entries,
            lambda one: F.struct(
                F.coalesce(one[TIMES], F.lit(0.0)).alias("time"),
                one[WEIGHTS].alias("weight"),
                (-one[ITEMS]).alias("index"),
            ),
        ),
        asc=False,
    )
    return F.transform(F.slice(ordered, 1, _MAX_HISTORY), lambda one: -one["index"])


def _similar(tables: Tables, chosen: DataFrame, user: str, keys: list[Any]) -> list[list[Any]]:
    """For each user the most similar ones: [index in keys or -1, name, together, cosine]."""
    wanted = F.broadcast(chosen.select(F.col(USER).alias(_KEY)))
    table = tables[names.SIMILAR_USERS].where(F.col(RANK) <= _SIMILAR_USERS)
    rows = table.join(wanted, quoted(user) == F.col(_KEY)).orderBy(_KEY, RANK).collect()
    index_of = {key: index for index, key in enumerate(keys)}
    similar: dict[Any, list[Any]] = {key: [] for key in keys}
    for row in rows:
        other = row[NEIGHBOUR]
        name, cosine = printable(str(other)), _rounded(row[COSINE])
        similar[row[_KEY]].append([index_of.get(other, -1), name, row[TOGETHER], cosine])
    return [similar[key] for key in keys]


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
