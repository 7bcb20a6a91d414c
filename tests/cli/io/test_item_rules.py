"""Rules on the columns of an items' file: six items are known, the file has five of them."""

from __future__ import annotations

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.cli.io.item_rules import (
    NOT_IN_FILE,
    ItemRules,
    RuleFigures,
    available,
    condition,
    rule_figures,
)
from graphrec.cli.options import LimitOptions
from graphrec.data.dataset import Dataset
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.model import RecommenderModel

FILE = """film,genres,year,released,gone
a,Comedy|Crime,1990,2020-01-01,2021-01-01
b,Drama,1985,2020-06-01,
c,Comedy,,,2020-03-01
d,,2001,,
e,Comedy,2010,2019-01-01,
e,Drama,1950,2030-01-01,
x,Comedy,2020,,
"""


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("rules") / "items.csv"
    path.write_text(FILE)
    return str(path)


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    """The films a to f, each less popular than the one before."""
    rows = [(f"u{user}", film) for user in range(6) for film in "abcdef"[: user + 1]]
    return gr.PopularityRecommender().fit(
        spark.createDataFrame(pd.DataFrame(rows, columns=["user", "film"]))
    )


def opened(spark: SparkSession, **options: str) -> ItemRules:
    return ItemRules.open(spark, LimitOptions(**options), item="film")


def allowed(rules: ItemRules, dataset: Dataset, **frames: DataFrame) -> str:
    return "".join(sorted(row.film for row in rules.narrow(frames, dataset)["allow"].collect()))


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"where": "year >= 1990"}, "ade"),  # one row of e; of c nothing is known
        ({"where": "array_contains(genres, 'Crime') OR year = 1985"}, "ab"),
        ({"available": "released,gone", "at": "2020-02-01"}, "acde"),
        ({"where": "year > 1950", "available": ",gone", "at": "2020-03-01"}, "abde"),
    ],
)
def test_what_rules_leave(
    spark: SparkSession, model: RecommenderModel, items: str, options: dict[str, str], shown: str
) -> None:
    assert allowed(opened(spark, items=items, **options), model.dataset) == shown


def test_a_rule_narrows_what_is_allowed_and_lists_stay_full(
    spark: SparkSession, model: RecommenderModel, items: str
) -> None:
    rules = opened(spark, items=items, where="year > 1980")
    some = spark.createDataFrame([("a",), ("c",), ("e",), ("f",)], "film string")
    assert allowed(rules, model.dataset, allow=some) == "ae"
    nobody = spark.createDataFrame([("new",)], "user string")
    lists = model.rankedLists(3, users=nobody, **rules.narrow({}, model.dataset)).collect()
    assert [row.film for row in sorted(lists, key=lambda row: row["rank"])] == ["a", "b", "d"]


def test_it_is_said_which_rule_hides_an_item_and_how_many_each_does(
    spark: SparkSession, model: RecommenderModel, items: str
) -> None:
    rules = opened(
        spark, items=items, where="year > 1986", available="released,gone", at="2020-02-01"
    )
    where, times = "--where year > 1986", "--available released,gone"
    assert rules.hiding("b", model.dataset) == [where, times]
    assert rules.hiding("c", model.dataset) == [where]
    assert rules.hiding("a", model.dataset) == []
    assert rules.hiding("f", model.dataset) == [NOT_IN_FILE]
    figures = rules.figures(model.dataset)
    assert figures == {"where": RuleFigures(6, 3), "available": RuleFigures(6, 2)}
    assert rule_figures(rules, figures)["where"] == {"rule": where, "items": 6, "hidden": 3}


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> DataFrame:
    return spark.sql("SELECT 'a' AS film, array('Drama') AS genres, 1990 AS year, 'x' AS released")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("year >", "--where cannot be read; found 'year >'"),
        ("yaer > 1", "--where cannot be read; found 'yaer > 1'"),
        ("year + 1", "true or false for each item; found"),
    ],
)
def test_a_condition_that_cannot_be_read_is_one_line(
    frame: DataFrame, text: str, message: str
) -> None:
    with pytest.raises(ParameterError, match=message) as raised:
        condition(frame, text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("columns", "at", "error", "message"),
    [
        ("released", None, ParameterError, "two columns of times"),
        ("begun,", None, ColumnError, "must have the column 'begun' once"),
        ("genres,", None, ColumnError, "cannot hold times; found array<string>"),
        (",released", None, ColumnError, "has what is no time; found 'x'"),
        ("released,", "soon", ParameterError, "--at must be a time"),
    ],
)
def test_times_that_cannot_be_read_are_one_line(
    frame: DataFrame, columns: str, at: str | None, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        available(frame, columns, at)


def test_rules_need_the_file_and_no_rules_need_nothing(
    spark: SparkSession, model: RecommenderModel
) -> None:
    none = ItemRules.open(spark, LimitOptions(), item="film")
    assert (none.narrow({}, model.dataset), none.hiding("a", model.dataset)) == ({}, [])
    assert none.figures(model.dataset) == {}
    with pytest.raises(ParameterError, match="--where is about columns of --items"):
        ItemRules.open(spark, LimitOptions(where="a > 1"), item="film")
    with pytest.raises(ParameterError, match="--at has no effect without --available"):
        ItemRules.open(spark, LimitOptions(at="2020-01-01"), item="film")


def test_quotas_and_boosts_are_read_with_the_rules(
    spark: SparkSession, model: RecommenderModel, items: str
) -> None:
    rules = opened(
        spark, items=items, where="film <> 'a'", quota="genres=1", boost="year", calibrate="genres"
    )
    assert rules.limits.as_written == {"quota": {"genres": 1}, "boost": "year"}
    nobody = spark.createDataFrame([("new",)], "user string")
    lists = model.rankedLists(3, users=nobody, **rules.narrow({}, model.dataset)).collect()
    assert [row.film for row in lists] == ["b", "d", "c"]  # e is a Drama, as b is


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quota": "genres"}, "--quota is a list"),
        ({"calibration": 0.1}, "--calibration says how much --calibrate COLUMN counts"),
        ({"calibrate": "kind"}, "kind"),
        ({"quota": "genres=many"}, "--quota needs numbers"),
        ({"quota": "genres=1.5"}, "whole number"),
        ({"quota": "kind=1"}, "kind"),
        ({"boost": "genres"}, "'Comedy"),
        ({"boost": "kind"}, "kind"),
    ],
)
def test_what_is_no_quota_and_no_boost(
    spark: SparkSession, items: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises((ParameterError, ColumnError), match=message):
        opened(spark, items=items, **options)
