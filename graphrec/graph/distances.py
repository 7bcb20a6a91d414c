"""Shortest-path distances from the most popular items."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, ITEMS
from graphrec.graph.bipartite import ID, TYPE, UserItemGraph

DISTANCE: Final = "distance"
USERS: Final = "users"


def distance_table(graph: UserItemGraph, *, landmarks: int = 3) -> DataFrame:
    """Count users and items by their distance from each of the most popular items.

    A step is an interaction, in either direction: users are an odd number of steps from an item,
    items an even one. GraphFrames' `shortestPaths` finds whole numbers, the same in every run.

    Args:
        graph: its both-ways view is used.
        landmarks: how many items, the most popular ones.

    Returns:
        (item: the landmark, distance: int, users: long, items: long), a few rows per landmark;
        vertices that cannot be reached are in none of them.

    Raises:
        GraphFramesError: the session has no GraphFrames.
    """
    sources = [graph.users + index for index in range(min(landmarks, graph.items))]
    paths = graph.both_ways.shortestPaths(landmarks=sources)
    reached = paths.select(TYPE, F.explode("distances").alias("landmark", DISTANCE))
    counted = reached.groupBy("landmark", DISTANCE).agg(
        F.count_if(F.col(TYPE) != ITEM).alias(USERS), F.count_if(F.col(TYPE) == ITEM).alias(ITEMS)
    )
    named = graph.item_vertices.where(F.col(ID).isin(sources))
    return counted.join(F.broadcast(named), F.col("landmark") == F.col(ID)).select(
        ITEM, DISTANCE, USERS, ITEMS
    )
