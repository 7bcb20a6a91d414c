"""Alternating least squares on the driver, for matrices that it can hold.

A sweep over a small matrix takes less time than Spark needs to start a job and to move the
factors, so the histories come to the driver once, and all of its cores work on them. Rows are
solved in the order and by the code of the blocks (`graphrec.recommenders.als.in_blocks`), to the
same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np
from pyspark.sql import DataFrame

from graphrec.data.histories_on_driver import histories_on_driver
from graphrec.kernels.csr import CSR, row_slice, transpose
from graphrec.kernels.types import Indices, Matrix
from graphrec.recommenders.als.svd_init import balanced, multiply_side, orthonormal, random_vectors
from graphrec.recommenders.als.sweep import Objective, precisions, solve_side
from graphrec.serving.eigenbasis import rotate
from graphrec.spark.machine import cores
from graphrec.spark.threads import one_thread

_BLOCK_ENTRIES = 20_000  # solved at a time by one thread: small enough to keep all threads busy


def fit_on_driver(
    histories: DataFrame,
    items: int,
    rank: int,
    iterations: int,
    objective: Objective,
    seed: int,
    start: Matrix | None = None,
) -> Matrix:
    """The item factors after some iterations, (items, rank).

    Args:
        histories: (user, items, weights).
        items: number of items.
        rank: number of latent dimensions.
        iterations: how many times both sides are solved.
        objective: what is minimised.
        seed: of the random vectors of `graphrec.recommenders.als.svd_init`.
        start: (items, rank), factors to begin with; None: singular vectors.
    """
    by_user = histories_on_driver(histories)
    if start is None:
        return alternate(by_user, random_vectors(items, rank, seed), iterations, objective)
    return alternate(by_user, start, iterations, objective, solved=True)


def alternate(
    by_user: CSR, vectors: Matrix, iterations: int, objective: Objective, *, solved: bool = False
) -> Matrix:
    """Solve both sides in turn; the item factors.

    Args:
        by_user: (users, items), the weights.
        vectors: (items, rank), random ones, of which `svd_init` makes the factors to begin with.
        iterations: how many times both sides are solved.
        objective: what is minimised.
        solved: the vectors are the factors to begin with.
    """
    by_item = transpose(by_user, vectors.shape[0])
    with one_thread(), ThreadPoolExecutor(cores()) as threads:
        fixed = vectors
        if not solved:
            users = _sweep(threads, by_user, _multiplier(vectors, objective))
            fixed = balanced(_sweep(threads, by_item, _multiplier(orthonormal(users), objective)))
        for precision in precisions(iterations):
            users = _sweep(threads, by_user, _solver(fixed, objective, precision))
            fixed = _sweep(threads, by_item, _solver(users, objective, precision))
    return fixed


def _multiplier(vectors: Matrix, objective: Objective) -> Callable[[CSR], Matrix]:
    """Multiplies rows of one side with the other side's vectors."""
    return partial(multiply_side, fixed=vectors, objective=objective)


def _solver(fixed: Matrix, objective: Objective, precision: float) -> Callable[[CSR], Matrix]:
    """Solves rows of one side against the other, which is held fixed."""
    vector, eigenvalue = rotate(fixed)
    return partial(
        solve_side,
        fixed=vector,
        eigenvalue=eigenvalue,
        objective=objective,
        precision=precision,
    )


def _sweep(threads: ThreadPoolExecutor, side: CSR, compute: Callable[[CSR], Matrix]) -> Matrix:
    """Compute the rows of one side in blocks, (rows, rank)."""

    def rows(bounds: tuple[int, int]) -> Matrix:
        return compute(row_slice(side, *bounds))

    return np.concatenate(list(threads.map(rows, pairwise(row_bounds(side.indptr)))))


def row_bounds(indptr: Indices) -> list[int]:
    """The rows at which blocks of some `_BLOCK_ENTRIES` entries begin, and the end of the last."""
    wanted = np.arange(0, indptr[-1], _BLOCK_ENTRIES)
    last = np.array([indptr.size - 1])
    bounds: list[int] = np.unique(np.concatenate((np.searchsorted(indptr, wanted), last))).tolist()
    return bounds
