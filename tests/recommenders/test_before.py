"""Tables of a model whose items have other numbers now."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

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


def test_what_was_learned_follows_the_items_to_their_new_numbers(spark: SparkSession) -> None:
    weights = csr(np.array([0, 2, 3, 3]), np.array([1, 2, 0], np.int32), np.float32([1, 2, 3]))
    vectors = ItemFactors(np.float32([[1, 1], [2, 2], [3, 3]]), np.ones(2), SolvedFoldIn(1.0, 1.0))
    tables = ItemTables.from_legs(
        catalogue("a", "b", "c"),
        5,
        [NeighbourLeg("walk", weights, True), FactorLeg("als", vectors)],
        None,
    )
    # b is the most popular now, d is new, and nobody has c any more
    likely = spark.createDataFrame([("u", [2, 1, 0]), ("v", [2])], "user string, likely array<int>")
    before = Before(tables, catalogue("b", "d", "a"), likely, likely.select("user").limit(0))
    assert before.old_index.tolist() == [1, -1, 0]
    walk = before.neighbour_legs["walk"]
    assert walk.divide_by_strength
    assert dense(walk, 3) == [[0, 0, 3], [0, 0, 0], [1, 0, 0]]
    found = before.vectors("als")
    assert found is not None
    assert found.tolist() == [[2, 2], [0, 0], [1, 1]]
    assert list(before.neighbour_legs) == ["walk"]
    assert before.vectors("walk") is None
    assert before.touched.tolist() == [True, True, True]  # b and a have other numbers of users
    assert before.likely_now is not None
    assert before.likely_now.collect() == [("u", [0, 2])]


def test_an_item_is_touched_by_another_number_of_users() -> None:
    tables = ItemTables.from_legs(catalogue("a", "b", "c"), 5, [], None)
    now = Catalogue(pa.array(["a", "d", "b", "c"]), np.array([4, 3, 2, 1]))
    before = Before(tables, now, None, None)
    assert before.touched.tolist() == [True, True, False, False]
