"""Both sides of the rating model on the driver, for ratings that it can hold."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from pyspark.sql import DataFrame

from graphrec.data.histories_on_driver import histories_on_driver
from graphrec.kernels.csr import CSR, row_slice, transpose
from graphrec.kernels.types import Matrix, read_only
from graphrec.recommenders.als.on_driver import row_bounds
from graphrec.recommenders.rating.features import features_of_users
from graphrec.recommenders.rating.posterior import solve_rows
from graphrec.spark.machine import cores
from graphrec.spark.threads import one_thread


class SidesOnDriver:
    """The ratings by user and by item; see `graphrec.recommenders.rating.sides.Sides`."""

    def __init__(self, ratings: DataFrame, items: int) -> None:
        self._by_user = histories_on_driver(ratings)
        self._by_item = transpose(self._by_user, items)

    def user_features(self, parts: Matrix) -> Matrix:
        """See `features_of_users`."""
        return _features(self._by_user, parts)

    def item_features(self, parts: Matrix) -> Matrix:
        """See `features_of_users`."""
        return _features(self._by_item, parts)

    def solve_users(self, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
        """See `solve_rows`."""
        return _solve(self._by_user, fixed, prior, precision, noise)

    def solve_items(self, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
        """See `solve_rows`."""
        return _solve(self._by_item, fixed, prior, precision, noise)


def _features(side: CSR, parts: Matrix) -> Matrix:
    parts = read_only(parts)
    return _by_blocks(side, lambda block, *_: features_of_users(block, parts))


def _solve(side: CSR, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
    fixed, precision = read_only(fixed), read_only(precision)

    def solve(block: CSR, first: int, last: int) -> Matrix:
        return solve_rows(block, fixed, read_only(prior[first:last]), precision, noise)

    return _by_blocks(side, solve)


def _by_blocks(side: CSR, compute: Callable[[CSR, int, int], Matrix]) -> Matrix:
    """Blocks of rows, each by one thread."""
    with one_thread(), ThreadPoolExecutor(cores()) as threads:
        blocks = threads.map(
            lambda bounds: compute(row_slice(side, *bounds), *bounds),
            pairwise(row_bounds(side.indptr)),
        )
        return np.concatenate(list(blocks))
