"""The graph of items, in which communities are found: each item and its best neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy import sparse

from graphrec.columns import (
    INDEX,
    ITEM,
    NEIGHBOUR,
    SUPPORT_ITEM,
    SUPPORT_NEIGHBOUR,
    TOGETHER,
    WEIGHT,
    WEIGHTS,
)
from graphrec.cooccurrence.measures import MEASURES
from graphrec.cooccurrence.table import PairTable, build_pair_table
from graphrec.data.catalogue import Catalogue
from graphrec.kernels.types import Array
from graphrec.spark.item_rows import to_rows


@dataclass(frozen=True)
class ItemGraph:
    """The item graph on the driver: at most items x neighbours edges, whatever the users."""

    catalogue: Catalogue
    weights: sparse.csr_array  # (items, items), symmetric, cosines above 0, empty diagonal
    together: sparse.csr_array  # (items, items), users who have both, where there is a weight
    support: npt.NDArray[np.int64]  # (items,), users who have the item
    users: int

    @property
    def items(self) -> int:
        """Number of items, those without a neighbour too."""
        return self.catalogue.size

    def to_frame(self, spark: SparkSession) -> DataFrame:
        """Each edge once, from the more popular item.

        Returns:
            (item, neighbour, weight: double, that of the edge, together: int, users who have both,
            support_item: long, support_neighbour: long, one double column per measure of
            `graphrec.cooccurrence.measures.MEASURES`).
        """
        upper = sparse.triu(self.weights, format="csr")
        together = sparse.triu(self.together, format="csr").data
        support = self.support[edge_rows(upper)], self.support[upper.indices]
        both, item, neighbour = (part.astype(np.float64) for part in (together, *support))
        listed = {
            NEIGHBOUR: upper.indices.astype(np.int32),
            WEIGHT: upper.data,
            TOGETHER: together.astype(np.int32),
            SUPPORT_ITEM: support[0],
            SUPPORT_NEIGHBOUR: support[1],
            **{
                name: measure(both, item, neighbour, float(self.users))
                for name, measure in MEASURES.items()
            },
        }
        rows = to_rows(spark, upper.indptr.astype(np.int64), listed)
        ids = self.catalogue.to_frame(spark).select(INDEX, ITEM)
        edges = rows.select(INDEX, F.inline(F.arrays_zip(*listed))).join(ids, INDEX)
        neighbour = ids.select(F.col(INDEX).alias(NEIGHBOUR), F.col(ITEM).alias("other"))
        _, *columns = listed
        return edges.join(neighbour, NEIGHBOUR).select(
            ITEM, F.col("other").alias(NEIGHBOUR), *columns
        )


def item_graph(
    histories: DataFrame,
    catalogue: Catalogue,
    *,
    neighbours: int = 20,
    min_together: int = 2,
    max_history: int = 2000,
) -> ItemGraph:
    """Join each item to its best neighbours by cosine; an edge needs one of the two directions.

    An interaction counts 1 whatever its weight. The cosine is the pair table's, in which long
    histories count less: `Σ_u 1/n_u` over the common users, over the norms of both items.

    Args:
        histories: (user, items, weights, times).
        catalogue: numbers the items.
        neighbours: of each item; it may have more, those whose neighbour it is.
        min_together: users that two items need in common: what one user alone did is no pattern.
        max_history: interactions of a user that the cosines are made of: the latest.
    """
    alike = histories.withColumn(WEIGHTS, F.transform(WEIGHTS, lambda _: F.lit(1.0).cast("float")))
    pairs = build_pair_table(
        alike,
        catalogue.size,
        max_neighbours=neighbours,
        max_history=max_history,
        min_support=min_together,
    )
    weights = _symmetric(pairs, pairs.cosine.astype(np.float64))
    together = _symmetric(pairs, pairs.together)
    return ItemGraph(catalogue, weights, together, pairs.support, pairs.users)


def _symmetric(pairs: PairTable, values: Array) -> sparse.csr_array:
    """(items, items), a symmetric figure of the pairs above 0, if only one end chose the other."""
    shape = (pairs.items, pairs.items)
    chosen = sparse.csr_array((values, pairs.indices, pairs.indptr), shape=shape)
    both = chosen.maximum(chosen.T).tocsr()
    both.sort_indices()
    return both


def edge_rows(weights: sparse.csr_array) -> Array:
    """The row of each entry of a sparse matrix, (entries,)."""
    return np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
