"""The features that an item has in common with the items of a history: "a Comedy, as ... was"."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.data.item_features import ItemFeatures
from graphrec.explanation.paths import HISTORY_ITEM
from graphrec.kernels.types import Indices

FEATURE: Final = "feature"
SIMILARITY: Final = "similarity"


def common_features(
    features: ItemFeatures | None, history: Indices, item: int, ids: pa.Array
) -> pa.Table:
    """What an item shares with each item of a history.

    Args:
        features: of all items; None where nothing is known of them.
        history: (n,), indices of the history's items.
        item: the item's index.
        ids: of the items.

    Returns:
        (history_item, feature: string, similarity: double), the part that the feature has in the
        cosine of the two items' features; the most similar item first, and of each the largest
        part. A feature of which they do not share the value has no row.
    """
    if features is None:
        return _table(ids, history[:0], [], np.empty(0))
    matrix = features.matrix
    other = matrix[history]
    parts = other.multiply(matrix[[item]]).tocoo()
    length = np.sqrt(np.asarray(other.multiply(other).sum(axis=1)).reshape(-1))
    own = float(np.sqrt(matrix[[item]].multiply(matrix[[item]]).sum()))
    part = parts.data.astype(np.float64) / (length[parts.row] * own)
    cosine = np.bincount(parts.row, part, minlength=history.size)
    kept = np.flatnonzero(part > 0)
    order = kept[np.lexsort((-part[kept], parts.row[kept], -cosine[parts.row[kept]]))]
    names = [features.names[column] for column in parts.col[order]]
    return _table(ids, history[parts.row[order]], names, part[order])


def _table(
    ids: pa.Array, items: Indices, names: list[str], similarity: npt.NDArray[np.float64]
) -> pa.Table:
    return pa.table(
        {
            HISTORY_ITEM: ids.take(pa.array(items.astype(np.int32))),
            FEATURE: pa.array(names, pa.string()),
            SIMILARITY: pa.array(similarity),
        }
    )
