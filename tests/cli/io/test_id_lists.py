"""Lists of ids and titles: their columns found, their types those of the model."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from graphrec.cli.io.id_lists import ListFigures, print_unknown_ids
from graphrec.cli.io.inputs import open_ids, open_titles
from graphrec.cli.options import ItemsOptions
from graphrec.cli.runtime.progress_lines import Report
from graphrec.errors import ColumnError


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("movieId,id,item", "movieId"),  # of the very name
        ("item,movie_ID", "movie_ID"),  # the same name, spelled otherwise
        ("title,product,product_id", "product_id"),  # a usual name, best one of ids
        ("title,film", "film"),
        ("title,id", "id"),
    ],
)
def test_the_id_column_is_found(
    spark: SparkSession, tmp_path: Path, header: str, column: str
) -> None:
    row = ",".join(str(place) for place, _ in enumerate(header.split(",")))
    (tmp_path / "list.csv").write_text(f"{header}\n{row}\n")
    ids = open_ids(spark, str(tmp_path / "list.csv"), wanted={"item": "movieId"})
    typed = ids.typed({"movieId": T.LongType()})
    assert typed.schema == T.StructType([T.StructField("movieId", T.LongType())])
    assert typed.collect() == [(header.split(",").index(column),)]


def test_ids_get_the_type_of_the_model(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("user,item\n1,m1\nu2,2\n")
    ids = open_ids(
        spark, str(tmp_path / "list.csv"), wanted={"item": "movie"}, also={"user": "user"}
    )
    kinds: dict[str, T.DataType] = {"user": T.LongType(), "movie": T.StringType()}
    typed = ids.typed(kinds)
    assert typed.columns == ["movie", "user"]
    assert typed.collect() == [("m1", 1), ("2", None)]
    assert sorted(ids.distinct("user", kinds).collect()) == [("1", 1), ("u2", None)]


def test_ids_of_another_type_are_refused_with_the_name_of_the_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    spark.createDataFrame([(7,)], "item long").write.parquet(str(tmp_path / "list"))
    ids = open_ids(spark, str(tmp_path / "list"), wanted={"item": "movie"})
    ids.check({})  # what the model has is not known yet
    with pytest.raises(ColumnError, match=rf"^{tmp_path}/list: the item ids .*found bigint, where"):
        ids.check({"movie": T.StringType()})


def test_a_list_without_ids(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("city,country\nRome,IT\n")
    with pytest.raises(ColumnError, match=r"holds the user; found city, country; .* customer$"):
        open_ids(spark, str(tmp_path / "list.csv"), wanted={"user": "customer"})


@pytest.mark.parametrize(
    ("name", "unknown", "effect"),
    [
        ("allow", 1, "they are not listed"),
        ("allow", 2, "nothing is listed"),
        ("deny", 2, "they have no effect"),
    ],
)
def test_what_unknown_ids_mean_is_reported(
    capsys: pytest.CaptureFixture[str], name: str, unknown: int, effect: str
) -> None:
    figures = ListFigures(ids=2, unknown=unknown, unusable=0, example="zz")
    print_unknown_ids(Report(quiet=False), {name: {"item": figures}})
    assert " ".join(capsys.readouterr().err.split()) == (
        f"--{name}: {unknown} of 2 items are not in what was learned, such as 'zz': {effect}"
    )


@pytest.mark.parametrize(
    ("header", "titles"),
    [
        ("id,name,title", {1: "t"}),
        ("id,name,length", {1: "n"}),
        ("id,artist_name,length", {1: "n"}),
    ],
)
def test_titles_are_found(
    spark: SparkSession, tmp_path: Path, header: str, titles: dict[int, str]
) -> None:
    (tmp_path / "items.csv").write_text(f"{header}\n1,n,t\n2,,\nx,n,t\n")
    opened = open_titles(spark, ItemsOptions(items=str(tmp_path / "items.csv")), item="movie")
    found = opened.of([1, 2, 3, 1], T.LongType())
    assert found == titles | {2: "2", 3: "3"}


def test_titles_are_those_of_the_same_id(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,title\n007,Bond\n7,Seven\n")
    opened = open_titles(spark, ItemsOptions(items=str(tmp_path / "items.csv")), item="movie")
    assert opened.of([7], T.IntegerType()) == {7: "Seven"}
    assert opened.of(["7", "007"], T.StringType()) == {"7": "Seven", "007": "Bond"}
    large = [(2**62, "large"), (7, "Seven")]
    spark.createDataFrame(large, "id long, title string").write.parquet(str(tmp_path / "items"))
    opened = open_titles(spark, ItemsOptions(items=str(tmp_path / "items")), item="movie")
    assert opened.of(["007", "7"], T.StringType()) == {"7": "Seven", "007": "007"}
    assert opened.of([2**62], T.LongType()) == {2**62: "large"}


def test_without_items_ids_are_their_own_titles(spark: SparkSession) -> None:
    opened = open_titles(spark, ItemsOptions(), item="movie")
    assert opened.of(["b", "a"], T.StringType()) == {"a": "a", "b": "b"}
    assert opened.of([], T.StringType()) == {}
