"""Alternating least squares on blocks of rows: the default engine.

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

from graphrec.arrow import BatchFunction
from graphrec.artifacts import SharedArrays, one_thread, read_only, share_arrays
from graphrec.columns import INDEX, ITEMS, USER, VECTOR, WEIGHTS
from graphrec.data.ids import dense_ids
from graphrec.data.ragged import lists, offsets, values
from graphrec.errors import ParameterError
from graphrec.factors.fold_in import ItemFactors, rotate
from graphrec.factors.solver import solve_rows
from graphrec.types import Matrix

_LARGEST_SIDE = 8 * 2**30  # bytes of one side's factors that may pass through the driver
_START = 0.1  # deviation of the first random factors, in units of 1 / sqrt(rank)


def fit_block_als(
    profiles: DataFrame,
    items: int,
    *,
    rank: int = 256,
    iterations: int = 8,
    unobserved: float = 0.05,
    regularization: float = 0.05,
    seed: int = 0,
    explicit: bool = False,
) -> ItemFactors:
    """Factorise implicit feedback, or ratings.

    Args:
        profiles: (user, items, weights), a weight being the confidence c of an interaction, or
            its target t where `explicit`.
        items: number of items.
        rank: number of latent dimensions.
        iterations: how many times both sides are solved.
        unobserved: a0, the weight of an absent pair; 0 where `explicit`.
        regularization: λ, per interaction of a user or an item.
        seed: of the first item factors.
        explicit: the weights are what the products of factors shall be, each as trusted as the
            others.

    Raises:
        ParameterError: the users' factors are too large to pass through the driver.
    """
    by_user, users = _rows_by_user(profiles)
    _check_size(max(users, items), rank)
    by_item = _rows_by_item(by_user)
    fixed = np.random.default_rng(seed).standard_normal((items, rank), dtype=np.float32)
    fixed *= np.float32(_START / np.sqrt(rank))
    solve = partial(_half_step, explicit=explicit)
    for _ in range(iterations):
        user_factors = solve(by_user, users, fixed, unobserved, regularization)
        fixed = solve(by_item, items, user_factors, unobserved, regularization)
    by_user.unpersist()
    by_item.unpersist()
    vector, eigenvalue = rotate(fixed)
    return ItemFactors(vector, eigenvalue, unobserved, regularization)


def _check_size(rows: int, rank: int) -> None:
    size = rows * rank * 4
    if size > _LARGEST_SIDE:
        raise ParameterError(
            "the factors of one side do not fit through the driver",
            found=f"{rows:,} rows x rank {rank} = {size / 2**30:.0f} GiB",
            fix='lower the rank or use the engine "mllib"',
        )


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


def _half_step(
    rows: DataFrame,
    count: int,
    fixed: Matrix,
    unobserved: float,
    regularization: float,
    *,
    explicit: bool,
) -> Matrix:
    """Solve one side against the other, (count, rank)."""
    with one_thread():
        vector, eigenvalue = rotate(fixed)
    shared = share_arrays(rows.sparkSession, {"fixed": vector, "eigenvalue": eigenvalue})
    solved = rows.mapInArrow(
        _solver(shared, unobserved, regularization, explicit), f"{INDEX} int, {VECTOR} array<float>"
    ).toArrow()
    factors = np.zeros((count, fixed.shape[1]), np.float32)
    for batch in solved.to_batches():
        index = batch[INDEX].to_numpy()
        factors[index] = values(batch[VECTOR], np.float32).reshape(index.size, -1)
    return factors


def _solver(
    shared: SharedArrays, unobserved: float, regularization: float, explicit: bool
) -> BatchFunction:
    """A function that solves the rows of a batch."""

    def solve(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        side = shared.open()
        rank = side["eigenvalue"].size
        for batch in batches:
            weight = read_only(values(batch[WEIGHTS], np.float32))
            with one_thread():
                factors = solve_rows(
                    read_only(offsets(batch["columns"])),
                    read_only(values(batch["columns"], np.int32)),
                    read_only(np.ones_like(weight)) if explicit else weight,
                    weight if explicit else weight[:0],
                    side["fixed"],
                    side["eigenvalue"],
                    unobserved,
                    regularization,
                )
            start = np.arange(batch.num_rows + 1, dtype=np.int64) * rank
            yield pa.RecordBatch.from_pydict(
                {INDEX: batch[INDEX], VECTOR: lists(start, factors.reshape(-1))}
            )

    return solve
