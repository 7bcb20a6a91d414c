from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.interaction_columns import (
    MALFORMED_LINE,
    UNUSED,
    USUAL_NAMES,
    InteractionColumns,
    find_columns,
)
from graphrec.errors import ColumnError


def table(spark: SparkSession, names: str) -> DataFrame:
    return spark.createDataFrame([], ", ".join(f"`{name}` string" for name in names.split("|")))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("userId|movieId|rating|timestamp", ("userId", "movieId", "rating", "timestamp")),
        ("userId|movieId|tag|timestamp", ("userId", "movieId", None, "timestamp")),
        ("User-ID|ISBN|Book-Rating", ("User-ID", "ISBN", "Book-Rating", None)),
        ("reviewerID|asin|overall|unixReviewTime|reviewText", None),
        ("CUSTOMER ID|Article_Id|t_dat|price", ("CUSTOMER ID", "Article_Id", None, "t_dat")),
        ("user|item", ("user", "item", None, None)),
        ("username|user_id|book|book_id|plays", ("user_id", "book_id", "plays", None)),
        (f"uid|iid|{MALFORMED_LINE}", ("uid", "iid", None, None)),
    ],
)
def test_usual_names(
    spark: SparkSession, names: str, expected: tuple[str, str, str | None, str | None] | None
) -> None:
    expected = expected or ("reviewerID", "asin", "overall", "unixReviewTime")
    assert find_columns(table(spark, names)) == InteractionColumns(*expected)


def test_a_usual_name_has_one_role() -> None:
    names = [name for role in USUAL_NAMES.values() for name in role]
    assert len(names) == len(set(names))


def test_given_names_come_before_usual_ones(spark: SparkSession) -> None:
    df = table(spark, "user|item|viewer|film.id|rating|mark|ts|when")
    found = find_columns(df, user="viewer", item="film.id", rating="mark", timestamp="when")
    assert found == InteractionColumns("viewer", "film.id", "mark", "when")


def test_a_given_column_is_not_found_for_another_role(spark: SparkSession) -> None:
    df = table(spark, "item|movie|rating")
    assert find_columns(df, user="item") == InteractionColumns("item", "movie", "rating")


def test_unused(spark: SparkSession) -> None:
    df = table(spark, "user|item|rating|ts")
    assert find_columns(df, rating=UNUSED, timestamp=UNUSED) == InteractionColumns("user", "item")


@pytest.mark.parametrize(
    ("names", "given", "parts"),
    [
        ("userId|movieId", {"user": "user_id"}, ["'user_id'", "found userId, movieId", "'userId'"]),
        ("userId|movieId", {"item": "xyz"}, ["no column 'xyz'", "itemCol"]),
        ("a|b", {}, ["usual name for the user", "found a, b", "userCol", "--user"]),
        ("user|b", {}, ["usual name for the item", "itemCol", "--item"]),
        ("user|movieId|itemId", {}, ["several", "movieId, itemId", "itemCol"]),
        ("user|item|rating|score", {}, ["rating, score", "ratingCol", "give it empty"]),
        ("user|item|ts|date", {}, ["ts, date", "timestampCol"]),
        ("user|item", {"user": "item", "item": "item"}, ["'item' is used twice"]),
        ("user|item", {"user": ""}, ["usual name for the user"]),
        (f"user|{MALFORMED_LINE}", {"item": MALFORMED_LINE}, ["found user;"]),
    ],
)
def test_errors_say_what_to_set(
    spark: SparkSession, names: str, given: dict[str, str], parts: list[str]
) -> None:
    with pytest.raises(ColumnError) as caught:
        find_columns(table(spark, names), **given)
    for part in parts:
        assert part in str(caught.value)


def test_a_name_that_is_there_twice(spark: SparkSession) -> None:
    df = table(spark, "user|item").select("user", "item", "user")
    with pytest.raises(ColumnError, match="several columns are named 'user'"):
        find_columns(df, user="user")
