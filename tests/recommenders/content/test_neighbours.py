"""Rows and columns of new items, against dense products."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import csr, row_indices
from graphrec.recommenders.content import neighbours as module
from graphrec.recommenders.content.neighbours import complete_neighbours
from graphrec.serving.tables import ItemTables

ITEMS, NEW = 9, 5


def tables(rng: np.random.Generator, *, similar: bool) -> ItemTables:
    """Two legs with random weights and no diagonal."""
    there = rng.random((ITEMS, ITEMS)) < 0.6
    np.fill_diagonal(there, val=False)
    rows, columns = np.nonzero(there)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=ITEMS))))
    data = rng.standard_normal((rows.size, 2)).astype(np.float32)
    cosine = rng.random(rows.size, np.float32) if similar else np.empty(0, np.float32)
    return ItemTables(
        Catalogue(pa.array(range(ITEMS)), np.full(ITEMS, 3)),
        9,
        ("a", "b"),
        csr(indptr, columns.astype(np.int32), data),
        cosine,
        np.array([False, False]),
        (),
    )


def dense(matrix: object, size: int, leg: int) -> np.ndarray:
    full = np.zeros((size, size))
    full[row_indices(matrix.indptr), matrix.indices] = matrix.data[:, leg]
    return full


@pytest.mark.parametrize("similar", [False, True])
def test_new_rows_and_columns_are_averages(
    monkeypatch: pytest.MonkeyPatch, *, similar: bool
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 2)
    rng = np.random.default_rng(1)
    known = tables(rng, similar=similar)
    weights = rng.random((NEW, ITEMS)) * (rng.random((NEW, ITEMS)) < 0.4)
    weights[2] = 0.0  # of which nothing is known
    found, similarity = complete_neighbours(known, sparse.csr_array(weights))
    assert found.indptr.size == ITEMS + NEW + 1
    most = -(-known.neighbours.indices.size // ITEMS)
    for leg in range(2):
        own = dense(known.neighbours, ITEMS, leg)
        np.fill_diagonal(own, np.maximum(own.max(axis=1), 0.0))
        whole = dense(found, ITEMS + NEW, leg)
        np.fill_diagonal(own_only := own.copy(), 0.0)
        assert whole[:ITEMS, :ITEMS] == pytest.approx(own_only)
        kept = whole[ITEMS:, :ITEMS] != 0
        assert (kept.sum(axis=1) <= most).all()
        assert whole[ITEMS:, :ITEMS][kept] == pytest.approx((weights @ own)[kept], abs=1e-6)
        across = whole[:ITEMS, ITEMS:].T
        kept = across != 0
        assert across[kept] == pytest.approx((weights @ own.T)[kept], abs=1e-6)
        assert not whole[ITEMS:, ITEMS:].any()
        assert not across[2].any()
    for row in range(ITEMS + NEW):
        columns = found.indices[found.indptr[row] : found.indptr[row + 1]]
        assert (np.diff(columns) > 0).all()
    assert similarity.size == (found.indices.size if similar else 0)


def test_the_best_of_all_legs_together_are_kept() -> None:
    """Item 1 is first by the leg of small numbers, which count as much as the large ones."""
    data = np.array([[100, 0], [90, 0.9], [0, 1], [1, 0.0]], np.float32)
    known = ItemTables(
        Catalogue(pa.array(range(4)), np.full(4, 3)),
        9,
        ("a", "b"),
        csr(np.array([0, 3, 4, 4, 4]), np.array([1, 2, 3, 0], np.int32), data),
        np.empty(0, np.float32),
        np.array([False, False]),
        (),
    )
    found, _ = complete_neighbours(known, sparse.csr_array(np.array([[0.0, 1, 0, 0]])))
    row = found.indices[found.indptr[4] : found.indptr[5]]
    assert row.tolist() == [0]  # one neighbour each, on average
    assert found.indices[found.indptr[0] : found.indptr[1]].tolist() == [1, 2, 3, 4]


def test_a_model_without_neighbour_legs_stays_so() -> None:
    empty = csr(np.zeros(4, np.int64), np.empty(0, np.int32), np.empty((0, 0), np.float32))
    three = Catalogue(pa.array(range(3)), np.ones(3, int))
    nothing = np.empty(0, np.float32)
    known = ItemTables(three, 1, (), empty, nothing, np.empty(0, np.bool_), ())
    found, _ = complete_neighbours(known, sparse.csr_array(np.ones((2, 3))))
    assert found.indptr.tolist() == [0] * 6


def test_without_new_items_nothing_changes() -> None:
    known = tables(np.random.default_rng(1), similar=True)
    found, similarity = complete_neighbours(known, sparse.csr_array((0, ITEMS)))
    for name in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(found, name), getattr(known.neighbours, name))
    assert similarity is known.similarity
