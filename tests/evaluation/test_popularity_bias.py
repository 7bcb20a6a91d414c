"""Novelty and popularity percentile against a table made by hand and RecTools."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame

from graphrec.errors import ColumnError, ParameterError
from graphrec.evaluation.popularity_bias import popularity_metrics

Table = Callable[..., DataFrame]


@pytest.fixture(scope="module")
def train(table: Table) -> DataFrame:
    """Four users; item a has all of them, b and c two, d one."""
    pairs = [*((u, "a") for u in range(4)), (0, "b"), (1, "b"), (2, "c"), (3, "c"), (0, "d")]
    return table("user item", *pairs, (0, "a"))  # the repeated row counts once


def test_by_hand(table: Table, train: DataFrame) -> None:
    recommendations = table(
        "user item rank", (7, "a", 1), (7, "b", 2), (7, "d", 3), (8, "new", 1), (8, "c", 2)
    )
    measured = popularity_metrics(recommendations, train, k=[1, 3])
    assert measured.columns == ["user", "k", "novelty", "popularity_percentile"]
    # Bits: a 0, b and c 1, d 2, new as d. Percentiles: a 3.5/4, b and c 2/4, d .5/4, new 0.
    assert {(row.user, row.k): tuple(row)[2:] for row in measured.collect()} == {
        (7, 1): pytest.approx((0, 3.5 / 4)),
        (7, 3): pytest.approx((3 / 3, (3.5 + 2 + 0.5) / 4 / 3)),
        (8, 1): pytest.approx((2, 0)),
        (8, 3): pytest.approx((3 / 2, (0 + 2) / 4 / 2)),
    }


def test_the_whole_catalogue_has_percentile_one_half(table: Table, train: DataFrame) -> None:
    everything = table("user item rank", *((7, item, r) for r, item in enumerate("dabc", 1)))
    (row,) = popularity_metrics(everything, train, k=4).collect()
    assert row.popularity_percentile == pytest.approx(0.5)


def test_rectools_agrees(oracle: Callable[[str], DataFrame]) -> None:
    measured = popularity_metrics(oracle("recommendations"), oracle("train"), k=[1, 3, 5, 10])
    expected = {
        (row.user, row.k): pytest.approx(row.novelty)
        for row in oracle("per_user").filter("not isnan(novelty) and novelty is not null").collect()
    }
    assert len(expected) == 55 * 4
    assert {(row.user, row.k): row.novelty for row in measured.collect()} == expected


def test_other_names(table: Table) -> None:
    recommendations = table("userId movieId place", (1, 5, 1))
    train = table("userId movieId", (2, 5), (3, 6))
    (row,) = popularity_metrics(
        recommendations, train, user="userId", item="movieId", rank="place"
    ).collect()
    assert (row.userId, row.k, row.novelty) == (1, 10, math.log2(2))


def test_bad_input_is_refused(table: Table, train: DataFrame) -> None:
    recommendations = table("user item rank", (7, "a", 1))
    with pytest.raises(ParameterError, match="k must be"):
        popularity_metrics(recommendations, train, k=0)
    with pytest.raises(ColumnError, match="training frame must have the column 'item'"):
        popularity_metrics(recommendations, train.drop("item"))
    with pytest.raises(ColumnError, match="one type"):
        popularity_metrics(table("user item rank", (7, 1, 1)), train)
