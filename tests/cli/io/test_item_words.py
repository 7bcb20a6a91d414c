"""Genres and words of titles, out of the file of items."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from graphrec.cli.io.inputs import open_titles
from graphrec.cli.io.item_words import named_communities
from graphrec.cli.options import ItemsOptions


@pytest.fixture(scope="module")
def roles(spark: SparkSession) -> DataFrame:
    """20 items in each of two communities."""
    return spark.createDataFrame([(n, 1 + n // 20) for n in range(40)], "movie long, community int")


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("genres", "Film-Noir|Drama", "Western|Drama"),
        ("Categories", "Film-Noir; Drama", "Western;Drama"),
        ("tags", "Film-Noir, Drama", "Western,Drama"),
    ],
)
def test_genres_are_found_in_the_file_of_items(
    spark: SparkSession, roles: DataFrame, tmp_path: Path, column: str, first: str, second: str
) -> None:
    rows = [f'{n},One,"{first if n < 20 else second}"' for n in range(39)] + ["39,Two,(none)"]
    path = tmp_path / "items.csv"
    path.write_text("\n".join([f"movie,title,{column}", *rows]) + "\n")
    opened = open_titles(spark, ItemsOptions(items=str(path)), item="movie")
    named = named_communities(roles, "movie", opened.words, T.LongType())
    assert named == {1: "Film-Noir", 2: "Western"}


def test_without_genres_words_of_the_titles_name(
    spark: SparkSession, roles: DataFrame, tmp_path: Path
) -> None:
    rows = [f"{n},The {'Rocket' if n < 20 else 'Café'} no. {n}" for n in range(40)]
    path = tmp_path / "items.csv"
    path.write_text("\n".join(["movie,title", *rows]) + "\n")
    opened = open_titles(spark, ItemsOptions(items=str(path)), item="movie")
    assert named_communities(roles, "movie", opened.words, T.LongType()) == {1: "rocket", 2: "café"}
    assert named_communities(roles, "movie", None, T.LongType()) == {}
