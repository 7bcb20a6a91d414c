"""What a user dislikes is never listed and never a reason, by batch and without Spark alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import EmptyInputError
from graphrec.recommenders.model import RecommenderModel

SCHEMA = "user string, item string, rating double, ts double"
ITEMS = "abcdef"
NOW = 1e9
LOW, REFUSED = "a", "f"  # rated 1, and rated below 0, by u0


def ratings() -> list[tuple[str, str, float, float]]:
    """Six users with five of six items, and one who only dislikes."""
    liked = [
        (f"u{user}", item, 3.0 + (user + place) % 3, NOW + place)
        for user in range(6)
        for place, item in enumerate(ITEMS)
        if item != ITEMS[5 - user] and (user, item) != (0, LOW)
    ]
    return [
        *liked,
        ("u0", LOW, 1.0, NOW),
        ("u0", REFUSED, -1.0, NOW),
        ("u1", "b", -3.0, NOW - 9.0),  # liked later
        ("hater", "b", -2.0, NOW),
    ]


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    legs = [gr.ItemKNNRecommender(), gr.ALSRecommender(rank=2, maxIter=2)]
    hybrid = gr.HybridRecommender(legs, pseudoInteractions=0.0, filterSeen=False)
    return hybrid.fit(spark.createDataFrame(ratings(), SCHEMA))


@pytest.fixture(scope="module")
def lists(model: RecommenderModel) -> dict[str, list[Any]]:
    return by_user(model.rankedLists(6))


@pytest.fixture(scope="module")
def saved(model: RecommenderModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dislikes") / "model"
    model.save(str(path))
    return path


def by_user(ranked: DataFrame) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in ranked.orderBy("user", "rank").collect():
        found.setdefault(row.user, []).append(row)
    return found


def test_what_is_disliked_is_not_listed_even_where_the_history_is(
    lists: dict[str, list[Any]],
) -> None:
    listed = {user: {row["item"] for row in rows} for user, rows in lists.items()}
    assert listed["u0"] == set("bcde")
    assert listed["u1"] == set(ITEMS)  # the dislike is older than the rating
    assert listed["hater"] == set(ITEMS) - {"b"}
    assert {row.source for row in lists["hater"]} == {"popular"}


def test_what_is_disliked_is_no_reason(
    model: RecommenderModel, lists: dict[str, list[Any]]
) -> None:
    by_factors = by_user(model.copy().setParams(weights={"als": 1.0}).rankedLists(6))
    for rows in (lists["u0"], by_factors["u0"]):
        reasons = {item for row in rows for item in row.because}
        assert reasons
        assert not reasons & {LOW, REFUSED}
    assert LOW in {item for row in lists["u1"] for item in row.because}


def test_a_dislike_is_no_interaction_and_a_low_rating_is_a_weak_one(
    model: RecommenderModel,
) -> None:
    figures = model.figures
    assert figures is not None
    assert (figures.dislikes, figures.interactions, figures.rejected_rows) == (2, 30, 0)
    [row] = model.dataset.histories.where("user = 'u0'").collect()
    index = model.dataset.catalogue.index_of(LOW)
    assert row.weights[row["items"].index(index)] == pytest.approx(0.2)  # 1 of 5
    assert model.dataset.users == 6


def test_an_explanation_says_that_it_is_disliked(model: RecommenderModel) -> None:
    for item in (LOW, REFUSED):
        [position] = model.explain("u0", item, 6).position.collect()
        assert position.outcome == "disliked"


def test_a_saved_model_knows_it_with_and_without_spark(
    saved: Path, lists: dict[str, list[Any]]
) -> None:
    loaded = by_user(RecommenderModel.load(str(saved)).rankedLists(6))
    assert loaded == lists
    scorer = gr.Scorer.open(saved)
    for user in ("u0", "u1", "hater"):
        found = scorer.recommend(scorer.history(user), 6)
        assert [(row.item, row.score, row.because) for row in found] == [
            (row["item"], row.score, row.because) for row in lists[user]
        ]
    assert scorer.explain(scorer.history("u0"), REFUSED).outcome == "disliked"
    assert "b" not in scorer.popular(6, hidden=scorer.history("hater"))


def test_new_interactions_are_judged_as_those_that_were_learned_from(
    model: RecommenderModel, saved: Path, spark: SparkSession
) -> None:
    rows = [
        ("a", 5.0, NOW),
        ("a", 2.0, NOW + 1.0),  # the last counts
        ("b", -1.0, NOW),
        ("b", 4.0, NOW + 1.0),  # liked later
        ("c", 5.0, NOW),
        ("c", -1.0, NOW + 1.0),  # disliked in the end
        ("d", 3.0, NOW),
    ]
    frame = spark.createDataFrame([("new", *row) for row in rows], SCHEMA)
    [expected] = model.dataset.histories_in(frame).collect()
    scorer = gr.Scorer.open(saved)
    history = scorer.extended(scorer.history("nobody"), rows)
    assert history.items.tolist() == expected["items"]
    assert history.weights.tolist() == expected.weights
    assert history.disliked.tolist() == expected.disliked
    assert {model.dataset.catalogue.ids[n].as_py() for n in expected.disliked} == {"a", "c"}
    again = scorer.extended(scorer.history("hater"), [("b", 5.0, NOW + 99.0), ("a", None, None)])
    assert not again.disliked.size  # what is not rated is no opinion


def test_from_dislikes_alone_nothing_can_be_learned(spark: SparkSession) -> None:
    rows = [("ann", "a", -1.0, NOW), ("ben", "a", -2.0, NOW)]
    with pytest.raises(EmptyInputError, match="found 2 x disliked"):
        gr.PopularityRecommender().fit(spark.createDataFrame(rows, SCHEMA))
