"""What the criteria tell of the items' biases in the overall rating.

The biases (`graphrec.recommenders.criteria.biases`) are learned of all ratings, and once more of
the overall rating alone: the difference is what the criteria add. A pass over the users gives sums
by item. They are exact, so that the rows' order and where they are do not matter to any bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, ITEMS, USER
from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import CSR, csr, row_slice
from graphrec.kernels.exact_sums import PARTS, add_parts, joined_parts
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Array, Indices, Matrix, Vector, read_only
from graphrec.recommenders.als.engine import QUICK_WORK
from graphrec.recommenders.als.on_driver import row_bounds
from graphrec.recommenders.criteria.biases import (
    Biases,
    Evidence,
    Sums,
    evidence_of,
    first_biases,
    learned_biases,
)
from graphrec.recommenders.criteria.weights import CRITERIA, OVERALL
from graphrec.spark.arrow import offsets, values
from graphrec.spark.parallelism import is_better_on_driver
from graphrec.spark.persisted import PersistedFrames
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

RATINGS = "ratings"
_PASSES = 8
_OVERALL_ALONE = 1  # how many of a row's ratings that is: the first one
_ALL_USERS, _ALL_RATINGS = -2, -1  # rows of the sums that belong to no item

Pass = Callable[[Biases], Sums]


def histories_of(ratings: DataFrame, catalogue: Catalogue) -> DataFrame:
    """Gather each user's ratings, as `added_by_criteria` takes them.

    Args:
        ratings: (user, item, overall, criteria: array), in deviations, null where one is missing;
            those of other items than the catalogue's are left out.
        catalogue: numbers the items.
    """
    indexed = ratings.join(F.broadcast(catalogue.indices(ratings.sparkSession)), ITEM)
    row = F.concat(F.array(OVERALL), CRITERIA).alias(RATINGS)
    entry = F.sort_array(F.collect_list(F.struct(F.col(INDEX), row))).alias("history")
    return (
        indexed.groupBy(USER)
        .agg(entry)
        .select(
            F.col(f"history.{INDEX}").alias(ITEMS),
            F.flatten(f"history.{RATINGS}").alias(RATINGS),
        )
    )


def added_by_criteria(histories: DataFrame, items: int, criteria: int) -> Vector:
    """By how much the criteria raise the items' biases in the overall rating, (items,).

    Args:
        histories: (items: array<int>, ratings: array<double>), a row for each user: the rated
            items, and for each of them the overall rating and all criteria, in deviations, null
            where one is missing.
        items: their number.
        criteria: their number.
    """
    with PersistedFrames() as kept:
        passes = _passes(kept.persist(histories), 1 + criteria)

        def learned(used: int) -> Vector:
            known = first_biases(items, used)
            for _ in range(_PASSES):
                known = learned_biases(known, passes(known))
            return known.item_mean[:, 0]

        return learned(1 + criteria) - learned(_OVERALL_ALONE)


def _passes(histories: DataFrame, ratings: int) -> Pass:
    """The passes over the users where they are quicker: on the driver, or on the cluster."""
    counts = histories.agg(F.count("*"), F.sum(F.size(ITEMS))).first()
    assert counts is not None  # an aggregate without groups has one row
    size = (counts[0], counts[1])
    numbers = size[1] * ratings
    quick = numbers * ratings**2 <= QUICK_WORK
    if is_better_on_driver(histories.sparkSession, size=8 * numbers, quick=quick):
        batches = histories.toArrow().to_batches()
        return lambda known: _joined(_add_all(batches, ratings, known), known, size)
    return lambda known: _joined(_on_cluster(histories, ratings, known), known, size)


def _on_cluster(histories: DataFrame, ratings: int, known: Biases) -> Indices:
    """As `_add_all`; the driver gets sums of the catalogue's size."""
    items, width = known.item_mean.shape[0], _width(known)
    names = [f"part_{n}" for n in range(width * PARTS)]
    schema = ", ".join([f"{INDEX} int", *(f"{name} bigint" for name in names)])
    shared = share_arrays(histories.sparkSession, known._asdict())
    add = partial(_sum_batches, shared=shared, ratings=ratings)
    summed = histories.mapInArrow(add, schema).groupBy(INDEX)
    table = summed.agg(*(F.sum(name).alias(name) for name in names)).toArrow()
    whole = np.zeros((items + 2, len(names)), np.int64)
    for n, name in enumerate(names):
        whole[table[INDEX].to_numpy(), n] = table[name].to_numpy()
    return whole.reshape(items + 2, width, PARTS)


def _sum_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays, ratings: int
) -> Iterator[pa.RecordBatch]:
    """Histories -> (index, parts of the sums), of the items that were rated and of all users."""
    whole = _add_all(batches, ratings, Biases(**shared.open()))
    parts = whole.reshape(whole.shape[0], -1)
    index = np.flatnonzero(parts.any(axis=1))
    columns = {f"part_{n}": pa.array(parts[index, n]) for n in range(parts.shape[1])}
    yield pa.RecordBatch.from_pydict({INDEX: pa.array(index.astype(np.int32)), **columns})


def _add_all(batches: Iterable[pa.RecordBatch], ratings: int, known: Biases) -> Indices:
    """The sums as whole numbers, (items + 2, width, PARTS).

    Args:
        batches: of histories.
        ratings: in each row of theirs; as many as are known are looked at, from the first one.
        known: of the items and of all users.
    """
    items, used = known.item_mean.shape
    whole = np.zeros((items + 2, _width(known), PARTS), np.int64)
    for batch in batches:
        data = values(batch[RATINGS], np.float64).reshape(-1, ratings)[:, :used]
        rated = csr(offsets(batch[ITEMS]), values(batch[ITEMS], np.int32), data)
        for first, last in pairwise(row_bounds(rated.indptr)):
            block = row_slice(rated, first, last)
            _add(whole, block, evidence_of(block, known))
    return whole


def _add(whole: Indices, rated: CSR, found: Evidence) -> None:
    def flat(matrices: Array) -> Matrix:
        return np.ascontiguousarray(matrices.reshape(matrices.shape[0], -1))

    _add_rows(whole, rated.indices, np.hstack((flat(found.precision), found.weighted)))
    for place, matrices in ((_ALL_USERS, found.users), (_ALL_RATINGS, found.noise)):
        row = np.full(matrices.shape[0], whole.shape[0] + place, np.int32)
        _add_rows(whole, read_only(row), flat(matrices))


@compiled
def _add_rows(whole: Indices, row: Indices, numbers: Matrix) -> None:
    """Add rows of numbers, (n, columns), to the first columns of some rows, (n,)."""
    for entry in range(row.size):
        for column in range(numbers.shape[1]):
            add_parts(whole[row[entry], column], numbers[entry, column])


def _joined(whole: Indices, known: Biases, size: tuple[int, int]) -> Sums:
    used = known.mean.size
    sums = joined_parts(whole)
    square, rest = sums[:, : used * used].reshape(-1, used, used), sums[:, used * used :]
    return Sums(square[:-2], rest[:-2], square[_ALL_USERS], square[_ALL_RATINGS], size)


def _width(known: Biases) -> int:
    """Sums of an item: the matrix P, and P·(r - c_u)."""
    return known.mean.size * (known.mean.size + 1)
