"""Sparse rows are what SciPy makes of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrec.kernels.csr import SparseRows, merge
from tests.cooccurrence.brute_force import dense

SEEDS = st.integers(0, 10_000)


def random_rows(seed: int, items: int) -> SparseRows:
    rng = np.random.default_rng(seed)
    rows = sparse.csr_array(np.where(rng.random((items, items)) < 0.3, rng.random(), 0.0))
    return SparseRows(
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int32),
        rng.normal(size=rows.nnz).astype(np.float32),
    )


@given(seed=SEEDS, items=st.integers(1, 12))
@settings(max_examples=50)
def test_transposed(seed: int, items: int) -> None:
    rows = random_rows(seed, items)
    turned = rows.transposed()
    np.testing.assert_array_equal(dense(turned), dense(rows).T)
    assert all(np.all(np.diff(row) > 0) for row in np.split(turned.neighbour, turned.start[1:-1]))
    back = turned.transposed()
    for name in ("start", "neighbour", "weight"):
        assert getattr(back, name).dtype == getattr(rows, name).dtype
        np.testing.assert_array_equal(getattr(back, name), getattr(rows, name))


@given(seeds=st.lists(SEEDS, min_size=1, max_size=4), items=st.integers(1, 12))
@settings(max_examples=50)
def test_merged_columns_stand_side_by_side(seeds: list[int], items: int) -> None:
    columns = [random_rows(seed, items) for seed in seeds]
    start, neighbour, weight = merge(columns)
    for place, column in enumerate(columns):
        merged = SparseRows(start, neighbour, weight[:, place])
        np.testing.assert_array_equal(dense(merged), dense(column))
    held = sum((dense(column) != 0).astype(int) for column in columns) > 0
    assert neighbour.size == held.sum()  # a pair that several columns hold stands there once
    assert all(np.all(np.diff(row) > 0) for row in np.split(neighbour, start[1:-1]))
