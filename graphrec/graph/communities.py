"""Communities of the item graph: which items have the same users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from graphrec.columns import ITEMS, SUPPORT
from graphrec.graph.item_graph import ItemGraph
from graphrec.graph.leiden import inside_and_strength, leiden, modularity

COMMUNITY: Final = "community"
INSIDE: Final = "inside"
MODULARITY: Final = "modularity"

NONE: Final = 0  # the community of an item without neighbours; communities are 1, 2, ...


@dataclass(frozen=True)
class Communities:
    """A partition of the item graph.

    Attributes:
        label: (items,), 1, 2, ... by descending number of items, ties by the most popular item;
            `NONE` for an item without neighbours.
        modularity: of the partition, -0.5 to 1: how much more weight is inside the communities
            than if the same edges were laid at random.
    """

    label: npt.NDArray[np.int32]
    modularity: float

    @property
    def count(self) -> int:
        """How many communities there are."""
        return int(self.label.max(initial=0))


def find_communities(graph: ItemGraph, *, resolution: float = 1.0) -> Communities:
    """Find communities by modularity, see `graphrec.graph.leiden`.

    Args:
        graph: of the items.
        resolution: above 1 the communities are smaller, below 1 larger.
    """
    found = leiden(graph.weights, resolution=resolution)
    alone = np.diff(graph.weights.indptr) == 0
    return Communities(
        label=_by_size(found, alone),
        modularity=modularity(graph.weights, found, resolution=resolution),
    )


def _by_size(found: npt.NDArray[np.int64], alone: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number communities by size; an item's index is its popularity rank, so it breaks ties."""
    label = np.full(found.size, NONE, np.int32)
    names, first, group, size = np.unique(
        found[~alone], return_index=True, return_inverse=True, return_counts=True
    )
    number = np.empty(names.size, np.int32)
    number[np.lexsort((first, -size))] = np.arange(1, names.size + 1)
    label[~alone] = number[group]
    return label


def community_table(spark: SparkSession, graph: ItemGraph, communities: Communities) -> DataFrame:
    """The communities, one row each: as many as there are, at most the catalogue.

    Returns:
        (community: int 1.., items: long, support: long, interactions with its items, inside:
        double, the share of its edges' weight that stays inside, 0 to 1, modularity: double, its
        part of the modularity).
    """
    inside, strength = inside_and_strength(graph.weights, communities.label.astype(np.int64))
    total = float(strength.sum()) or 1.0
    size = np.bincount(communities.label)
    support = np.bincount(communities.label, graph.catalogue.support).astype(np.int64)
    numbers = np.arange(1, communities.count + 1)
    parts = inside / total - (strength / total) ** 2
    table = {
        COMMUNITY: numbers.astype(np.int32),
        ITEMS: size[numbers].astype(np.int64),
        SUPPORT: support[numbers],
        INSIDE: inside[numbers] / strength[numbers],
        MODULARITY: parts[numbers],
    }
    return spark.createDataFrame(pa.table(table))
