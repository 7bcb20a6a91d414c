from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.data.checks import require_columns
from graphrec.data.frames import free_name, require_frame
from graphrec.data.interaction_columns import find_columns, require_column, require_free_names
from graphrec.errors import ColumnError, ParameterError


@pytest.mark.parametrize(
    ("value", "found"),
    [(None, "None"), ([1], "list"), ("a.csv", "str"), (pd.DataFrame(), "pandas.DataFrame")],
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda value: require_frame(value, "it"),
        find_columns,
        lambda value: require_column(value, "user", "who"),
        lambda value: require_columns(value, "who", of="it"),
        gr.splits.by_time,
        gr.splits.with_folds,
        gr.PopularityRecommender().fit,
        gr.RatingPredictor().fit,
        gr.RankingEvaluator().evaluate,
    ],
)
def test_what_is_no_table_is_refused(ask: Callable[[Any], Any], value: Any, found: str) -> None:
    with pytest.raises(ParameterError, match=f"must be a Spark DataFrame; found {found}; make one"):
        ask(value)


def test_a_stream_is_refused(spark: SparkSession) -> None:
    stream = spark.readStream.format("rate").load()
    with pytest.raises(ParameterError, match="must be a table that ends; found a streaming"):
        gr.PopularityRecommender().fit(stream)


def test_names_that_differ_in_case_are_one_to_spark(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], "who string, WHO string, item string")
    with pytest.raises(ColumnError, match="several columns are named 'who', in which case"):
        require_column(frame, "user", "who")
    with pytest.raises(ColumnError, match="must have the column 'who' once"):
        require_columns(frame, "who", of="it")
    require_columns(frame, "item", of="it")


def test_names_of_results_are_taken_whatever_their_case() -> None:
    require_free_names({"user": "ranks", "item": "item"}, ["rank", "because"])
    with pytest.raises(ColumnError, match=r"the item column cannot .* found 'RANK'; rename"):
        require_free_names({"user": "user", "item": "RANK"}, ["rank", "because"])


def test_a_free_name() -> None:
    assert free_name("key", ["user", "item"]) == "key"
    assert free_name("key", ["KEY", "_key", "item"]) == "__key"
