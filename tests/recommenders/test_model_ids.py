"""Ids given to a model are those of the training data, or refused: never one for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.model import RecommenderModel

NUMBERS = [(1, 10), (1, 11), (7, 11), (7, 12), (9, 10), (9, 12), (9, 13)]
TEXTS = [("7", "a"), ("7", "b"), ("007", "b"), ("007", "c"), ("x", "a"), ("x", "c"), ("x", "d")]

Ask = Callable[[RecommenderModel, DataFrame], Any]
ASK: dict[str, Ask] = {
    "recommendForUserSubset": lambda model, frame: model.recommendForUserSubset(frame, 2),
    "recommendForHistories": lambda model, frame: model.recommendForHistories(frame, 2),
    "users": lambda model, frame: model.rankedLists(2, users=frame),
    "allow": lambda model, frame: model.rankedLists(2, allow=frame),
    "deny": lambda model, frame: model.rankedLists(2, deny=frame),
    "denied to a user": lambda model, frame: model.rankedLists(2, deny=frame),
    "transform": lambda model, frame: model.transform(frame),
    "lists": lambda model, frame: model.copy({model.transformTopK: 2}).transform(frame),
    "pairScores": lambda model, frame: model.pairScores(frame),
    "histories": lambda model, frame: model.explain("7", "a", histories=frame),
    "evaluate": lambda model, frame: gr.evaluate({"a": model}, frame, frame),
}


@pytest.fixture(scope="module")
def numbers(spark: SparkSession) -> RecommenderModel:
    return gr.RandomWalkRecommender().fit(spark.createDataFrame(NUMBERS, "user int, item int"))


@pytest.fixture(scope="module")
def texts(spark: SparkSession) -> RecommenderModel:
    return gr.RandomWalkRecommender().fit(spark.createDataFrame(TEXTS, "user string, item string"))


@pytest.mark.parametrize("call", ASK)
@pytest.mark.parametrize("kind", ["int", "double", "boolean", "binary", "date"])
def test_a_model_of_text_takes_nothing_but_text(
    spark: SparkSession, texts: RecommenderModel, call: str, kind: str
) -> None:
    columns = f"item {kind}" if call == "allow" else f"user {kind}, item {kind}"
    with pytest.raises(ColumnError, match=rf"'(user|item)'.* found {kind}"):
        ASK[call](texts, spark.createDataFrame([], columns))


@pytest.mark.parametrize("call", [name for name in ASK if name != "histories"])
@pytest.mark.parametrize("kind", ["string", "double"])
def test_a_model_of_numbers_takes_nothing_but_whole_numbers(
    spark: SparkSession, numbers: RecommenderModel, call: str, kind: str
) -> None:
    columns = f"item {kind}" if call == "allow" else f"user {kind}, item {kind}"
    with pytest.raises(ColumnError, match=rf"'(user|item)'.* found {kind}"):
        ASK[call](numbers, spark.createDataFrame([], columns))


@pytest.mark.parametrize("kind", ["smallint", "bigint", "decimal(20,0)"])
def test_whole_numbers_may_be_of_any_width(
    spark: SparkSession, numbers: RecommenderModel, kind: str
) -> None:
    pairs = spark.createDataFrame(NUMBERS, "user int, item int")
    cast = pairs.selectExpr(f"cast(user as {kind}) user", f"cast(item as {kind}) item")
    expected = {(row.user, row.item): row.prediction for row in numbers.transform(pairs).collect()}
    found = numbers.transform(cast).collect()
    assert {(int(row.user), int(row.item)): row.prediction for row in found} == expected
    assert numbers.rankedLists(5, deny=cast.select("item").where("item > 10")).count() == 1


def test_what_the_type_of_the_model_cannot_hold_is_unknown(
    spark: SparkSession, numbers: RecommenderModel
) -> None:
    wide = [(1, 12), (2**32 + 1, 12), (1, 2**32 + 12)]  # cut to 32 bits, all are user 1 and item 12
    frame = spark.createDataFrame(wide, "user bigint, item bigint")
    found = {(row.user, row.item): row.prediction for row in numbers.transform(frame).collect()}
    assert found[1, 2**32 + 12] is None
    assert found[2**32 + 1, 12] == pytest.approx(2 / 3)  # of the popularity
    assert found[1, 12] < 0.5
    lists = numbers.recommendForUserSubset(frame, 5).collect()
    assert {row.user: len(row.recommendations) for row in lists} == {1: 2, 2**32 + 1: 4}


def test_text_that_looks_like_a_number_is_one_text(
    spark: SparkSession, texts: RecommenderModel
) -> None:
    frame = spark.createDataFrame([("7", "c"), ("07", "c")], "user string, item string")
    found = texts.rankedLists(5, users=frame).collect()
    assert {(row.user, row.source) for row in found} == {("7", "personal"), ("07", "popular")}


@pytest.mark.parametrize("wrong", [True, 1.5, "1", None, 2**70])
def test_an_explanation_is_of_ids_of_the_type(numbers: RecommenderModel, wrong: Any) -> None:
    for call in ((wrong, 12), (1, wrong)):
        with pytest.raises(ParameterError, match=r"must be an id of the model's type, int; found"):
            numbers.explain(*call)


def test_a_list_is_no_longer_than_the_catalogue(numbers: RecommenderModel) -> None:
    many = numbers.copy({numbers.candidates: 10**9, numbers.numReasons: 10**9})
    lists = many.rankedLists(10**9).collect()
    assert len(lists) == 4 * 3 - len(NUMBERS)
    assert sorted(lists) == sorted(many.rankedLists(4).collect())
    position = many.explain(1, 12, 10**9, numPaths=10**9).position.collect()[0]
    assert (position.outcome, position.length) == ("listed", 4)


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "10", None, float("nan"), 10**400])
def test_a_length_is_a_whole_number(numbers: RecommenderModel, wrong: Any) -> None:
    for ask in (numbers.recommendForAllUsers, numbers.rankedLists, numbers.watchedTogether):
        with pytest.raises(ParameterError, match="numItems must be a whole number of at least 1"):
            ask(wrong)
