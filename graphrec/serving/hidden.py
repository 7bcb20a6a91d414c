"""The items that are hidden from each user of a batch: those of the history, and those denied."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from graphrec.columns import HIDDEN
from graphrec.kernels.csr import CSR, row_indices
from graphrec.kernels.types import Indices, read_only
from graphrec.spark.arrow import offsets, values


def hidden_items(
    batch: pa.RecordBatch, items: CSR, *, filter_seen: bool
) -> tuple[Indices, Indices]:
    """What must not be listed to each user: the items of the history, and those denied to the user.

    Args:
        batch: of users; perhaps with `hidden`: array<int>, the items denied to each.
        items: their histories.
        filter_seen: whether the items of the history are hidden.

    Returns:
        indptr (users + 1,) and the hidden items, user by user.
    """
    indptr, hidden = items.indptr, items.indices
    if not filter_seen:
        indptr, hidden = indptr * 0, hidden[:0]
    if HIDDEN in batch.schema.names:
        indptr, hidden = _joined(
            indptr, hidden, offsets(batch[HIDDEN]), values(batch[HIDDEN], np.int32)
        )
    return read_only(indptr), read_only(hidden)


def _joined(
    indptr_a: Indices, indices_a: Indices, indptr_b: Indices, indices_b: Indices
) -> tuple[Indices, Indices]:
    """User by user, the entries of two lists one after the other."""
    owner = np.concatenate((row_indices(indptr_a), row_indices(indptr_b)))
    order = np.argsort(owner, kind="stable")
    return indptr_a + indptr_b, np.concatenate((indices_a, indices_b))[order]
