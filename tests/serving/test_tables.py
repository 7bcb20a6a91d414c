"""Legs stand side by side, and each user's mean and deviation of factor scores is exact."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import csr
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.embedding.fold_in import MeanFoldIn
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.neighbour_scores import moments
from graphrec.serving.request import Request
from graphrec.serving.tables import (
    FactorLeg,
    ItemTables,
    NeighbourLeg,
    factor_arrays,
    factors_of,
    item_factors_of,
)
from tests.serving.reference import sparse_rows

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
    for n, (columns, leg) in enumerate(item_factors_of(tables, [leg.fold_in for leg in legs])):
        np.testing.assert_array_equal(leg.vector, legs[n].vector)
        scores = users[:, columns].astype(np.float64) @ leg.vector.T
        np.testing.assert_allclose(found.mean[:, n], scores.mean(axis=1), atol=1e-5)
        np.testing.assert_allclose(found.deviation[:, n], scores.std(axis=1), rtol=1e-4)


def test_scores_that_are_all_alike_have_no_deviation() -> None:
    """By a factor leg as by a neighbour leg: rounding is not divided by."""
    rng = np.random.default_rng(3)
    vector, eigenvalue = rotate(np.repeat(rng.normal(size=(1, 5)), 37, axis=0).astype(np.float32))
    leg = ItemFactors(vector, eigenvalue, MeanFoldIn())
    users = (rng.uniform(0.5, 2.0, (20, 1)) * vector[:1]).astype(np.float32)
    found = factors_of(factor_arrays([leg]), users)
    assert (np.abs(found.mean) > 0.01).any()
    assert not found.deviation.any()
    settings = Request((1.0,), True).settings(np.ones(37, np.float32), np.zeros(37, np.bool_))
    for score in (0.1, 1 / 3, 1e6 + 0.1):
        scores = np.full((37, 1), score, np.float32)
        mean, deviation = moments(scores, settings)
        assert mean[0] == pytest.approx(score)
        assert deviation[0] == 0.0


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
    assert tables.divide_by_strength.tolist() == [False, True]
    assert tables.neighbours.indptr.tolist() == [0, 2, 3, 5]
    assert tables.neighbours.indices.tolist() == [1, 2, 0, 0, 1]
    assert tables.neighbours.data.tolist() == [[1, 4], [0, 5], [2, 0], [0, 0], [3, 0]]
    assert tables.similarity.tolist() == [0.5, 0.25, 0.5, 0.25, 0.0]
    assert tables.popularity.tolist() == [0.5, 0.25, 0.125]


def test_a_factor_leg_alone_has_no_pairs() -> None:
    vector, eigenvalue = rotate(np.eye(3, 2, dtype=np.float32))
    factors = ItemFactors(vector, eigenvalue, SolvedFoldIn(0.05, 0.05))
    tables = ItemTables.from_legs(CATALOGUE, 8, [FactorLeg("als", factors)], None)
    assert tables.legs == ("als",)
    assert (
        tables.neighbours.indices.size,
        tables.neighbours.data.shape,
        tables.similarity.size,
    ) == (0, (0, 0), 0)


def test_no_legs_at_all() -> None:
    tables = ItemTables.from_legs(CATALOGUE, 8, [], None)
    assert (tables.legs, tables.factor_legs) == ((), ())


def test_a_merged_leg_keeps_its_rows() -> None:
    empty = csr(np.zeros(4, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    legs = [NeighbourLeg("none", empty), NeighbourLeg("one", FIRST)]
    tables = ItemTables.from_legs(CATALOGUE, 8, legs, empty)
    assert tables.neighbours.indices.tolist() == FIRST.indices.tolist()
    assert tables.neighbours.data.tolist() == [[0, 1], [0, 2], [0, 3]]
