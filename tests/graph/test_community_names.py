"""Communities are called by what their items have more often than others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame, SparkSession

from graphrec.graph.community_names import community_names

ROLES = [(n, 1 + n // 20) for n in range(40)]  # 20 items in each of two communities


@pytest.fixture(scope="module")
def roles(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([*ROLES, (40, None)], "movie long, community int")


@pytest.fixture
def words_of(spark: SparkSession) -> Callable[[list[list[str]]], DataFrame]:
    def make(words: list[list[str]]) -> DataFrame:
        return spark.createDataFrame(list(enumerate(words)), "id long, words array<string>")

    return make


def test_what_all_have_or_two_have_names_nothing(
    roles: DataFrame, words_of: Callable[[list[list[str]]], DataFrame]
) -> None:
    words = [
        ["drama"] + ["noir"] * (n < 12) + ["crime"] * (n < 20) + ["rare"] * (n < 2)
        for n in range(20)
    ] + [["drama", *(["western"] if n < 15 else [])] for n in range(20)]
    words[3].append("crime")  # twice in one item is once
    named = community_names(roles, "movie", words_of(words), min_share=0.1)
    assert named == {1: "crime, noir", 2: "western"}
    # 12 of 20 are not four fifths.
    assert community_names(roles, "movie", words_of(words), min_share=0.8) == {1: "crime"}


def test_a_single_community_has_nothing_more_often(
    spark: SparkSession, words_of: Callable[[list[list[str]]], DataFrame]
) -> None:
    roles = spark.createDataFrame([(n, 1) for n in range(9)], "movie long, community int")
    assert community_names(roles, "movie", words_of([["drama"]] * 9), min_share=0.1) == {}
