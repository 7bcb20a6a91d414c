"""Ridge regression of interactions on profiles.

    minimise  Σ_u |r_u - m - (x_u - x̄)·B|² + λ·|B|²

r_u is 1 for the items that user u has and 0 for all others, x_u the profile, m and x̄ their means.
So a score is the item's popularity, and what the profile adds to it; the fewer users have a
feature, the less it adds. The source regresses vectors of a factor leg instead of r_u, which says
less here: see `docs/decisions/new-users.md`.

Source: Gantner et al., "Learning attribute-to-feature mappings for cold-start recommendations"
(ICDM 2010), for the map from what is known of users to what they take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy import linalg, sparse

from graphrec.columns import ITEMS, VECTOR
from graphrec.data.feature_encoding import Sparse
from graphrec.data.profiles import FRACTION_BITS
from graphrec.spark.arrow import offsets, values
from graphrec.spark.threads import one_thread

MAX_ITEMS: Final = 10_000  # the most popular: what is less popular has its popularity alone
_ROW, _COLUMN, _SUM = "row", "column", "total"


@dataclass(frozen=True)
class ProfileSums:
    """What the regression reads of the users who have a profile and a history."""

    users: int
    gram: npt.NDArray[np.float64]  # (columns, columns), Σ x·xᵀ
    total: npt.NDArray[np.float64]  # (columns,), Σ x
    towards: npt.NDArray[np.float64]  # (columns, items), Σ x·rᵀ
    support: npt.NDArray[np.float64]  # (items,), Σ r


def count_profiles(histories: DataFrame, width: int, items: int) -> ProfileSums:
    """Sum up profiles and interactions, in Spark.

    Args:
        histories: (items: array<int>, vector: array<float>), see `Profiles.vectors`.
        width: length of the vectors, the 1 behind them among it.
        items: the most popular ones, whose interactions are read.
    """
    count = partial(_count_batches, width=width, items=items)
    schema = f"{_ROW} int, {_COLUMN} int, {_SUM} long"
    counted = histories.select(ITEMS, VECTOR).mapInArrow(count, schema)
    summed = counted.groupBy(_ROW, _COLUMN).agg(F.sum(_SUM).alias(_SUM))
    return profile_sums(summed.toArrow(), width, items)


def profile_sums(summed: pa.Table, width: int, items: int) -> ProfileSums:
    """Xᵀ·[R, X] as the regression reads it.

    Args:
        summed: (row, column, total), see `_count_batches`, each place once at most.
        width: rows.
        items: columns of R.
    """
    sums = np.zeros((width, items + width))
    at = (summed[_ROW].to_numpy(), summed[_COLUMN].to_numpy())
    sums[at] = summed[_SUM].to_numpy() / float(1 << FRACTION_BITS)
    sums[:, items:] /= 1 << FRACTION_BITS
    by_item, by_column = sums[:, :items], sums[:, items:]
    return ProfileSums(
        users=round(by_column[-1, -1]),
        gram=by_column[:-1, :-1],
        total=by_column[-1, :-1],
        towards=by_item[:-1],
        support=by_item[-1],
    )


def regress(sums: ProfileSums, *, reg_param: float) -> npt.NDArray[np.float64]:
    """The map from profiles to scores, (columns + 1, items): x, and a 1 behind it, times it.

    Args:
        sums: of some users, one or more.
        reg_param: λ.
    """
    mean_x, mean_r = sums.total / sums.users, sums.support / sums.users
    gram = sums.gram - sums.users * np.outer(mean_x, mean_x)
    gram[np.diag_indices_from(gram)] += reg_param
    towards = sums.towards - sums.users * np.outer(mean_x, mean_r)
    with one_thread():
        coefficients = linalg.solve(gram, towards, assume_a="pos")
        return np.vstack((coefficients, mean_r - mean_x @ coefficients))


def _count_batches(
    batches: Iterable[pa.RecordBatch], *, width: int, items: int
) -> Iterator[pa.RecordBatch]:
    """Xᵀ·[R, X] of the users of a task, in whole numbers, so that their order says nothing."""
    sums = Sparse((width, items + width), dtype=np.int64)
    for batch in batches:
        profile = values(batch[VECTOR], np.float32).reshape(batch.num_rows, width)
        numbers = Sparse(np.rint(profile * (1 << FRACTION_BITS)).astype(np.int64))
        item = values(batch[ITEMS], np.int32)
        owner = np.repeat(np.arange(batch.num_rows), np.diff(offsets(batch[ITEMS])))
        known = item < items
        at = (owner[known], item[known])
        shape = (batch.num_rows, items)
        has = Sparse((np.ones(at[0].size, np.int64), at), shape=shape)
        sums += sparse.hstack([numbers.T @ has, numbers.T @ numbers], format="csr")
    found = sums.tocoo()
    yield pa.RecordBatch.from_pydict(
        {
            _ROW: found.row.astype(np.int32),
            _COLUMN: found.col.astype(np.int32),
            _SUM: found.data,
        }
    )
