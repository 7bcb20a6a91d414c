"""The regression, by all rows at once and another formula."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from graphrec.recommenders.demographic.regression import (
    _count_batches,
    profile_sums,
    regress,
)
from graphrec.spark.arrow import list_column

USERS, COLUMNS, ITEMS = 30, 4, 6


def test_sums_of_batches_give_the_ridge_regression_of_all_rows() -> None:
    rng = np.random.default_rng(0)
    profile = rng.integers(0, 3, (USERS, COLUMNS)) / 4.0
    has = rng.random((USERS, ITEMS + 2)) < 0.4  # the last two items are not read
    rows = np.column_stack((profile, np.ones(USERS))).astype(np.float32)
    batches = [batch(rows[part], has[part]) for part in (slice(0, 11), slice(11, USERS))]
    [found] = _count_batches(batches, width=COLUMNS + 1, items=ITEMS)
    sums = profile_sums(pa.Table.from_batches([found]), COLUMNS + 1, ITEMS)
    assert sums.users == USERS

    # min |R - X·B - 1·b|² + λ·|B|² as least squares, with rows √λ·I below X and no cost of b
    wide = np.vstack((rows, np.sqrt(5.0) * np.eye(COLUMNS, COLUMNS + 1)))
    targets = np.vstack((has[:, :ITEMS], np.zeros((COLUMNS, ITEMS))))
    expected, *_ = np.linalg.lstsq(wide, targets, rcond=None)
    np.testing.assert_allclose(regress(sums, reg_param=5.0), expected, atol=1e-9)


def batch(rows: np.ndarray, has: np.ndarray) -> pa.RecordBatch:
    item = np.nonzero(has)[1]
    indptr = np.concatenate(([0], np.cumsum(has.sum(axis=1))))
    ends = np.arange(rows.shape[0] + 1) * rows.shape[1]
    return pa.RecordBatch.from_pydict(
        {
            "items": list_column(indptr, item.astype(np.int32)),
            "vector": list_column(ends, rows.reshape(-1)),
        }
    )
