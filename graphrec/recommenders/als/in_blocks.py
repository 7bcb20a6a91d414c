"""Alternating least squares on blocks of rows, spread over the cluster.

Each sweep solves all rows of one side against the other, which is held fixed and read by the
workers as a memory-mapped file (`graphrec.recommenders.als.solver` has the objective and the
source). Rows are solved one by one whatever block they are in, so the result does not depend on the
partitioning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.columns import DATA, INDEX, INDICES, ITEMS, USER, VECTOR, WEIGHTS
from graphrec.data.ids import dense_ids
from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Array, Matrix
from graphrec.recommenders.als.svd_init import balanced, multiply_side, orthonormal, random_vectors
from graphrec.recommenders.als.sweep import Objective, precisions, solve_side
from graphrec.serving.eigenbasis import rotate
from graphrec.spark.arrow import BatchFunction, rows_from_lists
from graphrec.spark.packed_rows import RowBlock, gather, pack, packed_schema
from graphrec.spark.persisted import PersistedFrames
from graphrec.spark.shared_arrays import SharedArrays, share_arrays
from graphrec.spark.threads import one_thread

_FACTORS = {VECTOR: np.float32}


def fit_in_blocks(
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
    spark = histories.sparkSession
    with PersistedFrames() as persisted:
        by_user, users = rows_by_user(histories, persisted)
        by_item = persisted.persist(rows_by_item(by_user))
        fixed = start
        if fixed is None:
            vectors = random_vectors(items, rank, seed)
            user_factors = _sweep(by_user, users, _multiplier(spark, vectors, objective))
            fixed = balanced(
                _sweep(by_item, items, _multiplier(spark, orthonormal(user_factors), objective))
            )
        for precision in precisions(iterations):
            user_factors = _sweep(by_user, users, _solver(spark, fixed, objective, precision))
            fixed = _sweep(by_item, items, _solver(spark, user_factors, objective, precision))
    return fixed


def rows_by_user(histories: DataFrame, persisted: PersistedFrames) -> tuple[DataFrame, int]:
    """(index, indices: array<int>, data: array<float>), one row per user, and their number."""
    with dense_ids(histories, USER) as ids:
        rows = histories.join(ids.frame, USER).select(
            F.col(INDEX).cast("int").alias(INDEX),
            F.col(ITEMS).alias(INDICES),
            F.col(WEIGHTS).alias(DATA),
        )
        rows = persisted.persist(rows)
        rows.count()  # while the ids are still at hand
        return rows, ids.size


def rows_by_item(by_user: DataFrame) -> DataFrame:
    """(index, indices: array<int>, data: array<float>), one row per item, users ascending."""
    entries = by_user.select(INDEX, F.explode(F.arrays_zip(INDICES, DATA)).alias("entry"))
    entry = F.struct(F.col(INDEX), F.col(f"entry.{DATA}").alias(DATA))
    gathered = entries.groupBy(F.col(f"entry.{INDICES}").alias("item")).agg(
        F.sort_array(F.collect_list(entry)).alias("row")
    )
    return gathered.select(
        F.col("item").alias(INDEX),
        F.col(f"row.{INDEX}").alias(INDICES),
        F.col(f"row.{DATA}").alias(DATA),
    )


def _multiplier(spark: SparkSession, vectors: Matrix, objective: Objective) -> BatchFunction:
    """Multiplies batches of rows with the other side's vectors."""
    shared = share_arrays(spark, {"fixed": vectors})
    multiply = partial(_multiply, objective=objective)
    return partial(_compute_batches, shared=shared, rank=vectors.shape[1], compute=multiply)


def _multiply(side: CSR, table: Mapping[str, Array], *, objective: Objective) -> Matrix:
    return multiply_side(side, table["fixed"], objective)


def _solver(
    spark: SparkSession, fixed: Matrix, objective: Objective, precision: float
) -> BatchFunction:
    """Solves batches of rows against the other side, which is held fixed."""
    vector, eigenvalue = rotate(fixed)
    shared = share_arrays(spark, {"fixed": vector, "eigenvalue": eigenvalue})
    solve = partial(_solve, objective=objective, precision=precision)
    return partial(_compute_batches, shared=shared, rank=vector.shape[1], compute=solve)


def _solve(
    side: CSR, table: Mapping[str, Array], *, objective: Objective, precision: float
) -> Matrix:
    return solve_side(side, table["fixed"], table["eigenvalue"], objective, precision)


def _sweep(rows: DataFrame, count: int, compute: BatchFunction) -> Matrix:
    """Compute the rows of one side, (count, rank); one that has no entries is 0."""
    indptr, entries = gather(rows.mapInArrow(compute, packed_schema([VECTOR])), count, _FACTORS)
    rank = int(np.diff(indptr).max(initial=1))
    factors = np.zeros((count, rank), np.float32)
    factors[np.diff(indptr) > 0] = entries[VECTOR].reshape(-1, rank)
    return factors


def _compute_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    rank: int,
    compute: Callable[[CSR, Mapping[str, Array]], Matrix],
) -> Iterator[pa.RecordBatch]:
    table = shared.open()
    for batch in batches:
        side = rows_from_lists(batch[INDICES], batch[DATA])

        with one_thread():
            factors = compute(side, table)
        indptr = np.arange(batch.num_rows + 1, dtype=np.int64) * rank
        yield pack(RowBlock(batch[INDEX].to_numpy(), indptr, {VECTOR: factors.reshape(-1)}))
