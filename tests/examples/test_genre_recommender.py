"""The recommender of the documentation works, alone and as a leg of a hybrid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from examples.genre_recommender import GenreModel, GenreRecommender
from graphrec.cooccurrence.table import ITEM_PAIRS
from graphrec.progress import Event, listen
from graphrec.recommenders.base import RecommenderModel


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    rows = [("ann", "a"), ("ann", "b"), ("ben", "a"), ("ben", "c"), ("cas", "d"), ("cas", "a")]
    return spark.createDataFrame(rows, "user string, item string")


@pytest.fixture(scope="module")
def genres(spark: SparkSession) -> DataFrame:
    rows = [("a", "Crime|Drama"), ("b", "Crime"), ("c", "Crime|Drama|War"), ("d", "Ghosts")]
    return spark.createDataFrame([*rows, ("nobody's", "War")], "item string, genres string")


@pytest.fixture(scope="module")
def model(ratings: DataFrame, genres: DataFrame) -> RecommenderModel:
    return GenreRecommender(genres).fit(ratings)


def test_scores_are_the_similarities_of_genres(
    model: RecommenderModel, spark: SparkSession
) -> None:
    history = spark.createDataFrame([("new", "a")], "user string, item string")
    [row] = model.recommendForHistories(history, 3).collect()
    assert row.user == "new"
    scores = {listed.item: listed.rating for listed in row.recommendations}
    assert list(scores) == ["c", "b", "d"]
    assert list(scores.values()) == pytest.approx([2 / 3, 1 / 2, 0.0])


def test_weak_similarities_do_not_count(
    ratings: DataFrame, genres: DataFrame, spark: SparkSession
) -> None:
    model = GenreRecommender(genres, leastSimilarity=0.6).fit(ratings)
    pairs = spark.createDataFrame([("ann", "c"), ("ben", "b")], "user string, item string")
    scores = {row.item: row.prediction for row in model.transform(pairs).collect()}
    assert scores == pytest.approx({"c": 2 / 3, "b": 0.0})


def test_it_is_explained_and_saved_like_any_other(model: RecommenderModel, tmp_path: Path) -> None:
    parts = model.explain("ann", "c").contributions.collect()
    assert {row.item: row.contribution for row in parts} == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    model.write().save(str(tmp_path / "model"))
    loaded = GenreModel.load(str(tmp_path / "model"))
    assert np.array_equal(loaded.tables.neighbours.data, model.tables.neighbours.data)


def test_it_is_a_leg_of_a_hybrid(ratings: DataFrame, genres: DataFrame) -> None:
    legs = [gr.RandomWalkRecommender(), GenreRecommender(genres)]
    hybrid = gr.HybridRecommender(legs=legs, weights={"walk": 0.7, "genre": 0.3})
    assert hybrid.fit(ratings).legs == ("walk", "genre")


def test_pairs_are_counted_once_for_mmr(ratings: DataFrame, genres: DataFrame) -> None:
    """The leg does not read them, but MMR compares items by them."""
    events: list[Event] = []
    with listen(events.append):
        model = GenreRecommender(genres).fit(ratings)
    counted = [event for event in events if event.name == ITEM_PAIRS and event.seconds is not None]
    assert len(counted) == 1
    assert model.counted_pairs is not None
    assert model.tables.similarity.size == model.tables.neighbours.indices.size
