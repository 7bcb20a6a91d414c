"""The graph of items: each item and its best partners, which communities are found in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy import sparse

from graphrec.artifacts import Array
from graphrec.columns import INDEX, ITEM, NEIGHBOUR, WEIGHTS
from graphrec.data.catalogue import Catalogue
from graphrec.data.profiles import cap_histories
from graphrec.graph.item_rows import to_rows
from graphrec.graph.pairs import build_pair_table

COSINE: Final = "cosine"


@dataclass(frozen=True)
class ItemGraph:
    """Items that go together, on the driver: items x partners entries, whatever the users do."""

    catalogue: Catalogue
    weights: sparse.csr_array  # (items, items), symmetric, cosines above 0, empty diagonal

    @property
    def items(self) -> int:
        """Number of items, those without a partner too."""
        return self.catalogue.size

    def to_frame(self, spark: SparkSession) -> DataFrame:
        """(item, neighbour, cosine: double), each edge once, from the more popular item."""
        upper = sparse.triu(self.weights, format="csr")
        ids = self.catalogue.to_frame(spark).select(INDEX, ITEM)
        rows = to_rows(
            spark,
            upper.indptr.astype(np.int64),
            {NEIGHBOUR: upper.indices.astype(np.int32), COSINE: upper.data},
        )
        edges = rows.select(INDEX, F.inline(F.arrays_zip(NEIGHBOUR, COSINE))).join(ids, INDEX)
        partner = ids.select(F.col(INDEX).alias(NEIGHBOUR), F.col(ITEM).alias("partner"))
        return edges.join(partner, NEIGHBOUR).select(
            ITEM, F.col("partner").alias(NEIGHBOUR), COSINE
        )


def item_graph(
    profiles: DataFrame,
    catalogue: Catalogue,
    *,
    partners: int = 20,
    min_together: int = 2,
    max_history: int = 2000,
) -> ItemGraph:
    """Join each item to its best partners by cosine; one of the two directions is enough.

    An interaction counts 1 whatever its weight. The cosine is the pair table's, in which long
    histories count less: `Σ_u 1/n_u` over the common users, over the norms of both items.

    Args:
        profiles: (user, items, weights, times).
        catalogue: numbers the items.
        partners: of each item; it may have more, those whose partner it is.
        min_together: users that two items need in common: what one user alone did is no pattern.
        max_history: interactions of a user that are counted: the latest.
    """
    alike = profiles.withColumn(WEIGHTS, F.transform(WEIGHTS, lambda _: F.lit(1.0).cast("float")))
    pairs = build_pair_table(
        cap_histories(alike, max_history),
        catalogue.size,
        max_partners=partners,
        min_support=min_together,
    )
    chosen = sparse.csr_array(
        (pairs.cosine.astype(np.float64), pairs.neighbour, pairs.start),
        shape=(catalogue.size, catalogue.size),
    )
    weights = chosen.maximum(chosen.T).tocsr()
    weights.sort_indices()
    return ItemGraph(catalogue, weights)


def edge_rows(weights: sparse.csr_array) -> Array:
    """The row of each entry of a sparse matrix, (entries,)."""
    return np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
