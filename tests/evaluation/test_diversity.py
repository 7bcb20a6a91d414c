"""Intra-list diversity from both sources, against RecTools and against each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame

from graphrec.errors import ColumnError, ParameterError
from graphrec.evaluation.diversity import intra_list_diversity

Table = Callable[..., DataFrame]


def values(df: DataFrame) -> dict[tuple[Any, int], float]:
    assert df.columns[1:] == ["k", "intra_list_diversity"]
    return {(row[0], row.k): row.intra_list_diversity for row in df.collect()}


@pytest.fixture(scope="module")
def lists(table: Table) -> DataFrame:
    return table(
        "user item rank",
        (1, "a", 1),
        (1, "b", 2),
        (1, "c", 3),
        (2, "c", 1),
        (2, "d", 2),
        (3, "d", 1),
    )


def test_from_neighbours_by_hand(table: Table, lists: DataFrame) -> None:
    neighbours = table(
        "item neighbour similarity",
        ("b", "a", 0.5),
        ("a", "b", 0.6),  # the greater of two directions counts
        ("c", "b", 0.3),
        ("a", "a", 1.0),
    )
    measured = values(intra_list_diversity(lists, neighbours=neighbours, k=[1, 2, 3]))
    assert measured == {
        (1, 1): None,
        (1, 2): pytest.approx(1 - 0.6),
        (1, 3): pytest.approx(1 - (0.6 + 0.3 + 0) / 3),
        (2, 1): None,
        (2, 2): 1.0,
        (2, 3): 1.0,
        (3, 1): None,
        (3, 2): None,
        (3, 3): None,
    }


def test_from_vectors_by_hand(table: Table, lists: DataFrame) -> None:
    vectors = table(
        "item vector", ("a", [2.0, 0.0]), ("b", [3.0, 4.0]), ("c", [0.0, 1.0]), ("d", [0.0, 0.0])
    )
    measured = values(intra_list_diversity(lists, vectors=vectors, k=[2, 3]))
    assert measured == {
        (1, 2): pytest.approx(1 - 0.6),
        (1, 3): pytest.approx(1 - (0.6 + 0.8 + 0) / 3),
        (2, 2): pytest.approx(1.0),  # a null vector is like nothing
        (2, 3): pytest.approx(1.0),
        (3, 2): None,
        (3, 3): None,
    }


def test_items_without_a_vector_are_like_nothing(table: Table, lists: DataFrame) -> None:
    measured = values(intra_list_diversity(lists, vectors=table("item vector", ("a", [1.0])), k=3))
    assert measured == {(1, 3): 1.0, (2, 3): 1.0, (3, 3): None}


def test_cosines_as_vectors_and_as_neighbours_agree(
    oracle: Callable[[str], DataFrame], table: Table
) -> None:
    vectors = np.random.RandomState(1).normal(size=(40, 5)).astype(np.float32)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ units.T
    pairs = [(i, j, float(cosines[i, j])) for i in range(40) for j in range(i)]
    recommendations = oracle("recommendations")
    from_vectors = values(
        intra_list_diversity(
            recommendations,
            vectors=table(
                "item vector", *((i, v.tolist()) for i, v in enumerate(vectors))
            ).selectExpr("item", "cast(vector as array<float>) as vector"),
            k=[2, 7],
        )
    )
    from_neighbours = values(
        intra_list_diversity(
            recommendations, neighbours=table("item neighbour similarity", *pairs), k=[2, 7]
        )
    )
    assert len(from_vectors) == 110
    assert from_vectors == pytest.approx(from_neighbours, abs=1e-6)


def test_rectools_agrees(oracle: Callable[[str], DataFrame]) -> None:
    measured = values(
        intra_list_diversity(
            oracle("recommendations"), neighbours=oracle("similarity"), k=[1, 3, 5, 10]
        )
    )
    expected = {
        (row.user, row.k): row.diversity
        for row in oracle("per_user").filter("diversity is not null").collect()
    }
    assert set(measured) == set(expected)
    for key, ours in measured.items():
        # A list of one item has no pairs: RecTools says 0, which would read as "all alike".
        assert (0.0 if ours is None else ours) == pytest.approx(expected[key])
    assert sum(ours is None for ours in measured.values()) > 55


def test_other_names(table: Table) -> None:
    recommendations = table("userId movieId place", (1, 5, 1), (1, 6, 2))
    neighbours = table("movieId neighbour similarity", (5, 6, 0.25))
    diversity = intra_list_diversity(
        recommendations, neighbours=neighbours, k=2, user="userId", item="movieId", rank="place"
    )
    assert diversity.columns[0] == "userId"
    assert values(diversity) == {(1, 2): 0.75}


def test_bad_input_is_refused(table: Table, lists: DataFrame) -> None:
    vectors = table("item vector", ("a", [1.0]))
    with pytest.raises(ParameterError, match="found none"):
        intra_list_diversity(lists)
    with pytest.raises(ParameterError, match="found both"):
        intra_list_diversity(lists, neighbours=vectors, vectors=vectors)
    with pytest.raises(ParameterError, match="k must be"):
        intra_list_diversity(lists, vectors=vectors, k=0)
    with pytest.raises(ColumnError, match="'neighbour'"):
        intra_list_diversity(lists, neighbours=vectors)
    with pytest.raises(ColumnError, match="'vector'"):
        intra_list_diversity(lists, vectors=lists)
    with pytest.raises(ColumnError, match="one type"):
        intra_list_diversity(lists, vectors=table("item vector", (1, [1.0])))
    with pytest.raises(ColumnError, match="one type"):
        intra_list_diversity(lists, neighbours=table("item neighbour similarity", (1, 2, 1.0)))
