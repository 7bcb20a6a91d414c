"""Bridge items: those whose neighbours are in several communities.

Guimerà and Amaral, "Functional cartography of complex metabolic networks", 2005. The participation
coefficient `P = 1 - Σ_c (k_c / k)²` is 0 if all of an item's weight goes to one community, and
near 1 if it spreads evenly over many. The within-community z-score measures how central an item is
at home: its weight inside, against those of the other items there.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from scipy import sparse

from graphrec.columns import ITEM, SUPPORT
from graphrec.graph.communities import COMMUNITY, INSIDE, Communities
from graphrec.graph.item_graph import ItemGraph, edge_rows

NEIGHBOURS: Final = "neighbours"
STRENGTH: Final = "strength"
WITHIN_Z: Final = "within_z"
PARTICIPATION: Final = "participation"

Floats = npt.NDArray[np.float64]


def item_roles(spark: SparkSession, graph: ItemGraph, communities: Communities) -> DataFrame:
    """The role of each item among the communities.

    Returns:
        (item, support: long, community: int, null for an item without neighbours, neighbours: int,
        strength: double, sum of its edges' weights, inside: double, the part of it that stays in
        its community, within_z: double, null without neighbours, participation: double, null
        without neighbours), one row per item of the catalogue.
    """
    label = communities.label
    towards = _weight_towards(graph.weights, label)
    strength = np.asarray(towards.sum(axis=1))
    inside = _inside(towards, label)
    alone = np.diff(graph.weights.indptr) == 0
    table = {
        ITEM: graph.catalogue.ids,
        SUPPORT: graph.catalogue.support,
        COMMUNITY: pa.array(label, mask=alone),
        NEIGHBOURS: np.diff(graph.weights.indptr).astype(np.int32),
        STRENGTH: strength,
        INSIDE: inside,
        WITHIN_Z: pa.array(_z_within(inside, label), mask=alone),
        PARTICIPATION: pa.array(participation(towards), mask=alone),
    }
    return spark.createDataFrame(pa.table(table))


def participation(towards: sparse.csr_array) -> Floats:
    """The participation coefficient of each item, 0 for one without weight.

    Args:
        towards: (items, communities), the weight from each item to each community.
    """
    total = np.asarray(towards.sum(axis=1))
    squares = np.asarray((towards * towards).sum(axis=1))
    positive = total > 0
    share = squares / np.where(positive, total, 1.0) ** 2
    return np.where(positive, np.maximum(1.0 - share, 0.0), 0.0)


def _weight_towards(weights: sparse.csr_array, label: npt.NDArray[np.int32]) -> sparse.csr_array:
    """(items, communities + 1), the weight from each item to each community."""
    entries = (weights.data, (edge_rows(weights), label[weights.indices]))
    shape = (weights.shape[0], int(label.max(initial=0)) + 1)
    return sparse.coo_array(entries, shape=shape).tocsr()


def _inside(towards: sparse.csr_array, label: npt.NDArray[np.int32]) -> Floats:
    """(items,), the weight to the own community."""
    own = towards.indices == label[edge_rows(towards)]
    inside = np.bincount(edge_rows(towards)[own], towards.data[own], towards.shape[0])
    return inside.astype(np.float64)


def _z_within(inside: Floats, label: npt.NDArray[np.int32]) -> Floats:
    """How many deviations an item's weight inside is above its community's mean; 0 if all agree."""
    size = np.maximum(np.bincount(label), 1)
    mean = np.bincount(label, inside) / size
    deviation = np.sqrt(np.bincount(label, (inside - mean[label]) ** 2) / size)
    spread = deviation[label] > 0
    return np.where(spread, (inside - mean[label]) / np.where(spread, deviation[label], 1.0), 0.0)
