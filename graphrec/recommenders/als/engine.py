"""Our engine of alternating least squares: on the driver where that is quicker, else in blocks."""

from __future__ import annotations

from pyspark.sql import DataFrame

from graphrec.errors import ParameterError
from graphrec.kernels.types import Matrix
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.als.in_blocks import fit_in_blocks
from graphrec.recommenders.als.on_driver import fit_on_driver
from graphrec.recommenders.als.sweep import Objective
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import ItemFactors
from graphrec.spark.machine import GIBIBYTE
from graphrec.spark.parallelism import is_better_on_driver

MAX_FACTOR_BYTES = 8 * GIBIBYTE  # of one side's factors, which pass through the driver
QUICK_WORK = 500_000_000  # entries x rank: a second or two of work for a sweep, on one core
_ENTRY_BYTES = 32  # of an entry in both orders, while they are made
_FACTOR_BYTES = 12  # of a number in the factors: the old, the rotated and the new ones


def fit_als(
    histories: DataFrame,
    items: int,
    *,
    size: tuple[int, int],
    rank: int,
    iterations: int = 5,
    unobserved: float = 0.05,
    regularization: float = 0.05,
    seed: int = 0,
    explicit: bool = False,
    block_entries: int = 32_000_000,
    start: Matrix | None = None,
) -> ItemFactors:
    """Factorise implicit feedback, or ratings.

    Both ways give the same bits: which one is taken depends on the data and on the cluster.

    Args:
        histories: (user, items, weights), a weight being the confidence c of an interaction, or
            its target t where `explicit`.
        items: number of items.
        size: users and interactions of the histories.
        rank: number of latent dimensions.
        iterations: sweeps over both sides.
        unobserved: a0, the weight of an absent pair; 0 where `explicit`.
        regularization: λ, per interaction of a user or an item.
        seed: of the random vectors of `graphrec.recommenders.als.svd_init`.
        explicit: the weights are the targets of the products of factors, all of equal
            confidence.
        block_entries: how many interactions the driver, or one task, may hold.
        start: (items, rank), factors to begin with, 0 for a new item; None: singular vectors.

    Raises:
        ParameterError: the users' factors are too large to pass through the driver.
    """
    users, entries = size
    check_size(max(users, items), rank)
    held = entries * _ENTRY_BYTES + (users + items) * rank * _FACTOR_BYTES
    here = entries <= block_entries and is_better_on_driver(
        histories.sparkSession, size=held, quick=entries * rank <= QUICK_WORK
    )
    fit = fit_on_driver if here else fit_in_blocks
    objective = Objective(unobserved, regularization, explicit)
    factors = fit(histories, items, rank, iterations, objective, seed, start)
    vector, eigenvalue = rotate(factors)
    return ItemFactors(vector, eigenvalue, SolvedFoldIn(unobserved, regularization))


def check_size(rows: int, rank: int) -> None:
    """Raise a ParameterError where the factors of one side cannot pass through the driver."""
    size = rows * rank * 4
    if size > MAX_FACTOR_BYTES:
        raise ParameterError(
            "the factors of one side do not fit through the driver",
            found=f"{rows:,} rows x rank {rank} = {size / GIBIBYTE:.0f} GiB",
            fix='lower the rank or use the engine "mllib"',
        )
