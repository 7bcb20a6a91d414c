"""Whom a hybrid lists what to, and on what ground, where there is no history."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.recommenders.model import RecommenderModel
from graphrec.service.settings import Settings
from tests.recommenders.checkerboard import COLUMNS, FILMS, frame, history, profiles, rows
from tests.service.server import in_process

NEW_FILMS = [99, 77]  # an editor picks them; nobody has seen them
Sourced = list[tuple[int, str]]


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    return frame(spark, rows()).cache()


@pytest.fixture(scope="module")
def model(spark: SparkSession, ratings: DataFrame) -> RecommenderModel:
    people = profiles(spark, ("odd-one", "odd"), ("nothing", None))
    legs = [gr.RandomWalkRecommender(), gr.DemographicRecommender(people, regParam=1.0)]
    picks = spark.createDataFrame([(film,) for film in [*NEW_FILMS, 0]], "film int")
    hybrid = gr.HybridRecommender(legs, defaultItems=picks, pseudoInteractions=0.0, **COLUMNS)
    return hybrid.fit(ratings)


@pytest.fixture(scope="module")
def lists(spark: SparkSession, model: RecommenderModel) -> dict[str, Sourced]:
    """Of two with a history, one with a profile alone, and two of whom nothing is known."""
    users = ["v03", "v99-one", "odd-one", "nothing", "stranger"]
    asked = spark.createDataFrame([(user,) for user in users], "viewer string")
    found: dict[str, Sourced] = {user: [] for user in users}
    for row in model.rankedLists(FILMS + 2, users=asked).orderBy("viewer", "rank").collect():
        found[row.viewer].append((row.film, row.source))
    return found


def test_each_list_says_on_what_ground_it_stands(lists: dict[str, Sourced]) -> None:
    assert {source for _, source in lists["v03"]} == {"personal"}
    assert {source for _, source in lists["odd-one"]} == {"demographic"}
    popular = [(film, "popular") for film, _ in lists["stranger"][:FILMS]]
    assert lists["stranger"] == [*popular, *((film, "picked") for film in NEW_FILMS)]
    assert lists["nothing"] == lists["stranger"]


def test_a_profile_leads_to_what_its_like_have(lists: dict[str, Sourced]) -> None:
    first = [film for film, _ in lists["odd-one"][: FILMS // 2]]
    assert sorted(first) == list(range(1, FILMS, 2))


def test_all_who_have_a_profile_get_lists(model: RecommenderModel) -> None:
    served = {row.viewer for row in model.recommendForAllUsers(1).collect()}
    assert served == {*history(), "odd-one"}  # of "nothing" nothing is known


def test_visitors_are_served_by_what_they_are_like_and_by_their_baskets(
    spark: SparkSession, model: RecommenderModel, lists: dict[str, Sourced]
) -> None:
    visitors = spark.createDataFrame(
        [("profile", "odd", 1), ("both", "even", 2), ("neither", "unheard of", 3)],
        "viewer string, taste string, other int",
    )
    baskets = spark.createDataFrame([("both", 6), ("basket", 6)], "viewer string, film int")
    found = {
        row.viewer: [entry.film for entry in row.recommendations]
        for row in model.recommendForProfiles(visitors, FILMS, histories=baskets).collect()
    }
    assert found["profile"] == [film for film, _ in lists["odd-one"][:FILMS]]
    assert found["neither"] == [film for film, _ in lists["stranger"][:FILMS]]
    assert found["both"][: FILMS - 2] == [film for film, _ in lists["v99-one"][: FILMS - 2]]
    assert 6 not in found["basket"]
    assert all(film % 2 == 0 for film in found["basket"][: FILMS // 2 - 1])


def test_a_saved_model_knows_them_as_well_with_and_without_spark(
    tmp_path: Path, spark: SparkSession, model: RecommenderModel, lists: dict[str, Sourced]
) -> None:
    model.save(str(tmp_path / "model"))
    scorer = gr.Scorer.open(tmp_path / "model")
    for user in ("v03", "odd-one", "stranger"):
        listed = scorer.recommend(scorer.history(user), FILMS + 2)
        assert [(one.item, one.source) for one in listed] == lists[user]
    visitor = scorer.recommend(scorer.extended(scorer.profile({"taste": "odd"}), []), FILMS)
    assert [(one.item, one.source) for one in visitor] == lists["odd-one"][:FILMS]
    assert scorer.explain(scorer.profile({"taste": "odd"}), 1).source == "demographic"
    loaded = RecommenderModel.load(str(tmp_path / "model"))
    unseen = spark.createDataFrame([("?", "odd")], "viewer string, taste string")
    [row] = loaded.recommendForProfiles(unseen, 3).collect()
    assert [entry.film for entry in row.recommendations] == [
        film for film, _ in lists["odd-one"][:3]
    ]


def test_explanations_name_the_ground(model: RecommenderModel, lists: dict[str, Sourced]) -> None:
    film, source = lists["odd-one"][1]
    found = model.explain("odd-one", film)
    [position] = found.position.collect()
    assert (position.source, position["rank"]) == (source, 2)
    shares = {row.leg: row.share for row in found.shares.collect()}
    assert shares["walk"] == 0.0
    assert shares["demographic"] == pytest.approx(position.score)


@pytest.mark.parametrize(
    ("query", "features", "message"),
    [
        ("SELECT 'v01' AS viewer", None, "the table of user features has no features"),
        ("SELECT 'v01' AS viewer, 'x' AS taste", None, "no feature says anything; found taste"),
        ("SELECT 'v01' AS viewer, 1 AS a UNION ALL SELECT 'v01', 2", None, "one row per user"),
        ("SELECT 'v01' AS viewer, 1 AS a", ["b"], "must have the column 'b' once"),
        ("SELECT 7 AS viewer, 1 AS a UNION ALL SELECT 8, 2", None, "viewer"),
    ],
)
def test_what_cannot_be_learned_from_is_one_line(
    spark: SparkSession, ratings: DataFrame, query: str, features: list[str] | None, message: str
) -> None:
    estimator = gr.DemographicRecommender(spark.sql(query), features=features, **COLUMNS)
    with pytest.raises(ColumnError, match=message):
        estimator.fit(ratings)


def test_features_of_nobody_say_so(spark: SparkSession, ratings: DataFrame) -> None:
    strangers = spark.sql("SELECT concat('s', id) AS viewer, id % 2 AS a FROM range(4)")
    with pytest.raises(EmptyInputError, match="no user of the table of user features has a hist"):
        gr.DemographicRecommender(strangers, **COLUMNS).fit(ratings)
    with pytest.raises(ParameterError, match="the table of user features must be a Spark Data"):
        gr.DemographicRecommender(None, **COLUMNS).fit(ratings)


def test_a_hybrid_takes_one_table_of_users(spark: SparkSession, ratings: DataFrame) -> None:
    factors = spark.sql("SELECT 'v01' AS id, array(1.0, 2.0) AS vector")
    legs = [
        gr.PretrainedFactorsRecommender(factors, factors),
        gr.DemographicRecommender(profiles(spark)),
    ]
    with pytest.raises(ParameterError, match="two legs are given vectors or features of users"):
        gr.HybridRecommender(legs, **COLUMNS).fit(ratings)


def test_the_service_takes_features_from_an_address_and_from_a_body(
    model: RecommenderModel, lists: dict[str, Sourced], tmp_path: Path
) -> None:
    """Here, and not beside the other tests of it, because this model has learned from features."""
    model.save(str(tmp_path / "model"))
    settings = Settings(model=str(tmp_path / "model"), events=str(tmp_path / "events.db"))
    with in_process(settings) as client:
        known = f"/users/stranger/recommendations?k={FILMS}&feature=taste=odd&feature=other=x"
        sent = {"user": "stranger", "profile": {"taste": "odd"}, "k": FILMS}
        for answer in (client.get(known), client.post("/recommendations", json=sent)):
            found = [(row["item"], row["source"]) for row in answer.json()["recommendations"]]
            assert found == lists["odd-one"][:FILMS]
        why = client.get(f"/users/stranger/items/1/why?k={FILMS}&feature=taste=odd").json()
        assert (why["source"], why["outcome"]) == ("demographic", "listed")
