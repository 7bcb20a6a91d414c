"""What is taken again: planted habits are found, and the figures are those of the formula."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.recommenders.buy_again import items_of_habit
from graphrec.recommenders.model import RecommenderModel

START = date(2026, 1, 1)
LAST_DAY = 98
HABITS = {
    "milk": range(0, LAST_DAY + 1, 7),  # due, and always was taken again
    "soap": range(0, LAST_DAY - 30, 30),  # taken every month, due 8 days ago
    "rice": [*range(0, 90, 14), LAST_DAY - 1],  # taken yesterday
    "book": [LAST_DAY - 60],  # nobody takes one twice
}


def rows() -> list[tuple[str, str, str]]:
    """Users with the same habits; u0 dislikes milk at the end."""
    taken = [
        (f"u{user}", item, str(START + timedelta(days=day)), 5.0)
        for user in range(4)
        for item, days in HABITS.items()
        for day in days
    ]
    return [*taken, ("u0", "milk", str(START + timedelta(days=LAST_DAY + 1)), -1.0)]


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    table = spark.createDataFrame(rows(), "user string, item string, time string, rating double")
    return gr.PopularityRecommender().fit(table)


def test_habits_are_ranked_by_what_is_due(spark: SparkSession, model: RecommenderModel) -> None:
    table = spark.createDataFrame(rows(), "user string, item string, time string, rating double")
    again = model.buyAgain(table, 3, horizonDays=7).collect()
    own = {user: [r for r in again if r.user == user] for user in ("u0", "u1")}
    assert [row.item for row in own["u1"]][:2] == ["milk", "soap"]
    assert [row["rank"] for row in own["u1"]] == [1, 2, 3]
    milk = own["u1"][0]
    assert (milk.times, milk.last) == (15, START + timedelta(days=LAST_DAY))
    assert 6.9 < milk.interval < 8
    assert "milk" not in [row.item for row in own["u0"]]  # it is disliked


def test_the_probability_is_that_of_the_formula(spark: SparkSession) -> None:
    """One user, one item, on days 0, 4 and 8; another item ends on day 12."""
    day = 86400.0
    taken = [("u", "a", day * n) for n in (0, 4, 4.2, 8)] + [("v", "b", day * 12)]
    frame = spark.createDataFrame(taken, "user string, item string, timestamp double")
    [found] = items_of_habit(frame, 5, 4.0).where("user = 'u'").collect()
    shape = 10.0  # gaps that are all alike
    followed, overall = 2.0, 2 / 4
    rate = (followed + 5 * overall) / (followed + 0.5 + 5)  # half of the gaps are longer than one
    rate = (2 + 2 * rate) / (2 + 2)
    still, then = 1 / 2, 1 / (1 + 2**shape)
    assert (found.times, found.interval) == (3, pytest.approx(4.0, rel=1e-4))
    assert found.score == pytest.approx(rate * (still - then) / (rate * still + 1 - rate), abs=1e-3)


def test_what_cannot_be_told(spark: SparkSession, model: RecommenderModel) -> None:
    once = spark.createDataFrame(
        [("u1", "milk", 1.7e9, 1.0)], "user string, item string, time double, rating double"
    )
    with pytest.raises(EmptyInputError, match="on two days"):
        model.buyAgain(once, 3)
    with pytest.raises(ParameterError, match="horizonDays"):
        model.buyAgain(once, 3, horizonDays=0)
    with pytest.raises(ColumnError, match="time"):
        model.buyAgain(once.drop("time"), 3)
