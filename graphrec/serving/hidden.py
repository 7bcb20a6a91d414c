"""The items that are hidden from each user of a batch: of the history, disliked, or denied."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from graphrec.columns import DISLIKED, HIDDEN, SEEN
from graphrec.kernels.csr import CSR, row_indices
from graphrec.kernels.types import Indices, Mask, read_only
from graphrec.spark.arrow import offsets, values


def hidden_items(
    batch: pa.RecordBatch, items: CSR, *, filter_seen: bool
) -> tuple[Indices, Indices]:
    """What must not be listed to each user: what the user has, dislikes or is denied.

    Args:
        batch: of users; perhaps with `disliked` and `hidden`: array<int>, the items that each
            dislikes and that are denied to each.
        items: their histories.
        filter_seen: whether the items of the history are hidden: all of them, or those of `seen`:
            array<int>, where the batch has it.

    Returns:
        indptr (users + 1,) and the hidden items, user by user.
    """
    indptr, hidden = items.indptr, items.indices
    if filter_seen and SEEN in batch.schema.names:
        indptr, hidden = offsets(batch[SEEN]), values(batch[SEEN], np.int32)
    if not filter_seen:
        indptr, hidden = indptr * 0, hidden[:0]
    for name in (DISLIKED, HIDDEN):
        if name in batch.schema.names:
            indptr, hidden = _joined(
                indptr, hidden, offsets(batch[name]), values(batch[name], np.int32)
            )
    return read_only(indptr), read_only(hidden)


def liked_entries(batch: pa.RecordBatch, items: CSR) -> Mask:
    """Which entries of the histories are liked, (entries,)."""
    if DISLIKED not in batch.schema.names or not items.indices.size:
        return np.ones(items.indices.size, np.bool_)
    disliked = values(batch[DISLIKED], np.int32)
    width = np.int64(max(items.indices.max(), disliked.max(initial=0)) + 1)
    entries = row_indices(items.indptr) * width + items.indices
    return ~np.isin(entries, row_indices(offsets(batch[DISLIKED])) * width + disliked)


def _joined(
    indptr_a: Indices, indices_a: Indices, indptr_b: Indices, indices_b: Indices
) -> tuple[Indices, Indices]:
    """User by user, the entries of two lists one after the other."""
    owner = np.concatenate((row_indices(indptr_a), row_indices(indptr_b)))
    order = np.argsort(owner, kind="stable")
    return indptr_a + indptr_b, np.concatenate((indices_a, indices_b))[order]
