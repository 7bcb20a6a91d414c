"""Explored slots of all users' lists, learned from events, are the same in whatever partitions."""

from __future__ import annotations

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.events import find_event_columns
from graphrec.experiments.bandits import EpsilonGreedy, ThompsonSampler
from graphrec.experiments.exploration import Exploration
from graphrec.experiments.explored_lists import explored_lists
from graphrec.experiments.item_feedback import item_feedback

USERS, POOL, LENGTH = 300, 8, 3
DAY = 86_400.0
FAVOURITES = ["i6", "i7"]


@pytest.fixture(scope="module")
def lists(spark: SparkSession) -> DataFrame:
    """i1 ... i8 for every user, but a short list for u0, beyond an offset of 1."""
    rows = [
        (f"u{n}", f"i{at}", at + 1, float(-at), [f"i{at}"])
        for n in range(USERS)
        for at in range(1, POOL + 1 if n else 3)
    ]
    names = "user string, item string, rank int, score float, because array<string>"
    return in_partitions(spark.createDataFrame(rows, names), 2)


def in_partitions(lists: DataFrame, number: int) -> DataFrame:
    return lists.repartitionByRange(number, "user").sortWithinPartitions("user", "rank")


def filled(lists: DataFrame, exploration: Exploration, earned: pd.DataFrame) -> pd.DataFrame:
    listed = explored_lists(lists, exploration, LENGTH, offset=1, earned=earned, seed=3)
    assert listed.columns == [*lists.columns, "propensity"]
    table = listed.toPandas().sort_values(["user", "rank"], ignore_index=True)
    return table.assign(because=table.because.str[0])


@pytest.fixture(scope="module")
def earned(spark: SparkSession) -> pd.DataFrame:
    """Of two favourites half are clicked, of others one of twenty; i8 was never shown."""
    rows = [
        (f"{item}-{n}-{kind}", "u", item, 20_000 * DAY + n, kind)
        for item in [f"i{at}" for at in range(1, POOL)]
        for n in range(40)
        for kind in ("impression", "click")
        if kind == "impression" or n % (2 if item in FAVOURITES else 20) == 0
    ]
    rows += [rows[0], ("x", "u", "i1", -1.0, "click")]
    table = spark.createDataFrame(
        rows, "id string, user string, item string, time double, kind string"
    )
    found = item_feedback(table, find_event_columns(table))
    assert found.figures.rejected == {"time is missing or cannot be read": 1}
    return found.earned


def test_the_favourites_of_the_events_are_explored(lists: DataFrame, earned: pd.DataFrame) -> None:
    counted = earned.set_index("item")
    assert (counted.shown == 40).all()
    assert list(counted.clicks[["i1", "i6"]]) == [2, 20]
    exploration = Exploration(share=0.5, slots=(3,), candidates=POOL, policy=ThompsonSampler())
    table = filled(lists, exploration, earned)
    assert list(table[table.user == "u0"]["rank"]) == [2, 3]
    rest = table[table.user != "u0"]
    assert set(rest.groupby("user")["rank"].agg(tuple)) == {(2, 3, 4)}
    assert not rest.duplicated(["user", "item"]).any()
    assert (rest.because == rest.item).all()
    assert (rest[rest["rank"] == 2].item == "i1").all()
    assert (rest[rest["rank"] != 3].propensity == 1).all()
    explored = rest[rest["rank"] == 3]
    drawn = explored.groupby("item").agg(n=("user", "size"), p=("propensity", "first"))
    assert explored.propensity.round(12).groupby(explored.item).nunique().eq(1).all()
    assert list(drawn.n / (USERS - 1)) == pytest.approx(list(drawn.p), abs=0.09)
    assert drawn.n[FAVOURITES].sum() / (USERS - 1) == pytest.approx(0.5, abs=0.12)
    again = filled(in_partitions(lists, 5), exploration, earned)
    pd.testing.assert_frame_equal(again, table)


def test_a_greedy_policy_shows_the_best_of_what_was_shown(
    lists: DataFrame, earned: pd.DataFrame
) -> None:
    exploration = Exploration(share=1.0, candidates=POOL, policy=EpsilonGreedy(0.0))
    table = filled(lists, exploration, earned)
    first = table[(table["rank"] == 2) & (table.user != "u0")]
    assert set(first.item) == set(FAVOURITES)
    assert list(first.propensity) == pytest.approx([0.5] * len(first))


def test_what_was_learned_is_forgotten_day_by_day(spark: SparkSession) -> None:
    rows = [("u", "old", DAY, "impression"), ("u", "old", DAY, "click")]
    rows += [("u", "new", 2 * DAY + n, "impression") for n in range(3)]
    table = spark.createDataFrame(rows, "user string, item string, time double, kind string")
    found = item_feedback(table, find_event_columns(table), discount=0.5).earned.set_index("item")
    assert list(found.loc["old", ["clicks", "shown"]]) == [0.125, 0.125]
    assert list(found.loc["new", ["clicks", "shown"]]) == [0, 3]
