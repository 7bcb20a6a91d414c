"""The headline figures of an exploration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import RANK
from graphrec.data.quantiles import exact_quantile
from graphrec.graph import exploration as names
from graphrec.graph.bipartite import TYPE
from graphrec.graph.bridges import PARTICIPATION
from graphrec.graph.components import ITEM_SHARE
from graphrec.graph.cores import CORE
from graphrec.graph.importance import PAGERANK_RANK, POPULARITY_RANK
from graphrec.graph.reach import POOL, SHARE
from graphrec.graph.similar_users import COSINE


def headline(tables: Mapping[str, DataFrame]) -> dict[str, Any]:
    """The headline figures, from the tables.

    Args:
        tables: as `graphrec.graph.exploration.explore` gives them.

    Returns:
        The columns of the table `size`, and beside them: power_laws, by type: alpha, x_min,
        standard_error; components, reachable_catalogue: the largest item_share of one;
        innermost_core: core, users, items; median_pool and median_pool_share of the users;
        popularity_correlation: Spearman's, of PageRank and popularity; communities, modularity,
        null without any; largest_participation; median_best_cosine: of the users and those most
        similar to them. A figure that is not defined is null.
    """
    parts = (
        _row(tables[names.SIZE]),
        {names.POWER_LAWS: _power_laws(tables[names.POWER_LAWS])},
        _of(
            tables[names.COMPONENTS],
            components=F.count("*"),
            reachable_catalogue=F.max(ITEM_SHARE),
        ),
        {"innermost_core": _row(tables[names.SHELLS].orderBy(F.desc(CORE)).limit(1))},
        {
            "median_pool": exact_quantile(tables[names.REACH], F.col(POOL), 0.5),
            "median_pool_share": exact_quantile(tables[names.REACH], F.col(SHARE), 0.5),
        },
        _of(tables[names.IMPORTANCE], popularity_correlation=_spearman()),
        _communities(tables[names.COMMUNITIES]),
        _of(tables[names.ITEM_ROLES], largest_participation=F.max(PARTICIPATION)),
        {"median_best_cosine": exact_quantile(_most_similar(tables), F.col(COSINE), 0.5)},
    )
    return {name: value for part in parts for name, value in part.items()}


def _most_similar(tables: Mapping[str, DataFrame]) -> DataFrame:
    return tables[names.SIMILAR_USERS].where(F.col(RANK) == 1)


def _power_laws(table: DataFrame) -> dict[str, Any]:
    rows = table.select(TYPE, "alpha", "x_min", "standard_error").collect()  # two of them
    return {row[TYPE]: {name: row[name] for name in row.asDict() if name != TYPE} for row in rows}


def _communities(table: DataFrame) -> dict[str, Any]:
    """Summed up in the order of their numbers: one row per community comes to the driver."""
    parts = [row[0] for row in table.orderBy("community").select("modularity").collect()]
    return {"communities": len(parts), "modularity": sum(parts) if parts else None}


def _spearman() -> Column:
    """`1 - 6·Σ d² / (n³ - n)`, of whole numbers; null for a single item."""
    n = F.count("*").cast("double")
    apart = (F.col(PAGERANK_RANK) - F.col(POPULARITY_RANK)).cast("long")
    squares = F.sum((apart * apart).cast("decimal(20,0)")).cast("double")
    return F.when(n > 1, 1.0 - 6.0 * squares / (n * (n * n - 1.0)))


def _of(table: DataFrame, **figures: Column) -> dict[str, Any]:
    """Aggregates of a table by name."""
    return _row(table.agg(*(figure.alias(name) for name, figure in figures.items())))


def _row(table: DataFrame) -> dict[str, Any]:
    """A table's only row, empty if it has none."""
    row = table.first()
    return {} if row is None else row.asDict()
