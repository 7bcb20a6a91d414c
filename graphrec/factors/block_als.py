"""Alternating least squares on blocks of rows, spread over the cluster.

Each half-step solves all rows of one side against the other, which is held fixed and read by the
workers as a memory-mapped file (`graphrec.factors.solver` has the objective and the source). Rows
are solved one by one whatever block they are in, so the result does not depend on the
partitioning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from graphrec.artifacts import SharedArrays, one_thread, share_arrays
from graphrec.columns import INDEX, ITEMS, USER, VECTOR, WEIGHTS
from graphrec.data.ids import dense_ids
from graphrec.data.packed import gather, pack, packed_schema
from graphrec.data.ragged import offsets, values
from graphrec.factors.eigenbasis import rotate
from graphrec.factors.half_step import Objective, Side, first_factors, solve_side
from graphrec.types import Matrix


def fit_in_blocks(
    profiles: DataFrame, items: int, rank: int, iterations: int, objective: Objective, seed: int
) -> Matrix:
    """The item factors after some iterations, (items, rank).

    Args:
        profiles: (user, items, weights).
        items: number of items.
        rank: number of latent dimensions.
        iterations: how many times both sides are solved.
        objective: what is minimised.
        seed: of the first factors.
    """
    by_user, users = _rows_by_user(profiles)
    by_item = _rows_by_item(by_user)
    fixed = first_factors(items, rank, seed)
    for _ in range(iterations):
        user_factors = _half_step(by_user, users, fixed, objective)
        fixed = _half_step(by_item, items, user_factors, objective)
    by_user.unpersist()
    by_item.unpersist()
    return fixed


def _rows_by_user(profiles: DataFrame) -> tuple[DataFrame, int]:
    """(index, columns: array<int>, weights: array<float>), one row per user, and the users."""
    with dense_ids(profiles, USER) as ids:
        rows = profiles.join(ids.frame, USER).select(
            F.col(INDEX).cast("int").alias(INDEX), F.col(ITEMS).alias("columns"), WEIGHTS
        )
        rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
        rows.count()  # while the ids are still at hand
        return rows, ids.size


def _rows_by_item(by_user: DataFrame) -> DataFrame:
    """(index, columns: array<int>, weights: array<float>), one row per item, users ascending."""
    entries = by_user.select(INDEX, F.explode(F.arrays_zip("columns", WEIGHTS)).alias("entry"))
    entry = F.struct(F.col(INDEX), F.col(f"entry.{WEIGHTS}").alias(WEIGHTS))
    gathered = entries.groupBy(F.col("entry.columns").alias("item")).agg(
        F.sort_array(F.collect_list(entry)).alias("row")
    )
    rows = gathered.select(
        F.col("item").alias(INDEX),
        F.col(f"row.{INDEX}").alias("columns"),
        F.col(f"row.{WEIGHTS}").alias(WEIGHTS),
    )
    return rows.persist(StorageLevel.MEMORY_AND_DISK)


def _half_step(rows: DataFrame, count: int, fixed: Matrix, objective: Objective) -> Matrix:
    """Solve one side against the other, (count, rank)."""
    vector, eigenvalue = rotate(fixed)
    shared = share_arrays(rows.sparkSession, {"fixed": vector, "eigenvalue": eigenvalue})
    solve = partial(_solve_batches, shared=shared, objective=objective)
    solved = rows.mapInArrow(solve, packed_schema([VECTOR]))
    start, entries = gather(solved, count, {VECTOR: np.float32})
    factors = np.zeros((count, fixed.shape[1]), np.float32)
    factors[np.diff(start) > 0] = entries[VECTOR].reshape(-1, fixed.shape[1])
    return factors


def _solve_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, objective: Objective
) -> Iterator[pa.RecordBatch]:
    table = shared.open()
    rank = table["eigenvalue"].size
    for batch in batches:
        side = Side(
            offsets(batch["columns"]),
            values(batch["columns"], np.int32),
            values(batch[WEIGHTS], np.float32),
        )
        with one_thread():
            factors = solve_side(side, table["fixed"], table["eigenvalue"], objective)
        start = np.arange(batch.num_rows + 1, dtype=np.int64) * rank
        yield pack(batch[INDEX].to_numpy(), start, {VECTOR: factors.reshape(-1)})
