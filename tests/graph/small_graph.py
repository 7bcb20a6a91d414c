"""What the fixtures of the analytics hand out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import networkx as nx
from pyspark.sql import DataFrame

from graphrec.data.catalogue import Catalogue
from graphrec.graph.bipartite import UserItemGraph

Interaction = tuple[str, str, float]


@dataclass(frozen=True)
class Small:
    """A graph, and the same for networkx: users and items are named u.. and i.."""

    graph: UserItemGraph
    catalogue: Catalogue
    oracle: nx.Graph[Any]

    @property
    def users(self) -> list[str]:
        return sorted(node for node in self.oracle if node.startswith("u"))

    @property
    def items(self) -> list[str]:
        return sorted(node for node in self.oracle if node.startswith("i"))


@dataclass(frozen=True)
class Explored:
    """The sample data, its tables in memory, and what was planted by film."""

    tables: dict[str, DataFrame]
    truth: dict[str, dict[str, str]]
    again: Callable[[], dict[str, DataFrame]]


SmallOf = Callable[[Iterable[Interaction]], Small]
