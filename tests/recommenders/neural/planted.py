"""Histories in which one of two items follows from exactly one of two others: no sum tells."""

from __future__ import annotations

import numpy as np

from graphrec.kernels.csr import CSR, csr, indptr_of
from graphrec.kernels.types import Matrix

ONE, OTHER, EITHER, ELSE, FILLERS = 0, 1, 2, 3, 12
ITEMS = ELSE + 1 + FILLERS


def histories(users: int, seed: int, *, followed: bool = True) -> CSR:
    """Users have `ONE` or not, `OTHER` or not, and four fillers; perhaps what follows from it.

    Args:
        users: how many.
        seed: of the draws.
        followed: whether they have `EITHER` or `ELSE`, too: the former if they have exactly one.
    """
    rng = np.random.default_rng(seed)
    has = np.zeros((users, ITEMS), bool)
    has[:, [ONE, OTHER]] = rng.random((users, 2)) < 0.5
    if followed:
        has[np.arange(users), np.where(is_either(has), EITHER, ELSE)] = True
    fillers = rng.permuted(np.tile(np.arange(FILLERS), (users, 1)), axis=1)[:, :4]
    np.put_along_axis(has, ELSE + 1 + fillers, True, axis=1)
    item = np.nonzero(has)[1].astype(np.int32)
    return csr(indptr_of(has.sum(axis=1)), item, np.ones(item.size, np.float32))


def is_either(has: Matrix) -> Matrix:
    """Who has exactly one of the two, (users,)."""
    return np.asarray(has[:, ONE] != has[:, OTHER])


def dense(rows: CSR) -> Matrix:
    """(users, items), whether a user has an item."""
    has = np.zeros((rows.indptr.size - 1, ITEMS), bool)
    has[np.repeat(np.arange(has.shape[0]), np.diff(rows.indptr)), rows.indices] = True
    return has
