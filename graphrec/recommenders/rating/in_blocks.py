"""Both sides of the rating model in blocks of rows, spread over the cluster; to the same bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import DATA, INDEX, INDICES, VECTOR
from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Array, Indices, Matrix, read_only
from graphrec.recommenders.als.in_blocks import rows_by_item, rows_by_user
from graphrec.recommenders.rating.features import features_of_users
from graphrec.recommenders.rating.posterior import solve_rows
from graphrec.spark.arrow import rows_from_lists
from graphrec.spark.packed_rows import RowBlock, gather, pack, packed_schema
from graphrec.spark.persisted import PersistedFrames
from graphrec.spark.shared_arrays import SharedArrays, share_arrays
from graphrec.spark.threads import one_thread

_ROWS = {VECTOR: np.float32}


class SidesInBlocks:
    """The ratings by user and by item; see `graphrec.recommenders.rating.sides.Sides`."""

    def __init__(self, ratings: DataFrame, items: int, persisted: PersistedFrames) -> None:
        self._by_user, self._users = rows_by_user(ratings, persisted)
        self._by_item, self._items = persisted.persist(rows_by_item(self._by_user)), items

    def user_features(self, parts: Matrix) -> Matrix:
        """See `features_of_users`."""
        return _computed(self._by_user, self._users, {"parts": parts}, None)

    def item_features(self, parts: Matrix) -> Matrix:
        """See `features_of_users`."""
        return _computed(self._by_item, self._items, {"parts": parts}, None)

    def solve_users(self, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
        """See `solve_rows`."""
        tables = {"fixed": fixed, "prior": prior, "precision": precision}
        return _computed(self._by_user, self._users, tables, noise)

    def solve_items(self, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
        """See `solve_rows`."""
        tables = {"fixed": fixed, "prior": prior, "precision": precision}
        return _computed(self._by_item, self._items, tables, noise)


def _computed(
    side: DataFrame, rows: int, tables: Mapping[str, Array], noise: float | None
) -> Matrix:
    """All rows of one side, (rows, columns); every one of them has entries."""
    shared = share_arrays(side.sparkSession, tables)
    compute = partial(_compute_batches, shared=shared, noise=noise)
    _, entries = gather(side.mapInArrow(compute, packed_schema([VECTOR])), rows, _ROWS)
    return entries[VECTOR].reshape(rows, -1)


def _compute_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, noise: float | None
) -> Iterator[pa.RecordBatch]:
    table = shared.open()
    for batch in batches:
        side = rows_from_lists(batch[INDICES], batch[DATA])
        index = batch[INDEX].to_numpy()
        with one_thread():
            found = _compute(side, index, table, noise)
        indptr = np.arange(batch.num_rows + 1, dtype=np.int64) * found.shape[1]
        yield pack(RowBlock(index, indptr, {VECTOR: found.reshape(-1)}))


def _compute(side: CSR, index: Indices, table: Mapping[str, Array], noise: float | None) -> Matrix:
    if noise is None:
        return features_of_users(side, table["parts"])
    prior = read_only(table["prior"][index])
    return solve_rows(side, table["fixed"], prior, table["precision"], noise)
