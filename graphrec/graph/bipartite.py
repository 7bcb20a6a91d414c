"""The user-item graph as GraphFrames: users and items are vertices, interactions are edges.

An interaction has no direction, an edge of a GraphFrame has one, and an algorithm that is given
the wrong kind of edges does not complain. So there are two views, and each algorithm has its own:

======================================  ==========================================================
`one_way`: each interaction once,       degrees (they are supports and history lengths), counting,
from the user to the item               `connectedComponents`, `find`, `aggregateMessages`, core
                                        numbers, `svdPlusPlus`, `powerIterationClustering`
`both_ways`: each interaction in        `pageRank`, `parallelPersonalizedPageRank`,
both directions, two edges              `shortestPaths`, `bfs`, `Pregel` that follows the edges
======================================  ==========================================================

Neither view is of use to `triangleCount` (a bipartite graph has none), `labelPropagation` (the
two sides exchange their labels for ever) and `stronglyConnectedComponents` (one way every vertex
is its own, both ways they are the connected components): run these on a graph of items.
GraphFrames' PageRanks ignore weights, and add a second `weight` to the edges of their result: read
its vertices only. What `connectedComponents` returns stays in memory until it is unpersisted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import (
    INDEX,
    ITEM,
    ITEMS,
    SUPPORT,
    TIMES,
    TIMESTAMP,
    USER,
    WEIGHT,
    WEIGHTS,
)
from graphrec.data.catalogue import Catalogue
from graphrec.data.id_types import as_id
from graphrec.data.ids import IdTable, dense_ids
from graphrec.errors import ParameterError
from graphrec.spark.jars import require_graphframes

if TYPE_CHECKING:
    from graphframes import GraphFrame

# GraphFrames' own names
ID: Final = "id"
SRC: Final = "src"
DST: Final = "dst"

TYPE: Final = "type"  # "user" or "item"
DEGREE: Final = "degree"  # long, number of interactions

_INTERACTIONS_PER_TASK: Final = 200_000  # of the algorithms of GraphFrames


@dataclass(frozen=True, eq=False)
class UserItemGraph:
    """Users, items and interactions as plain tables, and as a GraphFrame in two views.

    The tables are there in every session. The views are made at their first use, and need
    GraphFrames in the session; under Spark Connect that is GraphFrames' plugin in the server.

    A vertex' id is a dense long: users have 0 .. users - 1, in an order that depends on nothing
    but their ids; items follow by descending popularity. A column of vertex ids gets its users
    and items back by a join with `vertices`.

    Attributes:
        vertices: (id: long, type: "user" or "item", user: of the users' own type, null for an
            item, item: of the items' own type, null for a user, degree: long).
        edges: (src: long, the user, dst: long, the item, weight: double, timestamp: double,
            seconds since 1970, or null), each interaction once.
        users: number of users.
        items: number of items.
        histories: the histories that the graph was made of.
    """

    vertices: DataFrame
    edges: DataFrame
    users: int
    items: int
    histories: DataFrame
    _interactions: int = field(repr=False)
    _user_ids: IdTable = field(repr=False)

    @staticmethod
    def from_histories(histories: DataFrame, catalogue: Catalogue) -> UserItemGraph:
        """Number the users and describe the graph; nothing but the user ids is computed and kept.

        Args:
            histories: (user, items: array<int>, weights: array<float>, times: array<double>), one
                row per user.
            catalogue: the items, counted on the same histories.
        """
        ids = dense_ids(histories, USER)
        numbered = histories.join(ids.frame, USER)
        return UserItemGraph(
            vertices=_vertices(numbered, catalogue, ids.size),
            edges=_edges(numbered, ids.size),
            users=ids.size,
            items=catalogue.size,
            histories=histories,
            _interactions=int(catalogue.support.sum()),
            _user_ids=ids,
        )

    @cached_property
    def one_way(self) -> GraphFrame:
        """Each interaction once, from the user to the item.

        Raises:
            MissingExtraError: the Python package of GraphFrames is not installed.
            GraphFramesError: the session has no GraphFrames.
        """
        return self._view(self.edges)

    @cached_property
    def both_ways(self) -> GraphFrame:
        """Each interaction as two edges, from the user to the item and back.

        Raises:
            MissingExtraError: the Python package of GraphFrames is not installed.
            GraphFramesError: the session has no GraphFrames.
        """
        return self._view(_both_ways(self.edges))

    @property
    def user_vertices(self) -> DataFrame:
        """(user, id: long), to be joined with."""
        return self._user_ids.frame.select(USER, F.col(INDEX).alias(ID))

    @property
    def item_vertices(self) -> DataFrame:
        """(item, id: long), to be joined with."""
        return self.vertices.where(F.col(TYPE) == ITEM).select(ITEM, ID)

    def vertex_of(self, *, user: str | int | None = None, item: str | int | None = None) -> int:
        """The id of one vertex, as `bfs` and `shortestPaths` want it.

        Args:
            user: a user's id.
            item: or an item's.

        Raises:
            ParameterError: not exactly one is given, it is no id of the graph's type, or the
                graph does not have it.
        """
        if (user is None) == (item is None):
            raise ParameterError(
                "vertex_of needs a user or an item", found=f"user={user!r}, item={item!r}"
            )
        column, value = (ITEM, item) if user is None else (USER, user)
        table = self.item_vertices if user is None else self.user_vertices
        wanted = as_id(value, column, table.schema[column].dataType)
        row = table.where(F.col(column) == F.lit(wanted)).select(ID).first()
        if row is None:
            raise ParameterError(f"the graph has no such {column}", found=repr(value))
        return int(row[0])

    def unpersist(self) -> None:
        """Free the memory that the user ids and the views take; the graph can still be used.

        The end of a `with` block does the same.
        """
        self._user_ids.unpersist()
        # GraphX keeps a copy of the edges for as long as its graph is referred to.
        self.__dict__.pop("one_way", None)
        self.__dict__.pop("both_ways", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unpersist()

    def _view(self, edges: DataFrame) -> GraphFrame:
        require_graphframes(self.vertices.sparkSession)
        from graphframes import GraphFrame  # noqa: PLC0415  of an extra: only the views need it

        # An iteration of an algorithm is a task for each partition; small ones are mostly tasks.
        parts = max(1, self._interactions // _INTERACTIONS_PER_TASK)
        return GraphFrame(self.vertices.coalesce(parts), edges.coalesce(parts))


def _vertices(numbered: DataFrame, catalogue: Catalogue, users: int) -> DataFrame:
    """(id, type, user, item, degree) of (user, items, ..., index) and of the catalogue."""
    items = catalogue.to_frame(numbered.sparkSession)
    of_users = numbered.select(
        F.col(INDEX).alias(ID),
        F.lit(USER).alias(TYPE),
        USER,
        F.lit(None).cast(items.schema[ITEM].dataType).alias(ITEM),
        F.size(ITEMS).cast("long").alias(DEGREE),
    )
    of_items = items.select(
        (F.lit(users) + F.col(INDEX)).cast("long").alias(ID),
        F.lit(ITEM).alias(TYPE),
        F.lit(None).cast(numbered.schema[USER].dataType).alias(USER),
        ITEM,
        F.col(SUPPORT).alias(DEGREE),
    )
    return of_users.unionByName(of_items)


def _edges(numbered: DataFrame, users: int) -> DataFrame:
    """(src, dst, weight, timestamp) of (user, items, weights, times, index)."""
    interaction = F.explode(F.arrays_zip(ITEMS, WEIGHTS, TIMES)).alias("interaction")
    return numbered.select(F.col(INDEX).alias(SRC), interaction).select(
        SRC,
        (F.lit(users) + F.col(f"interaction.{ITEMS}")).cast("long").alias(DST),
        F.col(f"interaction.{WEIGHTS}").cast("double").alias(WEIGHT),
        F.col(f"interaction.{TIMES}").alias(TIMESTAMP),
    )


def _both_ways(edges: DataFrame) -> DataFrame:
    """Every edge, and every edge turned round, in one pass."""
    there = F.struct(F.col(SRC), F.col(DST))
    back = F.struct(F.col(DST).alias(SRC), F.col(SRC).alias(DST))
    return edges.select(F.explode(F.array(there, back)).alias("edge"), WEIGHT, TIMESTAMP).select(
        f"edge.{SRC}", f"edge.{DST}", WEIGHT, TIMESTAMP
    )
