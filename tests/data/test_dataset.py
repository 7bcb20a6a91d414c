"""Interactions as the one input of every recommender."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

import graphrec as gr
from graphrec.data.dataset import READING, Dataset
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.progress import Event, listen
from tests.persisted import persisted

DAY = 86_400.0
NOW = 1e9
ROWS: list[tuple[Any, ...]] = [
    ("ann", 10, 4.0, NOW),
    ("ann", 11, 2.0, NOW - 30 * DAY),
    ("ann", 10, 1.0, NOW - 60 * DAY),  # once more, and earlier
    ("bob", 10, 5.0, NOW - 30 * DAY),
    ("bob", 12, None, NOW),  # rejected
    ("eve", 11, -1.0, NOW),  # a dislike, and all that eve has
]
PLAIN = ["user", "items", "weights", "times"]
SCHEMA = "viewer string, film int, stars double, day double"
COLUMNS: dict[str, Any] = {
    "userCol": "viewer",
    "itemCol": "film",
    "ratingCol": "stars",
    "timestampCol": "day",
}


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(ROWS, SCHEMA)


@pytest.fixture(scope="module")
def dataset(rows: DataFrame) -> Dataset:
    return Dataset.from_interactions(rows, **COLUMNS)


def histories(frame: DataFrame) -> dict[Any, tuple[list[int], list[float]]]:
    return {row.user: (row["items"], row.weights) for row in frame.collect()}


# --- what it is -----------------------------------------------------------------------------------


def test_interactions_become_histories(dataset: Dataset) -> None:
    assert dataset.columns == InteractionColumns("viewer", "film", "stars", "day")
    assert dataset.catalogue.ids.to_pylist() == [10, 11]  # the one of more users comes first
    assert dataset.users == 2
    assert dataset.histories.columns == [*PLAIN, "stars", "disliked"]
    assert histories(dataset.histories) == {
        "ann": ([0, 1], pytest.approx([0.8, 0.4])),
        "bob": ([0], [1.0]),
    }
    (bob,) = dataset.histories.where("user = 'bob'").collect()
    assert bob.times == [NOW - 30 * DAY]
    assert dataset.id_types == {"viewer": T.StringType(), "film": T.IntegerType()}
    assert dataset.timed
    assert dataset.latest == NOW


def test_what_was_read_is_counted(dataset: Dataset) -> None:
    figures = dataset.figures
    assert figures is not None
    assert (figures.rows_read, figures.accepted_rows, figures.interactions) == (6, 5, 3)
    assert (figures.dislikes, figures.combined_rows) == (1, 1)
    assert figures.rejected == {"rating is missing": 1}
    assert figures.capped is not None
    assert figures.capped.longest == 2000
    assert dataset.rejected is not None
    rejected = {(row.viewer, row.film, row.reason) for row in dataset.rejected.collect()}
    assert rejected == {("bob", 12, "rating is missing")}


def test_what_is_disliked_is_known_of_those_with_a_history_and_without(rows: DataFrame) -> None:
    """Whether it is rated below 0, or below what the user likes."""
    more = rows.union(rows.sparkSession.createDataFrame([("bob", 11, -2.0, NOW)], SCHEMA))
    with Dataset.from_interactions(more, **COLUMNS, likedFrom=3.0) as made:
        found = {row.user: (row["items"], row.stars, row.disliked) for row in made.served.collect()}
        assert found == {
            "ann": ([0, 1], [4.0, 2.0], [1]),
            "bob": ([0], [5.0], [1]),
            "eve": ([], [], [1]),
        }
        assert {row.user for row in made.histories.collect()} == {"ann", "bob"}
        assert made.catalogue.support.tolist() == [2, 1]  # a dislike is no interaction
        assert made.rules.in_force["liked_from"] == made.params["likedFrom"] == 3.0


def test_what_is_liked_by_default_is_told_by_the_ratings(rows: DataFrame) -> None:
    amounts = rows.where("stars > 0").withColumn("stars", F.pow("stars", F.lit(3)))
    with Dataset.from_interactions(rows, **COLUMNS) as made:  # 2, 4, 5
        assert made.rules.in_force == {"liked_from": 3.5, "preference": "graded"}
        assert (made.params["likedFrom"], made.params["preference"]) == (None, None)
    with Dataset.from_interactions(amounts, **COLUMNS) as made:  # 8, 64, 125
        assert made.rules.in_force == {"liked_from": 0.0, "preference": "binary"}
        assert made.histories.columns == PLAIN


def test_columns_of_usual_names_are_found(spark: SparkSession) -> None:
    usual = spark.createDataFrame(
        [(1, 2, 3.0, NOW)], "userId int, movieId int, rating double, ts double"
    )
    with gr.Dataset.from_interactions(usual, timestampCol="") as found:
        assert found.columns == InteractionColumns("userId", "movieId", "rating", None)
        assert not found.timed
        assert found.latest is None
        assert found.params == {
            "userCol": "userId",
            "itemCol": "movieId",
            "ratingCol": "rating",
            "timestampCol": "",
            "eventCol": None,
            "eventWeights": None,
            "targetEvent": None,
            "duplicates": "last",
            "preference": None,
            "likedFrom": None,
            "halfLife": None,
            "maxHistory": 2000,
        }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"preference": "weight"}, {"ann": [4.0, 2.0], "bob": [5.0]}),
        ({"preference": "weight", "duplicates": "sum"}, {"ann": [5.0, 2.0], "bob": [5.0]}),
        ({"halfLife": 30.0, "preference": "binary"}, {"ann": [1.0, 0.5], "bob": [0.5]}),
        ({"preference": "graded"}, {"ann": [0.8, 0.4], "bob": [1.0]}),
        ({"halfLife": 30.0}, {"ann": [0.8, 0.2], "bob": [0.5]}),
        ({"halfLife": 30.0, "preference": "weight"}, {"ann": [4.0, 1.0], "bob": [2.5]}),
    ],
)
def test_weights_follow_the_rules(
    rows: DataFrame, given: dict[str, Any], expected: dict[str, list[float]]
) -> None:
    with Dataset.from_interactions(rows, **COLUMNS | given) as made:
        found = histories(made.histories)
        assert {user: pytest.approx(weights) for user, (_, weights) in found.items()} == expected
        assert {name: made.params[name] for name in given} == given


def test_histories_beyond_the_longest_are_counted(rows: DataFrame, spark: SparkSession) -> None:
    many = spark.createDataFrame([("ann", film, 1.0, NOW) for film in range(5)], SCHEMA)
    with Dataset.from_interactions(many, **COLUMNS, maxHistory=2) as made:
        assert made.figures is not None
        assert made.figures.capped is not None
        assert (made.figures.capped.users, made.figures.capped.interactions) == (1, 3)
        assert histories(made.histories)["ann"][0] == [0, 1, 2, 3, 4]  # none is cut off here


def test_the_stages_are_reported(rows: DataFrame) -> None:
    events: list[Event] = []
    with listen(events.append), Dataset.from_interactions(rows, **COLUMNS):
        ends = [event for event in events if event.seconds is not None]
    assert [event.name for event in ends] == [*READING]
    assert ends[0].counts == {"rows": 6, "accepted": 5, "rejected": 1}
    assert ends[1].counts == {"users": 2, "items": 2}


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"duplicates": "first"}, "one of last, sum, mean, max"),
        ({"preference": "stars"}, "one of binary, weight, graded"),
        ({"halfLife": 0.0}, "above 0"),
        ({"maxHistory": 1}, "at least 2"),
        ({"halfLife": 1.0, "timestampCol": ""}, "needs a timestamp column"),
    ],
)
def test_wrong_values_are_answered(rows: DataFrame, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Dataset.from_interactions(rows, **COLUMNS | given)


def test_what_is_no_table_of_interactions_is_refused(spark: SparkSession, rows: DataFrame) -> None:
    with pytest.raises(ParameterError, match="must be a Spark DataFrame"):
        Dataset.from_interactions([("ann", 10)])  # type: ignore[arg-type]
    with pytest.raises(ColumnError, match="there is no column 'movie' for the item"):
        Dataset.from_interactions(rows, userCol="viewer", itemCol="movie")
    with pytest.raises(EmptyInputError):
        Dataset.from_interactions(rows.limit(0), **COLUMNS)


def test_it_cannot_be_changed(dataset: Dataset) -> None:
    with pytest.raises(FrozenInstanceError):
        dataset.users = 3  # type: ignore[misc]


# --- other histories ------------------------------------------------------------------------------


def test_histories_of_users(spark: SparkSession, dataset: Dataset) -> None:
    wanted = spark.createDataFrame([("bob",), ("bob",), ("new",), (None,)], "viewer string")
    found = dataset.histories_of(wanted)
    assert found.columns == dataset.histories.columns
    assert histories(found) == {"bob": ([0], [1.0]), "new": ([], [])}


def test_histories_in_other_interactions(spark: SparkSession, rows: DataFrame) -> None:
    with Dataset.from_interactions(rows, **COLUMNS, halfLife=30.0, preference="weight") as made:
        others = [
            ("new", 11, 8.0, NOW - 30 * DAY),
            ("new", 99, 8.0, NOW),  # no item that is known
            ("odd", 10, -1.0, NOW),  # a dislike is no interaction
            ("ann", 11, 8.0, NOW + 300 * DAY),  # later than all that was read: not weighed up
        ]
        found = made.histories_in(spark.createDataFrame(others, SCHEMA))
        assert histories(found) == {
            "new": ([1], [4.0]),
            "odd": ([], []),
            "ann": ([1], [8.0]),
        }
        bare = made.histories_in(spark.createDataFrame([("new", 10)], "viewer string, film int"))
        assert histories(bare) == {"new": ([0], [1.0])}


def test_other_histories_leave_the_first_as_they_are(dataset: Dataset) -> None:
    one = dataset.with_histories(dataset.histories.where("user = 'bob'"))
    assert set(histories(one.histories)) == {"bob"}
    assert set(histories(dataset.histories)) == {"ann", "bob"}
    assert one.latest == NOW - 30 * DAY
    assert (one.columns, one.rules, one.users) == (dataset.columns, dataset.rules, dataset.users)


def test_pairs_of_known_items_by_index(spark: SparkSession, dataset: Dataset) -> None:
    pairs = [("ann", 11), ("ann", 11), ("new", 10), ("ann", 99)]
    found = dataset.indexed(spark.createDataFrame(pairs, "viewer string, film long"))
    assert {tuple(row) for row in found.collect()} == {("ann", 1), ("new", 0)}


# --- memory ---------------------------------------------------------------------------------------


def test_its_memory_is_freed_at_the_end_of_a_block(spark: SparkSession, rows: DataFrame) -> None:
    before = persisted(spark)
    with Dataset.from_interactions(rows, **COLUMNS) as made:
        assert len(persisted(spark) - before) == 3  # rows, interactions, histories
    assert not persisted(spark) - before
    assert histories(made.histories)["bob"] == ([0], [1.0])  # read again


def test_its_memory_is_freed_with_the_last_that_refers_to_it(
    spark: SparkSession, rows: DataFrame
) -> None:
    before = persisted(spark)
    made = Dataset.from_interactions(rows, **COLUMNS)
    other = made.with_histories(made.histories.limit(1))
    del made
    assert len(persisted(spark) - before) == 3
    del other
    assert not persisted(spark) - before


def test_a_source_that_is_gone_is_no_longer_needed(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("user,item\nann,a\nbob,a\nbob,b\n")
    read = spark.read.csv(str(file), header=True)
    with Dataset.from_interactions(read) as made:
        file.unlink()
        assert histories(made.histories)["bob"][0] == [0, 1]
