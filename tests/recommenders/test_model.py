"""What no leg changes: names of new columns, uids, what a model holds in memory."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.ml import Pipeline
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError
from graphrec.progress import Event, listen
from graphrec.recommenders.model import RecommenderModel
from tests.persisted import persisted
from tests.recommenders.checkerboard import (
    COLUMNS,
    FILMS,
    frame,
    held_out,
    history,
    rows,
    viewer,
)


@pytest.fixture(scope="module")
def pairs(spark: SparkSession) -> DataFrame:
    cached = frame(spark, rows()).cache()
    assert cached.count()  # so that it is in memory before anything is fitted
    return cached


@pytest.fixture(scope="module")
def model(pairs: DataFrame) -> RecommenderModel:
    return gr.RandomWalkRecommender(predictionCol="chance", **COLUMNS).fit(pairs)


# --- the new column -------------------------------------------------------------------------------


def test_scores_are_in_the_column_that_is_asked_for(
    model: RecommenderModel, pairs: DataFrame
) -> None:
    assert model.getPredictionCol() == "chance"
    found = model.transform(pairs.withColumn("prediction", F.lit("kept")))
    assert sorted(found.columns) == sorted([*pairs.columns, "prediction", "chance"])
    assert found.where("chance is not null and prediction = 'kept'").count() == len(rows())
    assert model.pairScores(pairs).columns == ["viewer", "film", "chance", "walk"]
    # a column that is named as a leg is none of the legs'
    as_a_leg = model.copy({model.predictionCol: "walk"})
    assert as_a_leg.transform(pairs).where("walk is not null").count() == len(rows())
    with pytest.raises(ParameterError, match=r"another column of the name .* found 'walk'"):
        as_a_leg.pairScores(pairs)


def test_lists_are_in_the_column_that_is_asked_for(
    spark: SparkSession, model: RecommenderModel
) -> None:
    wanted = [(viewer(number), film) for number in range(3) for film in held_out(number)]
    held = spark.createDataFrame(wanted, "viewer string, film int")
    lists = model.copy({model.transformTopK: FILMS}).transform(held)
    assert lists.columns == ["viewer", "chance", "label"]
    evaluator = gr.RankingEvaluator(metricName="recall", k=FILMS, predictionCol="chance")
    assert evaluator.evaluate(lists) == 1.0


@pytest.mark.parametrize("taken", ["chance", "Chance"])
def test_a_column_that_is_there_is_not_replaced(
    model: RecommenderModel, pairs: DataFrame, taken: str
) -> None:
    message = f"column {taken} already exists; found .*; drop or rename it, or set another predict"
    with pytest.raises(ColumnError, match=message):
        model.transform(pairs.withColumn(taken, F.lit(1.0)))
    two = [model, model.copy()]
    with pytest.raises(ColumnError, match="column chance already exists"):
        Pipeline(stages=two).fit(pairs).transform(pairs)


def test_a_user_column_with_the_name_of_the_lists_is_refused(pairs: DataFrame) -> None:
    renamed = pairs.withColumnRenamed("viewer", "Chance")
    popular = gr.PopularityRecommender(
        **COLUMNS | {"userCol": "Chance"}, transformTopK=2, predictionCol="chance"
    )
    with pytest.raises(ColumnError, match="column Chance already exists"):
        popular.fit(renamed).transform(renamed)


def test_lists_and_what_was_held_out_are_two_columns(
    model: RecommenderModel, pairs: DataFrame
) -> None:
    with pytest.raises(ParameterError, match="into the column label"):
        model.copy({model.transformTopK: 3, model.predictionCol: "label"}).transform(pairs)


# --- the uid --------------------------------------------------------------------------------------


def test_a_model_has_its_estimators_uid_and_takes_its_parameter_maps(pairs: DataFrame) -> None:
    estimator = gr.PopularityRecommender(**COLUMNS)
    model = estimator.fit(pairs, {estimator.numReasons: 1})
    assert model.uid == model.copy().uid == estimator.uid
    assert model.getOrDefault(estimator.numReasons) == 1
    lists = model.transform(pairs, {estimator.transformTopK: 2})
    assert lists.columns == ["viewer", "prediction", "label"]
    assert str(model.getParam("candidates")) == f"{estimator.uid}__candidates"


# --- pairs ----------------------------------------------------------------------------------------


def test_a_model_that_needed_no_pairs_counts_them_once_when_they_are_asked_for(
    pairs: DataFrame,
) -> None:
    model = gr.PopularityRecommender(**COLUMNS, minSupport=2).fit(pairs)
    events: list[Event] = []
    with listen(events.append):
        assert model.pairs is model.pairs
        assert model.watchedTogether(1).count() > 0
    assert [event.name for event in events if event.seconds is not None] == ["item pairs"]
    assert model.copy().pairs is model.pairs
    assert model.pairs.together.min() >= 2


# --- memory ---------------------------------------------------------------------------------------


def test_a_model_frees_what_it_holds_when_it_is_asked_to(
    spark: SparkSession, pairs: DataFrame
) -> None:
    before = persisted(spark)
    model = gr.PopularityRecommender(**COLUMNS).fit(pairs)
    assert model.graph.vertices.count() == len(history()) + 24
    assert len(persisted(spark) - before) == 4  # rows, interactions, histories, ids of the graph
    model.unpersist()
    assert not persisted(spark) - before
    assert pairs.storageLevel.useMemory  # what the user has cached still is
    assert model.recommendForAllUsers(1).count() == len(history())
    assert model.graph.edges.count() == len(rows())


def test_a_model_frees_what_it_holds_with_the_last_that_shares_it(
    spark: SparkSession, pairs: DataFrame
) -> None:
    before = persisted(spark)
    model: Any = gr.HybridRecommender([gr.RandomWalkRecommender()], **COLUMNS).fit(pairs)
    held = persisted(spark) - before
    assert len(held) == 3
    lists = model.rankedLists(1)
    shares = [model.copy(), *model.baselines().values()]
    del model
    assert persisted(spark) - before == held
    other = gr.PopularityRecommender(**COLUMNS).fit(pairs)  # of the same rows
    assert len(persisted(spark) - before) == 6
    del shares
    assert len(persisted(spark) - before - held) == 3
    assert not held & persisted(spark)
    del other
    assert not persisted(spark) - before
    assert lists.count() == len(history())


def test_a_fit_that_fails_leaves_nothing(spark: SparkSession, pairs: DataFrame) -> None:
    before = persisted(spark)
    lucky = gr.HybridRecommender([gr.RandomWalkRecommender()], weights={"luck": 1.0}, **COLUMNS)
    with pytest.raises(ParameterError):
        lucky.fit(pairs)
    assert not persisted(spark) - before
