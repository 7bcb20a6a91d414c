"""Tables of quotas and boosts: what they say of each item, and what is refused."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError

FILMS = [("a", "Comedy|War|Comedy", 3, ["x"]), ("b", " War ", None, []), ("c", "", 3, None)]
SCHEMA = "film string, genres string, disc int, tags array<string>"


def test_each_value_of_a_column_is_a_category(spark: SparkSession) -> None:
    films = spark.createDataFrame(FILMS, SCHEMA)
    table = gr.category_quotas(films, "film", {"genres": 3, "disc": 1, "tags": 0})
    assert sorted(tuple(row) for row in table.collect()) == [
        ("a", "disc=3", 1),
        ("a", "genres=Comedy", 3),
        ("a", "genres=War", 3),
        ("a", "tags=x", 0),
        ("b", "genres=War", 3),
        ("c", "disc=3", 1),
    ]


@pytest.mark.parametrize(
    ("quotas", "message"),
    [
        ({}, "name no column"),
        ({"genres": 1.5}, "whole number"),
        ({"genres": -1}, "whole number"),
        ({"genre": 1}, "genre"),
    ],
)
def test_what_is_no_quota(spark: SparkSession, quotas: dict[str, float], message: str) -> None:
    with pytest.raises((ParameterError, ColumnError), match=message):
        gr.category_quotas(spark.createDataFrame(FILMS, SCHEMA), "film", quotas)
