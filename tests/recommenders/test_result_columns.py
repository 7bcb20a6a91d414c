from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.errors import ColumnError
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.result_columns import TAKEN, require_free_columns

PAIRS = [(1, 10), (1, 11), (7, 11), (7, 12), (9, 10), (9, 12), (9, 13)]


def named(spark: SparkSession, user: str, item: str) -> DataFrame:
    return spark.createDataFrame(PAIRS, f"`{user}` int, `{item}` int")


@pytest.mark.parametrize("name", ["source", "Rank", "WALK", "label", "neighbour", "support"])
def test_a_name_of_the_results_is_refused_before_any_work(spark: SparkSession, name: str) -> None:
    for user, item in ((name, "item"), ("user", name)):
        # the frame cannot be computed
        frame = named(spark, user, item).selectExpr("*", "raise_error('read') AS rating")
        for recommender in (
            gr.RandomWalkRecommender(userCol=user, itemCol=item),
            gr.HybridRecommender(userCol=user, itemCol=item),
        ):
            with pytest.raises(ColumnError, match=rf"cannot be named like .* found '{name}'"):
                recommender.fit(frame)


def test_a_leg_takes_its_name_where_it_is() -> None:
    require_free_columns(InteractionColumns("walk", "item"), ["ease"])
    with pytest.raises(ColumnError, match="'walk'"):
        require_free_columns(InteractionColumns("walk", "item"), ["walk"])


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    legs = [gr.RandomWalkRecommender(), gr.ALSRecommender(rank=2, maxIter=1)]
    return gr.HybridRecommender(legs).fit(named(spark, "user", "item"))


def test_the_names_that_are_taken_are_those_of_the_results(model: RecommenderModel) -> None:
    factors = model.itemFactors
    assert factors is not None
    explained = model.explain(1, 12)
    results: list[tuple[DataFrame, Any]] = [
        (model.rankedLists(1), model.legs),
        (model.recommendForAllUsers(1), ()),
        (model.watchedTogether(1), ()),
        (model.itemPopularity, ()),
        (factors, ()),
        (explained.position, ()),
        (explained.contributions, model.legs),
    ]
    for frame, legs in results:
        assert set(frame.columns) <= {"user", "item", *TAKEN, *legs}


def test_names_of_tables_inside_are_free(spark: SparkSession, model: RecommenderModel) -> None:
    user, item = "item", "items"
    frame = named(spark, user, item)
    legs = [gr.RandomWalkRecommender(), gr.ALSRecommender(rank=2, maxIter=1)]
    own = gr.HybridRecommender(legs, userCol=user, itemCol=item).fit(frame)
    users, items = frame.select(user), frame.select(item)
    lists = own.rankedLists(2, users=users, allow=items, deny=frame.limit(1)).toDF
    plain = named(spark, "user", "item")
    expected = model.rankedLists(2, users=plain, allow=plain, deny=plain.limit(1))
    assert sorted(lists(*expected.columns).collect()) == sorted(expected.collect())
    assert own.transform(frame).columns == [user, item, "prediction"]
    assert own.transform(frame).where("prediction IS NULL").count() == 0
    assert own.copy({own.transformTopK: 2}).transform(frame).columns[0] == user
    assert own.recommendForHistories(frame, 2).count() == 3
    assert own.watchedTogether(2, minSupport=1).columns[0] == item
    assert own.explain(1, 12).position.columns[:2] == [user, item]
