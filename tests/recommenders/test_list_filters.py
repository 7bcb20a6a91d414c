"""Quotas, boosts, categories and what was shown: tables, lists, reasons, and without Spark."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.model import RecommenderModel

GENRES = {"a": "War", "b": "War", "c": "War", "d": "Comedy", "e": "Comedy", "f": "Comedy"}


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    """Six films beside z, which all have; nine users have a, eight b, and so on."""
    rows = [(f"u{user}", film) for n, film in enumerate("abcdef") for user in range(9 - n)]
    rows += [(f"u{user}", "z") for user in range(12)]
    frame = spark.createDataFrame(pd.DataFrame(rows, columns=["user", "film"]))
    return gr.ItemKNNRecommender(shownFactor=0.5).fit(frame)


@pytest.fixture(scope="module")
def films(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(list(GENRES.items()), "film string, genre string")


def listed(model: RecommenderModel, spark: SparkSession, **filters: Any) -> str:
    """The list of u11, who has z alone."""
    user = spark.createDataFrame([("u11",)], "user string")
    rows = model.rankedLists(4, users=user, **filters).orderBy("rank").collect()
    return "".join(row.film for row in rows)


def outcome(model: RecommenderModel, film: str, **filters: Any) -> Any:
    return model.explain("u11", film, 4, **filters).position.first()


def test_a_quota_is_kept_and_explained(
    spark: SparkSession, model: RecommenderModel, films: DataFrame
) -> None:
    assert listed(model, spark) == "abcd"
    quotas = gr.category_quotas(films, "film", {"genre": 2})
    assert listed(model, spark, quotas=quotas) == "abde"
    kept_out = outcome(model, "c", quotas=quotas)
    assert (kept_out.outcome, kept_out.full) == ("over quota", "genre=War (2)")
    last = outcome(model, "e", quotas=quotas)
    assert (last.outcome, last["rank"], last.blended_rank, last.full) == ("listed", 4, 5, None)


def test_a_boost_multiplies_the_score(spark: SparkSession, model: RecommenderModel) -> None:
    boosts = spark.createDataFrame(
        [("f", 1.5), ("f", 3.0), ("x", 9.0)], "film string, boost double"
    )
    assert listed(model, spark, boosts=boosts) == "fabc"
    before, after = outcome(model, "f"), outcome(model, "f", boosts=boosts)
    assert after.score == pytest.approx(3 * before.score, rel=1e-5)
    assert (after.outcome, after["rank"], after.boost, before.boost) == ("listed", 1, 3.0, 1.0)
    contributions = model.explain("u11", "f", boosts=boosts).contributions
    assert contributions.agg({"contribution": "sum"}).first()[0] == pytest.approx(after.score)


def test_what_was_shown_and_not_taken_is_demoted(
    spark: SparkSession, model: RecommenderModel
) -> None:
    rows = [("u11", "a", 2), ("u11", "b", None), ("u0", "c", 9), ("u11", "z", 5), ("u11", "q", 1)]
    shown = spark.createDataFrame(rows, "user string, film string, count int")
    assert listed(model, spark, shown=shown) == "cdef"
    position = outcome(model, "a", shown=shown)
    assert (position.outcome, position.demotion) == ("below the list", 0.25)
    assert listed(model, spark, shown=shown.drop("count").where("film = 'a'")) == "bcde"


def test_lists_are_calibrated_by_categories_and_explained(
    spark: SparkSession, model: RecommenderModel, films: DataFrame, scorer: gr.Scorer
) -> None:
    """What u11 has, z, is a comedy."""
    known = films.union(spark.createDataFrame([("z", "Comedy"), ("q", "War")], films.schema))
    categories = gr.item_categories(known, "film", "genre")
    calibrated = model.copy({model.calibration: 0.5})
    found = listed(calibrated, spark, categories=categories)
    assert found == "defa"
    assert listed(calibrated, spark) == "abcd"
    position = outcome(calibrated, "e", categories=categories)
    assert (position.outcome, position["rank"], position.blended_rank) == ("listed", 2, 5)
    rules = scorer.rules(categories=[tuple(row) for row in categories.collect()])
    rows = scorer.recommend(scorer.history("u11"), 4, rules=rules, calibration=0.5)
    assert "".join(row.item for row in rows) == found
    with pytest.raises(ParameterError, match="either diversified or calibrated"):
        listed(model.copy({model.diversity: 0.1}), spark, categories=categories)
    with pytest.raises(ParameterError, match="either diversified or calibrated"):
        scorer.recommend(scorer.history("u11"), 4, rules=rules, diversity=0.1)


@pytest.fixture(scope="module")
def scorer(model: RecommenderModel, tmp_path_factory: pytest.TempPathFactory) -> gr.Scorer:
    path = tmp_path_factory.mktemp("saved") / "model"
    model.save(str(path))
    return gr.Scorer.open(path)


def test_without_spark_rules_are_the_same(
    spark: SparkSession, model: RecommenderModel, films: DataFrame, scorer: gr.Scorer
) -> None:
    rows = gr.category_quotas(films, "film", {"genre": 2}).collect()
    rules = scorer.rules(boosts={"f": 3.0, "x": 2.0}, quotas=[tuple(row) for row in rows])
    shown = {"a": 2, "z": 1}
    quotas = spark.createDataFrame(rows)
    boosts = spark.createDataFrame([("f", 3.0)], "film string, boost double")
    times = spark.createDataFrame([("u11", "a", 2)], "user string, film string, count int")
    expected = listed(model, spark, quotas=quotas, boosts=boosts, shown=times)
    found = scorer.recommend(scorer.history("u11"), 4, shown=shown, rules=rules)
    assert "".join(row.item for row in found) == expected == "fbcd"
    why = scorer.explain(scorer.history("u11"), "e", 4, shown=shown, rules=rules)
    assert (why.outcome, why.full) == ("over quota", "genre=Comedy (2)")
    with pytest.raises(ParameterError, match="boost"):
        scorer.rules(boosts={"a": 0.0})


@pytest.mark.parametrize(
    ("name", "rows", "schema", "message"),
    [
        ("boosts", [("a", -1.0)], "film string, boost double", "within 1e-06 and 1e"),
        ("boosts", [("a", "much")], "film string, boost string", "'much'"),
        ("boosts", [("a", 2.0)], "film string, factor double", "boost"),
        ("quotas", [("a", "x", -1)], "film string, category string, quota int", "quota"),
        ("shown", [("u1", "a", -1)], "user string, film string, count int", "count"),
        ("shown", [("a", 1)], "film string, count int", "user"),
        ("hidden", [("a", 1)], "film string, count int", "no such filter"),
    ],
)
def test_bad_tables(
    spark: SparkSession,
    model: RecommenderModel,
    name: str,
    rows: list[Any],
    schema: str,
    message: str,
) -> None:
    with pytest.raises((ParameterError, ColumnError), match=message):
        listed(model, spark, **{name: spark.createDataFrame(rows, schema)})
