"""What is held out to test on, where interactions have ratings or kinds."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from graphrec.cli.io.inputs import Ratings, column_params
from graphrec.cli.io.train_test import divide
from graphrec.cli.options import InputOptions, SplitOptions
from graphrec.data.event_kinds import EventKinds
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.errors import ParameterError

HALF = SplitOptions(test_fraction=0.5)


def test_the_target_is_held_out_and_all_else_is_learned_from(spark: SparkSession) -> None:
    rows = [
        *((user, item, "purchase") for user in ("ann", "bob") for item in "abcd"),
        *((user, item, "view") for user in ("ann", "bob") for item in "efg"),
        ("ann", "a", "view"),  # of what is held out, or not: combined with the purchase
        ("bob", "h", "dislike"),
    ]
    frame = spark.createDataFrame(rows, "user string, item string, kind string")
    columns = InteractionColumns("user", "item", event="kind")
    kinds = EventKinds({"view": 1.0, "purchase": 5.0, "dislike": -1.0}, "purchase")
    divided = divide(Ratings("rows", frame, columns), HALF, "last", events=kinds)
    test = [tuple(row) for row in divided.test.collect()]
    train = [tuple(row) for row in divided.train.collect()]
    divided.unpersist()
    assert len(test) == 4
    assert {kind for _, _, kind in test} == {"purchase"}
    assert sorted(train + test) == sorted(set(rows) - {("ann", "a", "view")})


def test_low_ratings_are_held_out_and_not_relevant_and_dislikes_are_learned_from(
    spark: SparkSession,
) -> None:
    rows = [("ann", item, 5.0 - n) for n, item in enumerate("abcde")]
    rows.append(("ann", "f", -1.0))
    frame = spark.createDataFrame(rows, "user string, item string, rating double")
    ratings = Ratings("rows", frame, InteractionColumns("user", "item", "rating"))
    every = divide(ratings, HALF, "last")
    some = divide(ratings, HALF, "last", relevant_from=3.0)
    assert ("ann", "f", -1.0) in {tuple(row) for row in some.train.collect()}
    held_out = {tuple(row) for row in every.test.collect()}
    assert {tuple(row) for row in some.test.collect()} == {row for row in held_out if row[2] >= 3.0}
    every.unpersist()
    some.unpersist()
    without = Ratings("rows", frame, InteractionColumns("user", "item"))
    with pytest.raises(ParameterError, match="--relevant-from needs ratings"):
        divide(without, HALF, "last", relevant_from=3.0)


@pytest.mark.parametrize("text", ["view", "view=much", "view=1,view=2", "=1", ""])
def test_events_are_kinds_and_weights(text: str) -> None:
    with pytest.raises(ParameterError, match=r"--events (is a list of|needs|names)"):
        column_params(InputOptions(input="rows", event="kind", events=text))


def test_events_on_the_command_line_are_params() -> None:
    options = InputOptions(input="rows", event="kind", events="view=1, purchase=5", target="view")
    given = column_params(options)
    assert given["eventWeights"] == {"view": 1.0, "purchase": 5.0}
    assert (given["eventCol"], given["targetEvent"]) == ("kind", "view")
