"""Legs stand side by side, and each user's mean and deviation of factor scores is exact."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from graphrec.data.catalogue import Catalogue
from graphrec.factors.eigenbasis import rotate
from graphrec.factors.fold_in import SolvedFoldIn
from graphrec.factors.item_factors import ItemFactors
from graphrec.factors.mean_fold_in import MeanFoldIn
from graphrec.graph.sparse import SparseRows
from graphrec.ranking.tables import (
    FactorLeg,
    ItemTables,
    NeighbourLeg,
    factor_arrays,
    factors_of,
    item_factors_of,
)
from tests.ranking.reference import sparse_rows

CATALOGUE = Catalogue(pa.array(["a", "b", "c"]), np.array([4, 2, 1]))
FIRST = sparse_rows(np.array([[0, 1, 0], [2, 0, 0], [0, 3, 0]]))
SECOND = sparse_rows(np.array([[0, 4, 5], [0, 0, 0], [0, 0, 0]]))
COSINE = sparse_rows(np.array([[0, 0.5, 0.25], [0.5, 0, 0], [0.25, 0, 0]]))


@pytest.mark.parametrize(("offset", "spread"), [(0.0, 1.0), (3.0, 0.5)])
def test_moments_of_factor_scores_are_those_of_the_scores_of_all_items(
    offset: float, spread: float
) -> None:
    rng = np.random.default_rng(0)
    legs = [
        ItemFactors(*rotate((offset + spread * rng.normal(size=(500, rank))).astype("f4")), fold_in)
        for rank, fold_in in ((6, SolvedFoldIn(0.05, 0.05)), (4, MeanFoldIn()))
    ]
    users = rng.normal(size=(40, 10)).astype(np.float32)
    tables = factor_arrays(legs)
    found = factors_of(tables, users)
    for n, (place, leg) in enumerate(item_factors_of(tables, [leg.fold_in for leg in legs])):
        np.testing.assert_array_equal(leg.vector, legs[n].vector)
        scores = users[:, place].astype(np.float64) @ leg.vector.T
        np.testing.assert_allclose(found.mean[:, n], scores.mean(axis=1), atol=1e-5)
        np.testing.assert_allclose(found.deviation[:, n], scores.std(axis=1), rtol=1e-4)


def test_legs_stand_side_by_side() -> None:
    vector, eigenvalue = rotate(np.array([[1, 0], [1, 1], [0, 2]], np.float32))
    factors = ItemFactors(vector, eigenvalue, SolvedFoldIn(0.05, 0.05))
    tables = ItemTables.from_legs(
        CATALOGUE,
        8,
        [NeighbourLeg("one", FIRST), FactorLeg("als", factors), NeighbourLeg("two", SECOND, True)],
        COSINE,
    )
    assert tables.legs == ("one", "two", "als")
    assert tables.per_profile.tolist() == [False, True]
    assert tables.start.tolist() == [0, 2, 3, 5]
    assert tables.neighbour.tolist() == [1, 2, 0, 0, 1]
    assert tables.weight.tolist() == [[1, 4], [0, 5], [2, 0], [0, 0], [3, 0]]
    assert tables.similarity.tolist() == [0.5, 0.25, 0.5, 0.25, 0.0]
    assert tables.popularity.tolist() == [0.5, 0.25, 0.125]


def test_a_factor_leg_alone_has_no_pairs() -> None:
    vector, eigenvalue = rotate(np.eye(3, 2, dtype=np.float32))
    factors = ItemFactors(vector, eigenvalue, SolvedFoldIn(0.05, 0.05))
    tables = ItemTables.from_legs(CATALOGUE, 8, [FactorLeg("als", factors)], None)
    assert tables.legs == ("als",)
    assert (tables.neighbour.size, tables.weight.shape, tables.similarity.size) == (0, (0, 0), 0)


def test_no_legs_at_all() -> None:
    tables = ItemTables.from_legs(CATALOGUE, 8, [], None)
    assert (tables.legs, tables.factor_legs) == ((), ())


def test_a_merged_leg_keeps_its_rows() -> None:
    empty = SparseRows(np.zeros(4, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    legs = [NeighbourLeg("none", empty), NeighbourLeg("one", FIRST)]
    tables = ItemTables.from_legs(CATALOGUE, 8, legs, empty)
    assert tables.neighbour.tolist() == FIRST.neighbour.tolist()
    assert tables.weight.tolist() == [[0, 1], [0, 2], [0, 3]]
