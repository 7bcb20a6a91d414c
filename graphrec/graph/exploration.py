"""All analyses of one graph; each table is written as soon as it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame

from graphrec.columns import ITEM, USER
from graphrec.cooccurrence.measures import MEASURES
from graphrec.data.catalogue import Catalogue
from graphrec.graph.bipartite import UserItemGraph
from graphrec.graph.bridges import item_roles
from graphrec.graph.communities import community_table, find_communities
from graphrec.graph.components import component_table, connected_components
from graphrec.graph.cores import core_table, shell_table
from graphrec.graph.degrees import degree_table, power_law_table
from graphrec.graph.distances import distance_table
from graphrec.graph.importance import importance_table
from graphrec.graph.item_graph import item_graph
from graphrec.graph.reach import reach_table
from graphrec.graph.similar_users import similar_users
from graphrec.graph.size import size_table
from graphrec.progress import planned, stage

SIZE: Final = "size"
DEGREES: Final = "degrees"
POWER_LAWS: Final = "power_laws"
COMPONENTS: Final = "components"
CORES: Final = "cores"
SHELLS: Final = "shells"
DISTANCES: Final = "distances"
REACH: Final = "reach"
IMPORTANCE: Final = "importance"
ITEM_EDGES: Final = "item_edges"
COMMUNITIES: Final = "communities"
ITEM_ROLES: Final = "item_roles"
SIMILAR_USERS: Final = "similar_users"

STAGES: Final = (
    *("degrees", "components", "core numbers", "distances", "reach", "PageRank"),
    *("item graph", "communities", "similar users"),
)
"""The stages of `explore`, in their order."""

_OF_DEGREES: Final = ("mean", "median", "max", "gini")

TABLES: Final = (
    *(SIZE, DEGREES, POWER_LAWS, COMPONENTS, CORES, SHELLS, DISTANCES, REACH, IMPORTANCE),
    *(ITEM_EDGES, COMMUNITIES, ITEM_ROLES, SIMILAR_USERS),
)

COLUMNS: Final = frozenset(
    {
        *("users", "items", "interactions", "density", "type", "degree", "vertices", "at_least"),
        *(f"{kind}_{figure}" for kind in (USER, ITEM) for figure in _OF_DEGREES),
        *("alpha", "standard_error", "x_min", "ks", "tail", "ratio", "exponential_p"),
        *("component", "item_share", "core", "distance", "history", "pool", "share", "support"),
        *(
            "pagerank",
            "popularity_rank",
            "pagerank_rank",
            "gain",
            "neighbour",
            "weight",
            "together",
        ),
        *("support_item", "support_neighbour", *MEASURES, "community", "inside", "modularity"),
        *("neighbours", "strength", "within_z", "participation", "rank", "pearson"),
    }
)
"""The tables' columns beside those of users and items, which have the input's names."""

Keep = Callable[[str, DataFrame], DataFrame]
"""(name, table) -> the same table where it was kept, so that nothing is computed twice."""


@dataclass(frozen=True)
class Settings:
    """Settings of an exploration.

    Attributes:
        neighbours: of each item in the item graph.
        resolution: of the communities; above 1 they are smaller, below 1 larger.
        similar: users that are listed for each user.
    """

    neighbours: int = 20
    resolution: float = 1.0
    similar: int = 10


def explore(
    graph: UserItemGraph, catalogue: Catalogue, keep: Keep, settings: Settings | None = None
) -> dict[str, DataFrame]:
    """Make every table of `TABLES`; their columns are listed where each is made.

    Args:
        graph: the user-item graph; its histories should be persisted.
        catalogue: the items that it was made of.
        keep: called with each table when it is there.
        settings: the default ones if None.

    Returns:
        The tables by name, as `keep` gave them back.

    Raises:
        GraphFramesError: the session has no GraphFrames.
    """
    with planned(STAGES):
        return _explored(graph, catalogue, keep, settings or Settings())


def _explored(
    graph: UserItemGraph, catalogue: Catalogue, keep: Keep, chosen: Settings
) -> dict[str, DataFrame]:
    tables: dict[str, DataFrame] = {}

    def kept(name: str, table: DataFrame) -> DataFrame:
        tables[name] = keep(name, table)
        return tables[name]

    with stage("degrees"):
        degrees = kept(DEGREES, degree_table(graph))
        kept(SIZE, size_table(graph, degrees))
        kept(POWER_LAWS, power_law_table(degrees))
    with stage("components"), connected_components(graph) as components:
        kept(COMPONENTS, component_table(components, items=graph.items))
    with stage("core numbers"):
        cores = kept(CORES, core_table(graph.histories, catalogue))
        kept(SHELLS, shell_table(cores))
    with stage("distances"):
        kept(DISTANCES, distance_table(graph))
    with stage("reach"):
        kept(REACH, reach_table(graph.histories, graph.items))
    with stage("PageRank"):
        kept(IMPORTANCE, importance_table(graph, catalogue))
    _explore_items(graph, catalogue, kept, chosen)
    with stage("similar users"):
        kept(SIMILAR_USERS, similar_users(graph, catalogue, length=chosen.similar))
    return tables


def _explore_items(
    graph: UserItemGraph, catalogue: Catalogue, kept: Keep, settings: Settings
) -> None:
    """The item graph, its communities, and the items between them."""
    spark = graph.vertices.sparkSession
    with stage("item graph") as counts:
        items = item_graph(graph.histories, catalogue, neighbours=settings.neighbours)
        counts["edges"] = items.weights.nnz // 2
        kept(ITEM_EDGES, items.to_frame(spark))
    with stage("communities") as counts:
        communities = find_communities(items, resolution=settings.resolution)
        counts["communities"] = communities.count
        kept(COMMUNITIES, community_table(spark, items, communities))
        kept(ITEM_ROLES, item_roles(spark, items, communities))
