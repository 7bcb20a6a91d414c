"""What every recommender must do, whatever it learns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.data.dataset import READING, Dataset
from graphrec.data.figures import CappedHistories
from graphrec.errors import OutputExistsError, ParameterError, UnreadableInputError
from graphrec.progress import Event, listen
from graphrec.recommenders.base import Recommender
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.popularity import PopularityModel, PopularityRecommender
from graphrec.recommenders.walks.estimator import RandomWalkModel, RandomWalkRecommender
from tests.recommenders.checkerboard import (
    COLUMNS,
    FILMS,
    USERS,
    frame,
    given,
    held_out,
    history,
    made_of_settings,
    messy_rows,
    recommenders,
    rows,
    seen,
    viewer,
)

NAMES = [
    "als",
    "content",
    "demographic",
    "knn",
    "embedding",
    "given",
    "hybrid",
    "learned-once",
    "mllib",
    "neural",
    "popularity",
    "pagerank",
    "ease",
    "p3",
    "trend",
]
PERSONAL = [name for name in NAMES if name not in ("popularity", "trend")]
# Their lists are the same, but MLlib sums in the order in which blocks arrive.
NOT_TO_THE_BIT = ["mllib"]

Lists = dict[str, list[Row]]
personal = pytest.mark.parametrize("fitted", PERSONAL, indirect=True)


@dataclass(frozen=True)
class Fitted:
    name: str
    estimator: Recommender
    model: RecommenderModel
    events: list[Event]  # of the fit

    @cached_property
    def lists(self) -> Lists:
        """Every user's list of everything: k is larger than the catalogue."""
        return by_user(self.model.rankedLists(FILMS + 10))


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    return frame(spark, rows()).cache()


@pytest.fixture(scope="module", params=NAMES)
def fitted(request: pytest.FixtureRequest, spark: SparkSession, ratings: DataFrame) -> Fitted:
    estimator = recommenders(spark)[request.param]
    events: list[Event] = []
    with listen(events.append):
        model = estimator.fit(ratings, {estimator.numReasons: 2})
    return Fitted(request.param, estimator, model, events)


def by_user(lists: DataFrame) -> Lists:
    found: Lists = {}
    for row in sorted(lists.collect(), key=lambda row: (row.viewer, row["rank"])):
        found.setdefault(row.viewer, []).append(row)
    return found


def nested(lists: DataFrame) -> dict[str, list[tuple[int, float]]]:
    """(film, score) of ALSModel's schema, in the order of the arrays."""
    return {row.viewer: [tuple(entry) for entry in row.recommendations] for row in lists.collect()}


def films(lists: Lists, user: str) -> list[int]:
    return [row.film for row in lists[user]]


def scored(lists: Lists, user: str, length: int) -> list[tuple[int, float]]:
    return [(row.film, row.score) for row in lists[user][:length]]


# --- datasets -------------------------------------------------------------------------------------


