"""A hybrid with films that nobody has seen: listed, explained, saved, and served without Spark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.content.new_item_share import LIST_LENGTH, with_share
from graphrec.recommenders.content.reading import read_features
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.list_rules import list_rules
from graphrec.serving.ranking import rank_batch
from tests.recommenders.checkerboard import COLUMNS, FILMS, frame, groups, legs, rows, viewer

NEW = [(100, "even"), (101, "odd"), (102, None)]
EVEN, ODD = viewer(0), viewer(1)


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    return frame(spark, rows()).cache()


@pytest.fixture(scope="module")
def model(spark: SparkSession, ratings: DataFrame) -> RecommenderModel:
    hybrid = gr.HybridRecommender(
        legs(), groups(spark, *NEW), pseudoInteractions=0.0, features=["group"], **COLUMNS
    )
    return hybrid.fit(ratings)


@pytest.fixture(scope="module")
def lists(model: RecommenderModel) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for row in model.rankedLists(FILMS + 10).orderBy("viewer", "rank").collect():
        found.setdefault(row.viewer, []).append((row.film, row.score))
    return found


def test_new_films_are_listed_to_those_who_like_their_group(
    lists: dict[str, list[tuple[int, float]]],
) -> None:
    for user, liked, other in ((EVEN, 100, 101), (ODD, 101, 100)):
        films = [film for film, _ in lists[user]]
        assert films.index(liked) < films.index(other)
        assert len(films) == len(set(films))
        # its place is among the films of the group, and not behind all that others have seen
        assert films.index(liked) < len([film for film in films if film < FILMS]) / 2


def test_a_film_of_which_nothing_is_known_has_no_place(model: RecommenderModel) -> None:
    tables = model.tables
    nameless = tables.catalogue.index_of(102)
    assert nameless == tables.catalogue.size - 1
    assert not tables.factor_legs[0].factors.vector[nameless].any()
    assert nameless not in tables.neighbours.indices


@pytest.mark.parametrize("share", [0.1, 0.15])
def test_new_films_get_the_share_that_they_shall_have(
    model: RecommenderModel, share: float
) -> None:
    """Two of them are for each half of the viewers, who have lists of 10."""
    histories, request = model.some_histories(100), model.request(LIST_LENGTH)
    tables = with_share(model.tables, share, histories, request)
    arrays = tables.arrays(diversify=False)
    rules = list_rules(tables.popularity)
    lists = rank_batch(histories, arrays, rules, tables.fold_ins, request)
    listed = lists.item[lists.item >= 0]
    assert (tables.catalogue.support[listed] == 0).mean() == pytest.approx(share, abs=0.03)


def test_a_film_that_nobody_has_is_listed_to_strangers_by_its_group(
    spark: SparkSession, model: RecommenderModel
) -> None:
    stranger = spark.createDataFrame([("?",)], "viewer string")
    listed = model.rankedLists(FILMS + 3, users=stranger).toPandas().set_index("film")
    assert listed.source[[100, 101, 102]].tolist() == ["new"] * 3
    assert listed["rank"][[100, 101]].max() < FILMS + 3 == listed["rank"][102]
    assert listed.score[102] == 0.0
    even = listed.score[list(range(0, FILMS, 2))]
    assert even.min() < listed.score[100] < even.max()


def test_a_new_film_is_explained_by_the_history_and_by_its_features(
    model: RecommenderModel, lists: dict[str, list[tuple[int, float]]]
) -> None:
    why = model.explain(EVEN, 100)
    [position] = why.position.collect()
    assert position.score == pytest.approx(dict(lists[EVEN])[100], rel=1e-4)
    contributions = why.contributions.toPandas()
    assert contributions.contribution.sum() == pytest.approx(position.score, rel=1e-4)
    common = why.features.toPandas()
    assert set(common.feature) == {"group: even"}
    assert (common.history_item % 2 == 0).all()
    assert common.similarity.tolist() == pytest.approx([1.0] * len(common))
    assert why.paths.count() == 0


def test_a_new_film_goes_with_those_of_its_group(model: RecommenderModel) -> None:
    found = model.watchedTogether(3).where("film >= 100").orderBy("film", "rank").collect()
    assert [(row.film, row["rank"]) for row in found] == [
        (film, rank) for film in (100, 101) for rank in (1, 2, 3)
    ]
    assert all(row.neighbour % 2 == row.film % 2 and row.neighbour < FILMS for row in found)
    assert {(row.together, row.support_item, row.npmi) for row in found} == {(0, 0, None)}
    assert all(row.support_neighbour > 0 for row in found)


def test_new_films_are_compared_among_themselves(
    spark: SparkSession, ratings: DataFrame, model: RecommenderModel
) -> None:
    """Held out are a new film of the own group, and one of which nothing is known."""
    test = spark.createDataFrame([(EVEN, 100), (ODD, 101), (EVEN, 102)], "viewer string, film int")
    found = gr.evaluate({"hybrid": model}, ratings, test, k=1, allow=test)
    means = {row.metric: row["mean"] for row in found.summary.collect()}
    assert means["recall"] == 0.75  # of the even one half
    assert means["hit_rate"] == 1.0
    assert means["catalogue_coverage"] == pytest.approx(2 / 3)
    assert found.ground_truth.unknown == 0
    [support] = found.by_support.collect()
    assert tuple(support) == ("hybrid", 0, 0, 1, 3, 2, pytest.approx(2 / 3))


def test_a_history_of_a_new_film_is_one_of_its_group(
    spark: SparkSession, model: RecommenderModel
) -> None:
    basket = spark.createDataFrame([("new", 101)], "viewer string, film int")
    [row] = model.recommendForHistories(basket, 5).collect()
    assert {entry.film % 2 for entry in row.recommendations} == {1}


def test_a_saved_model_has_the_new_films_in_spark_and_without(
    model: RecommenderModel, lists: dict[str, list[tuple[int, float]]], tmp_path: Path
) -> None:
    path = str(tmp_path / "model")
    assert model.pairs.items == model.dataset.catalogue.size
    model.save(path)
    loaded = type(model).load(path)
    assert loaded.features is not None
    assert model.features is not None
    assert loaded.features.names == model.features.names
    assert np.array_equal(loaded.features.matrix.toarray(), model.features.matrix.toarray())
    scorer = gr.Scorer.open(path)
    listed = scorer.recommend(scorer.history(EVEN), FILMS + 10)
    assert [(row.item, row.score) for row in listed] == lists[EVEN]
    assert scorer.related(100) == []


def test_all_other_columns_that_say_something_are_features_by_default(
    spark: SparkSession, model: RecommenderModel
) -> None:
    known = groups(spark, *NEW).selectExpr("*", "'all' AS same", "film % 3 = 0 AS third")
    _, features = read_features(model.dataset, known, None)
    assert features.kinds == {"group": "category"}
    assert features.left_out["third"] == "it says nothing of what users take"
    assert set(features.left_out) == {"same", "third"}
    assert {name.partition(":")[0] for name in features.names} == {"group"}


@pytest.mark.parametrize(
    ("table", "features", "message"),
    [
        ("SELECT 1 AS film, 'a' AS f UNION ALL SELECT 1, 'b'", None, "one row per item; found 2"),
        ("SELECT 1 AS other, 'a' AS f", None, "film"),
        ("SELECT 1 AS film", None, "has no features"),
        ("SELECT 1 AS film, 'a' AS f", ["g"], "must have the column 'g' once"),
        ("SELECT 'x' AS film, 'a' AS f", None, "not of the model's type"),
        ("SELECT 1 AS film, 'a' AS f", None, "no feature says anything"),
    ],
)
def test_features_that_cannot_be_used_are_one_line(
    spark: SparkSession,
    model: RecommenderModel,
    table: str,
    features: list[str] | None,
    message: str,
) -> None:
    with pytest.raises(ColumnError, match=message):
        read_features(model.dataset, spark.sql(table), features)


def test_features_are_given_to_the_hybrid_and_not_to_a_leg(spark: SparkSession) -> None:
    with pytest.raises(ParameterError, match="give them to the hybrid"):
        gr.HybridRecommender([gr.ContentRecommender(groups(spark))])
    with pytest.raises(ParameterError, match="features must be a list of columns"):
        gr.HybridRecommender(features="genres")
    with pytest.raises(ParameterError, match="the kinds are"):
        gr.HybridRecommender(features=["genres:text"]).check()
