"""Connected components: which part of the catalogue a walk can reach from where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, ITEMS, USER
from graphrec.graph.bipartite import DEGREE, TYPE, UserItemGraph

COMPONENT: Final = "component"
USERS: Final = "users"
INTERACTIONS: Final = "interactions"
ITEM_SHARE: Final = "item_share"


@contextmanager
def connected_components(graph: UserItemGraph) -> Iterator[DataFrame]:
    """Yield the component of each vertex, by GraphFrames; in memory until the end of the block.

    GraphX' algorithm passes the smallest id on until nothing changes: whole numbers, so that the
    order of messages does not matter. GraphFrames' own, which is made for graphs of billions of
    edges, is far slower on those of millions.

    Args:
        graph: its one-way view is used.

    Yields:
        (id, type, user, item, degree, component: long, the smallest vertex id of the component).

    Raises:
        GraphFramesError: the session has no GraphFrames.
    """
    found = graph.one_way.connectedComponents(algorithm="graphx")
    try:
        yield found
    finally:
        found.unpersist()


def component_table(components: DataFrame, *, items: int) -> DataFrame:
    """The components; the largest one is the giant component, if there is one.

    Args:
        components: as `connected_components` yields them.
        items: size of the catalogue.

    Returns:
        (component: long, users: long, items: long, interactions: long, item_share: double, the
        part of the catalogue that its users can ever be recommended), one row per component: as
        many rows at most as there are users.
    """
    of = F.col(TYPE)
    counted = components.groupBy(COMPONENT).agg(
        F.count_if(of == USER).alias(USERS),
        F.count_if(of == ITEM).alias(ITEMS),
        F.sum(F.when(of == ITEM, F.col(DEGREE)).otherwise(0)).alias(INTERACTIONS),
    )
    return counted.withColumn(ITEM_SHARE, F.col(ITEMS) / items)
