"""Tables of a model whose items have other numbers now."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import csr
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.before import Before
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.tables import FactorLeg, ItemTables, NeighbourLeg


def catalogue(*ids: str) -> Catalogue:
    return Catalogue(pa.array(ids), np.arange(len(ids), 0, -1))


def dense(leg: NeighbourLeg, items: int) -> list[list[float]]:
    weights = np.zeros((items, items))
    for row in range(items):
        entries = slice(*leg.weights.indptr[row : row + 2])
        assert (np.diff(leg.weights.indices[entries]) > 0).all()
        weights[row, leg.weights.indices[entries]] = leg.weights.data[entries]
    return weights.tolist()


def test_what_was_learned_follows_the_items_to_their_new_numbers() -> None:
    weights = csr(np.array([0, 2, 3, 3]), np.array([1, 2, 0], np.int32), np.float32([1, 2, 3]))
    vectors = ItemFactors(np.float32([[1, 1], [2, 2], [3, 3]]), np.ones(2), SolvedFoldIn(1.0, 1.0))
    tables = ItemTables.from_legs(
        catalogue("a", "b", "c"),
        5,
        [NeighbourLeg("walk", weights, True), FactorLeg("als", vectors)],
        None,
    )
    # b is the most popular now, d is new, and nobody has c any more
    before = Before(tables, catalogue("b", "d", "a"))
    assert before.old_index.tolist() == [1, -1, 0]
    walk = before.neighbour_leg("walk")
    assert walk is not None
    assert walk.divide_by_strength
    assert dense(walk, 3) == [[0, 0, 3], [0, 0, 0], [1, 0, 0]]
    found = before.vectors("als")
    assert found is not None
    assert found.tolist() == [[2, 2], [0, 0], [1, 1]]
    assert before.neighbour_leg("ease") is None
    assert before.vectors("walk") is None
