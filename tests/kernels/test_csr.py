"""Sparse rows are what SciPy makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrec.kernels.csr import (
    CSR,
    csr,
    entries_of_rows,
    indptr_of,
    keep_entries,
    merge_columns,
    replace_rows,
    row_indices,
    row_slice,
    take_rows,
    transpose,
)

SEEDS = st.integers(0, 10_000)
ROWS, COLUMNS = st.integers(0, 12), st.integers(1, 12)


def random_rows(seed: int, rows: int, columns: int) -> CSR:
    rng = np.random.default_rng(seed)
    matrix = sparse.csr_array(rng.random((rows, columns)) < 0.3)
    data = rng.normal(size=matrix.nnz).astype(np.float32)
    return csr(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), data)


def to_scipy(matrix: CSR, columns: int) -> sparse.csr_array:
    shape = (matrix.indptr.size - 1, columns)
    return sparse.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=shape)


def assert_is(found: CSR, expected: sparse.csr_array) -> None:
    """The same entries in the same order, in read-only arrays of the stated types."""
    np.testing.assert_array_equal(found.indptr, expected.indptr)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.data, expected.data)
    assert [array.dtype for array in found] == [np.int64, np.int32, np.float32]
    assert not any(array.flags.writeable for array in found)


def test_it_is_read_only_and_leaves_what_it_was_made_of_alone() -> None:
    data = np.ones(2, np.float32)
    matrix = csr(np.array([0, 2]), np.array([0, 1], np.int32), data)
    with pytest.raises(ValueError, match="read-only"):
        matrix.data[0] = 2.0
    data[0] = 2.0  # a view: nothing is copied
    assert matrix.data[0] == 2.0


@given(seed=SEEDS, rows=ROWS, columns=COLUMNS)
@settings(max_examples=50)
def test_rows_and_slices(seed: int, rows: int, columns: int) -> None:
    matrix, rng = random_rows(seed, rows, columns), np.random.default_rng(seed)
    exact = to_scipy(matrix, columns)
    some = rng.permutation(rows)[: rng.integers(0, rows + 1)]
    assert_is(take_rows(matrix, some), exact[some])
    first, last = np.sort(rng.integers(0, rows + 1, 2))
    assert_is(row_slice(matrix, first, last), exact[first:last])
    indptr, position = entries_of_rows(matrix.indptr, some)
    np.testing.assert_array_equal(indptr, exact[some].indptr)
    np.testing.assert_array_equal(matrix.indices[position], exact[some].indices)


@given(seed=SEEDS, rows=ROWS, columns=COLUMNS)
@settings(max_examples=50)
def test_rows_with_some_of_their_entries(seed: int, rows: int, columns: int) -> None:
    matrix = random_rows(seed, rows, columns)
    kept = matrix.data > 0
    exact = to_scipy(matrix, columns).copy()
    exact.data[~kept] = 0.0
    exact.eliminate_zeros()
    assert_is(keep_entries(matrix, kept), exact)
    np.testing.assert_array_equal(row_indices(exact.indptr), exact.tocoo().coords[0])
    np.testing.assert_array_equal(indptr_of(np.diff(exact.indptr)), exact.indptr)


@given(seed=SEEDS, rows=ROWS, columns=COLUMNS)
@settings(max_examples=50)
def test_transposed(seed: int, rows: int, columns: int) -> None:
    matrix = random_rows(seed, rows, columns)
    exact = to_scipy(matrix, columns)
    turned = transpose(matrix, columns)
    assert_is(turned, exact.T.tocsr())
    assert_is(transpose(turned, rows), exact)


@given(seeds=st.lists(SEEDS, min_size=1, max_size=4), rows=ROWS, columns=COLUMNS)
@settings(max_examples=50)
def test_merged_columns_stand_side_by_side(seeds: list[int], rows: int, columns: int) -> None:
    parts = [random_rows(seed, rows, columns) for seed in seeds]
    merged = merge_columns(parts)
    assert merged.data.shape == (merged.indices.size, len(parts))
    for column, part in enumerate(parts):
        one = to_scipy(merged._replace(data=merged.data[:, column]), columns)
        np.testing.assert_array_equal(one.toarray(), to_scipy(part, columns).toarray())
    has = sum((to_scipy(part, columns).toarray() != 0).astype(int) for part in parts) > 0
    union = sparse.csr_array(has)
    np.testing.assert_array_equal(merged.indptr, union.indptr)  # an entry of several is there once
    np.testing.assert_array_equal(merged.indices, union.indices)


@given(seed=SEEDS, rows=ROWS, columns=COLUMNS)
@settings(max_examples=50)
def test_rows_are_replaced(seed: int, rows: int, columns: int) -> None:
    one, other = (random_rows(seed + n, rows, columns) for n in range(2))
    replaced = np.random.default_rng(seed).random(rows) < 0.5
    wanted = np.where(
        replaced[:, None], to_scipy(other, columns).toarray(), to_scipy(one, columns).toarray()
    )
    assert_is(replace_rows(one, other, replaced), sparse.csr_array(wanted))
