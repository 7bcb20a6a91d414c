"""Which held-out items are of low similarity to the history that they were taken from.

Of a random split, many held-out items are easy to predict: of two films of one series, one is held
out and the other is in the history. What users have next is less similar to their history. So
the similarity of a held-out item is its largest cosine (of the pair table) to an item of the
user's history, and weights and settings are judged on the less similar half alone, too.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import ITEMS, USER
from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import CSR, kept_indptr
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector, read_only
from graphrec.recommenders.hybrid.hold_out import HELD_OUT
from graphrec.spark.arrow import list_column, offsets, one_array, values

LOW_SIMILARITY = "low_similarity"  # array<int>, some of the held-out items


def mark_low_similarity(validation: DataFrame, pairs: PairTable) -> DataFrame:
    """Add the less similar half of all held-out items.

    Args:
        validation: (user, items, ..., held_out: array<int>); some thousands of users, whatever
            the data.
        pairs: of the histories without the held-out items.

    Returns:
        (..., low_similarity: array<int>): the held-out items whose similarity to their user's
        history is at most the median of all.
    """
    rows = validation.select(USER, ITEMS, HELD_OUT).toArrow()
    held_out, history = one_array(rows[HELD_OUT]), one_array(rows[ITEMS])
    indptr, item = offsets(held_out), values(held_out, np.int32)
    similarity = _similarities_to_history(
        read_only(indptr),
        read_only(item),
        read_only(offsets(history)),
        read_only(values(history, np.int32)),
        pairs.with_data(pairs.cosine),
    )
    low = similarity <= (np.median(similarity) if similarity.size else 0.0)
    marked = pa.table(
        {USER: rows[USER], LOW_SIMILARITY: list_column(kept_indptr(indptr, low), item[low])}
    )
    return validation.join(validation.sparkSession.createDataFrame(marked), USER)


@compiled
def _similarities_to_history(
    indptr: Indices, item: Indices, history_indptr: Indices, history: Indices, cosines: CSR
) -> Vector:
    """The largest cosine of each held-out item to its user's history.

    Args:
        indptr: (users + 1,), the held-out items of each user.
        item: (held out,).
        history_indptr: (users + 1,), the history of each user.
        history: (entries,), items.
        cosines: (items, items).

    Returns:
        (held out,), 0 for an item that is no neighbour of any item of the history.
    """
    found = np.zeros(item.size, np.float32)
    has = np.zeros(cosines.indptr.size - 1, np.bool_)
    for user in range(indptr.size - 1):
        own = history[history_indptr[user] : history_indptr[user + 1]]
        has[own] = True
        for entry in range(indptr[user], indptr[user + 1]):
            for pair in range(cosines.indptr[item[entry]], cosines.indptr[item[entry] + 1]):
                if has[cosines.indices[pair]] and cosines.data[pair] > found[entry]:
                    found[entry] = cosines.data[pair]
        has[own] = False
    return found