def test_a_dataset_is_read_once(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "ratings"
    frame(spark, rows()).write.parquet(str(folder))
    with gr.Dataset.from_interactions(spark.read.parquet(str(folder)), **COLUMNS) as dataset:
        rmtree(folder)
        for estimator in (gr.RandomWalkRecommender(), gr.PopularityRecommender(**COLUMNS)):
            assert estimator.fit(dataset).rankedLists(1).count() == len(history())


@pytest.mark.parametrize(
    ("given", "set_here"),
    [
        ({}, {"halfLife": 30.0}),
        ({"halfLife": 30.0}, {"halfLife": None}),
        ({}, {"timestampCol": ""}),
        ({}, {"userCol": "film", "itemCol": "viewer"}),
        ({"duplicates": "sum"}, {"duplicates": "last"}),
    ],
)
def test_a_dataset_of_other_parameters_is_refused(
    ratings: DataFrame, given: dict[str, Any], set_here: dict[str, Any]
) -> None:
    (name, *_) = set_here
    with gr.Dataset.from_interactions(ratings, **COLUMNS | given) as dataset:
        with pytest.raises(ParameterError, match=f"the dataset was made with another {name} than"):
            PopularityRecommender(**set_here).fit(dataset)
        model = PopularityRecommender().fit(dataset)
        assert all(model.value(name) == value for name, value in dataset.params.items())


# --- lists ----------------------------------------------------------------------------------------


@personal
def test_the_own_group_comes_first(fitted: Fitted) -> None:
    for number in range(USERS):
        own = [film for film in films(fitted.lists, viewer(number)) if film % 2 == number % 2]
        assert set(held_out(number)) <= set(own)
        assert films(fitted.lists, viewer(number))[: len(own)] == own


def test_a_fit_takes_the_steps_that_it_announced(fitted: Fitted) -> None:
    learning = fitted.estimator.stages()
    assert learning is not None
    announced = [*READING, *learning]
    ends = [event for event in fitted.events if event.seconds is not None and not event.within]
    assert [event.name for event in ends] == announced
    steps = len(announced)
    assert [event.step_text for event in ends] == [f"step {n + 1} of {steps}" for n in range(steps)]


def test_lists_hold_everything_unseen_once_and_best_first(fitted: Fitted) -> None:
    assert fitted.lists.keys() == history().keys()
    for user, listed in fitted.lists.items():
        unseen = set(range(FILMS)) - set(history()[user])
        assert len(listed) == len(unseen)
        assert {row.film for row in listed} == unseen
        assert [row["rank"] for row in listed] == list(range(1, len(listed) + 1))
        scores = [row.score for row in listed]
        assert scores == sorted(scores, reverse=True)
        assert all(map(math.isfinite, scores))


def test_lists_say_where_they_come_from(fitted: Fitted) -> None:
    source = "popular" if fitted.name == "popularity" else "personal"
    for user, listed in fitted.lists.items():
        for row in listed:
            assert row.source == source
            assert len(row.because) <= 2
            assert set(row.because) <= set(history()[user])
            shares = [row[leg] for leg in fitted.model.legs]
            assert not shares or sum(shares) == pytest.approx(row.score, abs=1e-5)
    reasons = [row.because for listed in fitted.lists.values() for row in listed[:1]]
    by_history = [name for name in PERSONAL if name != "demographic"]
    assert any(reasons) == (fitted.name in by_history)  # no item of a history makes a trend


def test_ids_come_back_in_the_types_they_came_in(fitted: Fitted) -> None:
    assert dict(fitted.model.rankedLists(1).dtypes) == {
        "viewer": "string",
        "film": "int",
        "rank": "int",
        "score": "float",
        **dict.fromkeys(fitted.model.legs, "float"),
        "because": "array<int>",
        "source": "string",
        "history_size": "int",
    }


def test_all_users_in_the_schema_of_ALSModel(fitted: Fitted) -> None:
    frame = fitted.model.recommendForAllUsers(4)
    assert frame.dtypes == [
        ("viewer", "string"),
        ("recommendations", "array<struct<film:int,rating:float>>"),
    ]
    assert nested(frame) == {user: scored(fitted.lists, user, 4) for user in history()}


def test_a_subset_with_strangers(spark: SparkSession, fitted: Fitted) -> None:
    wanted = [("v03",), ("v99-one",), ("v03",), ("stranger",), (None,)]
    found = nested(
        fitted.model.recommendForUserSubset(spark.createDataFrame(wanted, "viewer string"), 4)
    )
    support = {film: sum(film in seen for seen in history().values()) for film in range(FILMS)}
    popular = sorted(range(FILMS), key=lambda film: (-support[film], film))[:4]
    assert found == {
        "v03": scored(fitted.lists, "v03", 4),
        "v99-one": scored(fitted.lists, "v99-one", 4),
        "stranger": [(film, pytest.approx(support[film] / len(history()))) for film in popular],
    }


def test_nobody_is_asked_for(spark: SparkSession, fitted: Fitted) -> None:
    nobody = spark.createDataFrame([], "viewer string")
    assert fitted.model.recommendForUserSubset(nobody, 4).collect() == []


def test_baskets_are_served_as_users_with_the_same_history(
    spark: SparkSession, fitted: Fitted
) -> None:
    basket = [("basket", film) for film in [*history()["v04"], 999]]  # nobody knows 999
    unknown = [("unknown", 999), ("v04", 6)]  # what is known of v04 does not count
    dataset = spark.createDataFrame([*basket, *basket[:2], *unknown], "viewer string, film int")
    found = nested(fitted.model.recommendForHistories(dataset, FILMS))
    assert found.keys() == {"basket", "unknown", "v04"}
    if fitted.name != "demographic":  # it goes by who they are
        assert found["basket"] == scored(fitted.lists, "v04", FILMS)
        assert found["v04"] == scored(fitted.lists, "v99-one", FILMS)
    assert len(found["unknown"]) == FILMS  # the most popular, nothing of it seen


def test_allowed_and_denied_items_and_the_source_of_each_list(
    spark: SparkSession, fitted: Fitted
) -> None:
    users = spark.createDataFrame([("v03",), ("stranger",)], "viewer string")
    allow = spark.createDataFrame([(film,) for film in (1, 3, 7, 8, 10, 999)], "film int")
    deny = spark.createDataFrame([(8,), (3,), (777,)], "film int")
    found = by_user(fitted.model.rankedLists(FILMS, users=users, allow=allow, deny=deny))
    listed = [film for film in films(fitted.lists, "v03") if film in (1, 7, 10)]
    assert films(found, "v03") == listed
    assert sorted(films(found, "stranger")) == [1, 7, 10]
    assert {row.source for row in found["stranger"]} == {"popular"}
    assert {row.source for row in found["v03"]} == {fitted.lists["v03"][0].source}
    nothing = spark.createDataFrame([], "film int")
    assert fitted.model.rankedLists(3, users=users, allow=nothing).collect() == []


def test_seen_items_and_items_denied_to_one_user(spark: SparkSession, fitted: Fitted) -> None:
    everything = fitted.model.copy({fitted.model.filterSeen: False})
    assert fitted.model.value("filterSeen")
    users = spark.createDataFrame([("v03",), ("v05",)], "viewer string")
    deny = spark.createDataFrame(
        [("v03", 5), ("v03", 8), ("v05", 0), ("v06", 1), ("v05", 999)], "viewer string, film int"
    )
    found = by_user(everything.rankedLists(FILMS, users=users, deny=deny))
    assert set(films(found, "v03")) == set(range(FILMS)) - {5, 8}
    assert set(films(found, "v05")) == set(range(FILMS)) - {0}


def test_a_list_has_at_least_one_place(fitted: Fitted) -> None:
    with pytest.raises(ParameterError, match=r"^numItems must be a whole number of at least 1; f"):
        fitted.model.recommendForAllUsers(0)


# --- explanations ---------------------------------------------------------------------------------


def test_explanations_sum_to_the_scores_of_the_lists(fitted: Fitted) -> None:
    row = fitted.lists["v03"][2]
    found = fitted.model.explain("v03", row.film, FILMS)
    [position] = found.position.collect()
    assert (position.viewer, position.film) == ("v03", row.film)
    assert (position.outcome, position["rank"], position.source) == ("listed", 3, row.source)
    assert position.score == pytest.approx(row.score, abs=1e-5)
    shares = {leg.leg: leg.share for leg in found.shares.collect()}
    assert sum(shares.values()) == pytest.approx(row.score, abs=1e-5)
    parts = found.contributions.collect()
    assert sum(part.contribution for part in parts) == pytest.approx(row.score, abs=1e-4)
    for leg in fitted.model.legs:
        assert shares[leg] == pytest.approx(row[leg], abs=1e-5)
        assert sum(part[leg] for part in parts) == pytest.approx(shares[leg], abs=1e-4)
    items = [part.film for part in parts if part.part == "history"]
    assert sorted(items) == ([] if fitted.name == "popularity" else history()["v03"])


# --- scores ---------------------------------------------------------------------------------------


def test_transform_scores_pairs_as_the_lists_do(spark: SparkSession, fitted: Fitted) -> None:
    users = ["v03", "v98-hub", "stranger"]
    pairs = [(user, film, "kept") for user in users for film in range(FILMS)]
    odd = [("v03", 999, "kept"), ("v03", None, "kept"), (None, 3, "kept"), ("v03", 3, "kept")]
    dataset = spark.createDataFrame([*pairs, *odd], "viewer string, film int, note string")
    frame = fitted.model.transform(dataset)
    assert sorted(frame.dtypes) == [
        ("film", "int"),
        ("note", "string"),
        ("prediction", "float"),
        ("viewer", "string"),
    ]
    found = frame.collect()
    assert len(found) == len(pairs) + len(odd)
    scores = {(row.viewer, row.film): row.prediction for row in found}
    assert scores["v03", 999] is scores["v03", None] is None
    assert all(math.isfinite(scores[user, film]) for user, film, _ in pairs)
    for user in ("v03", "v98-hub"):
        for film, score in scored(fitted.lists, user, FILMS):
            assert scores[user, film] == pytest.approx(score, abs=1e-5)
    popular = nested(fitted.model.recommendForUserSubset(dataset.where("viewer = 'stranger'"), 5))
    for film, score in popular["stranger"]:
        assert scores["stranger", film] == score


def test_transform_gives_lists_for_a_ranking_evaluator(spark: SparkSession, fitted: Fitted) -> None:
    model = fitted.model.copy({fitted.model.transformTopK: 3})
    pairs = [("v03", 3), ("v03", 13), ("v10", 999)]
    frame = model.transform(spark.createDataFrame(pairs, "viewer string, film int"))
    assert frame.dtypes == [
        ("viewer", "string"),
        ("prediction", "array<int>"),
        ("label", "array<int>"),
    ]
    found = {row.viewer: (row.prediction, sorted(row.label)) for row in frame.collect()}
    assert found == {
        "v03": (films(fitted.lists, "v03")[:3], [3, 13]),
        "v10": (films(fitted.lists, "v10")[:3], [999]),
    }


def test_what_is_not_listed_again_is_no_label(spark: SparkSession, ratings: DataFrame) -> None:
    model = PopularityRecommender(**COLUMNS, transformTopK=3).fit(ratings)
    pairs = [("v03", 3), ("v03", 3), ("v03", seen(3)[0]), ("v04", seen(4)[0]), ("v05", None)]
    frame = spark.createDataFrame(pairs, "viewer string, film int")
    labels = {row.viewer: sorted(row.label) for row in model.transform(frame).collect()}
    assert labels == {"v03": [3], "v04": [], "v05": []}
    again = model.copy({model.filterSeen: False}).transform(frame)
    labels = {row.viewer: sorted(row.label) for row in again.collect()}
    assert labels == {"v03": sorted({3, seen(3)[0]}), "v04": [seen(4)[0]], "v05": []}


# --- the same again -------------------------------------------------------------------------------


def assert_same(fitted: Fitted, again: RecommenderModel, *, bits: bool = True) -> None:
    found = by_user(again.rankedLists(FILMS + 10))
    assert found.keys() == fitted.lists.keys()
    for user, listed in fitted.lists.items():
        if bits:
            assert found[user] == listed
        else:
            expected = {row.film: pytest.approx(row.score, abs=1e-4) for row in listed}
            assert {row.film: row.score for row in found[user]} == expected


@pytest.fixture(scope="module")
def messy(spark: SparkSession) -> Dataset:
    """The same interactions with bad rows and repeated ones among them, dealt otherwise."""
    dealt = frame(spark, messy_rows()).repartition(5, F.col("stars")).sortWithinPartitions("film")
    return gr.Dataset.from_interactions(dealt, **COLUMNS)


def test_a_fit_to_a_dataset_of_messy_rows_gives_the_same_bits(
    spark: SparkSession, messy: Dataset, fitted: Fitted
) -> None:
    estimator = recommenders(spark)[fitted.name]
    events: list[Event] = []
    with listen(events.append):
        again = estimator.fit(messy, {estimator.numReasons: 2})
    assert not {event.name for event in events} & set(READING)
    assert again.value("userCol") == "viewer"
    assert_same(fitted, again, bits=fitted.name not in NOT_TO_THE_BIT)
    assert again.figures is not None
    assert sum(again.figures.rejected.values()) == 6
    assert (again.figures.duplicates, again.figures.combined_rows) == ("last", len(rows()[::5]))
    assert again.figures.capped == CappedHistories(2000, users=0, interactions=0)
    assert again.rejected is not None
    assert len({row.reason for row in again.rejected.collect()}) == 6


def test_a_saved_model_gives_the_same_bits(fitted: Fitted, tmp_path: Path) -> None:
    path = str(tmp_path / "model")
    fitted.model.write().save(path)
    loaded = type(fitted.model).load(path)
    assert type(loaded) is type(fitted.model)
    assert loaded.uid == fitted.model.uid
    own = [own.name for own in fitted.model.params]
    assert {n: loaded.value(n) for n in own} == {n: fitted.model.value(n) for n in own}
    assert [n for n in own if loaded.isSet(n)] == [n for n in own if fitted.model.isSet(n)]
    assert loaded.summary == fitted.model.summary
    assert loaded.figures == fitted.model.figures
    assert_same(fitted, loaded)
    with pytest.raises(OutputExistsError, match=r"write\(\).overwrite\(\)"):
        fitted.model.write().save(path)


@pytest.mark.usefixtures("spark")
def test_a_saved_model_is_replaced_when_that_is_asked_for(
    ratings: DataFrame, tmp_path: Path
) -> None:
    path = str(tmp_path / "model")
    with pytest.raises(UnreadableInputError, match="there is no model at"):
        PopularityModel.load(path)
    model = PopularityRecommender(**COLUMNS).fit(ratings)
    for candidates in (100, 250):
        model.setParams(candidates=candidates).write().overwrite().save(path)
        assert RecommenderModel.load(path).value("candidates") == candidates
    lists = sorted(model.rankedLists(2).collect())
    RecommenderModel.load(path).setParams(candidates=7).write().overwrite().save(path)
    assert RecommenderModel.load(path).value("candidates") == 7
    assert sorted(RecommenderModel.load(path).rankedLists(2).collect()) == lists
    with pytest.raises(
        UnreadableInputError, match="is not a RandomWalkModel; found PopularityMode"
    ):
        RandomWalkModel.load(path)


def test_long_ids_text_ids_and_names_that_need_quotes(spark: SparkSession) -> None:
    pairs = [(2**40, "b"), (2**40, "a"), (-5, "b"), (7, "c")]
    data = spark.createDataFrame(pairs, "`viewer id` bigint, `film.id` string")
    recommender = RandomWalkRecommender(userCol="viewer id", itemCol="film.id", method="pagerank")
    model = recommender.fit(data)
    assert isinstance(model, RandomWalkModel)
    lists = model.recommendForAllUsers(5)
    assert lists.schema.simpleString() == (
        "struct<viewer id:bigint,recommendations:array<struct<film.id:string,rating:float>>>"
    )
    found = {user: [film for film, _ in listed] for user, listed in lists.collect()}
    assert found == {2**40: ["c"], -5: ["a", "c"], 7: ["b", "a"]}
    assert model.recommendForUserSubset(data, 1).count() == 3
    assert model.recommendForHistories(data, 1).count() == 3
    films = data.select("`film.id`")
    assert model.rankedLists(5, allow=films, deny=data).count() == 5
    assert model.transform(data).where("prediction IS NULL").count() == 0
    assert model.copy({model.transformTopK: 2}).transform(data).count() == 3
    assert model.watchedTogether(5, minSupport=1).columns[:2] == ["film.id", "neighbour"]
    with pytest.raises(ParameterError, match=r"^minSupport must be"):
        model.watchedTogether(5, minSupport=0)
    with pytest.raises(ParameterError, match=r"^shrinkage must be"):
        model.watchedTogether(5, shrinkage=-1.0)


# --- parameters -----------------------------------------------------------------------------------

wrong_parameters = pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"maxNeighbour": 5}, "did you mean maxNeighbours"),
        ({"maxNeighbours": 0}, "at least 1"),
        ({"diversity": 1.5}, "from 0 to 1"),
        ({"duplicates": "first"}, "one of last, sum, mean, max"),
        ({"filterSeen": "yes"}, "True or False"),
        ({"halfLife": -1}, "above 0"),
    ],
)


def test_a_param_map_is_for_one_fit(fitted: Fitted) -> None:
    assert (fitted.model.value("numReasons"), fitted.estimator.value("numReasons")) == (2, 3)
    assert fitted.model.value("userCol") == "viewer"


@pytest.mark.parametrize("name", made_of_settings())
@wrong_parameters
def test_wrong_parameters_are_answered(name: str, wrong: dict[str, Any], message: str) -> None:
    recommender = made_of_settings()[name]
    with pytest.raises(ParameterError, match=message):
        recommender.setParams(**wrong)


@wrong_parameters
def test_wrong_parameters_beside_factors_are_answered(
    spark: SparkSession, wrong: dict[str, Any], message: str
) -> None:
    recommender = given(spark)
    with pytest.raises(ParameterError, match=message):
        recommender.setParams(**wrong)


def test_a_wrong_value_in_a_param_map_is_answered(ratings: DataFrame) -> None:
    recommender = PopularityRecommender(**COLUMNS)
    with pytest.raises(ParameterError, match="numReasons must be a whole number of at least 0"):
        recommender.fit(ratings, {recommender.numReasons: -1})
