"""What goes with a new item, which no user has together with another: what is like it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import (
    AFTER,
    NEIGHBOUR,
    RANK,
    SUPPORT_ITEM,
    SUPPORT_NEIGHBOUR,
    TOGETHER,
)
from graphrec.cooccurrence.measures import MEASURES
from graphrec.data.dataset import Dataset
from graphrec.data.item_features import ItemFeatures
from graphrec.recommenders.content.nearest import nearest


def with_related_by_features(
    counted: DataFrame, dataset: Dataset, features: ItemFeatures, length: int
) -> DataFrame:
    """Add the items nearest to each new item by the cosine of their features.

    Args:
        counted: as `association_lists` gives it, the item under the input's name of its column.
        dataset: its catalogue ends with the new items, which nobody has.
        features: of all items.
        length: how many each new item gets at most.

    Returns:
        The same columns. Nobody has both items of an added row, and the measures of association
        are null.
    """
    catalogue = dataset.catalogue
    known = int(np.count_nonzero(catalogue.support))
    new = np.flatnonzero((catalogue.support == 0) & features.known)
    near = nearest(features.matrix, new, known, length)
    row, position = np.nonzero(near.similarity > 0)
    neighbour = near.items[row, position]
    nobody = np.zeros(row.size, np.int64)
    table = {
        dataset.columns.item: catalogue.ids.take(pa.array(new[row])),
        NEIGHBOUR: catalogue.ids.take(pa.array(neighbour)),
        RANK: pa.array(position.astype(np.int32) + 1),
        TOGETHER: pa.array(nobody.astype(np.int32)),
        AFTER: pa.nulls(row.size, pa.int32()),
        SUPPORT_ITEM: pa.array(nobody),
        SUPPORT_NEIGHBOUR: pa.array(catalogue.support[neighbour]),
        **{name: pa.nulls(row.size, pa.float64()) for name in MEASURES},
    }
    if not row.size:
        return counted
    return counted.unionByName(dataset.spark.createDataFrame(pa.table(table)))
