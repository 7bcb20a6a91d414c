"""Pages of lists, and what is listed again after a while."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ParameterError
from graphrec.recommenders.model import RecommenderModel

DAY = 86_400.0
NOW = 1e9


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    """Five users with five of six items; the item of place n was had n·10 days ago."""
    rows = [
        (f"u{user}", item, NOW - 10 * place * DAY)
        for user in range(5)
        for place, item in enumerate("abcdef")
        if place != user
    ]
    return gr.ItemKNNRecommender().fit(
        spark.createDataFrame(rows, "user string, item string, ts double")
    )


def lists(ranked: DataFrame) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in ranked.orderBy("user", "rank").collect():
        found.setdefault(row.user, []).append(row)
    return found


def test_pages_make_up_a_list(model: RecommenderModel) -> None:
    every = model.copy().setParams(filterSeen=False)
    whole = lists(every.rankedLists(6))
    first, second = lists(every.rankedLists(4)), lists(every.rankedLists(4, offset=4))
    assert {user: first[user] + second[user] for user in whole} == whole
    assert [row["rank"] for row in second["u0"]] == [5, 6]
    assert not every.rankedLists(4, offset=6).count()
    with pytest.raises(ParameterError, match="offset must be"):
        every.rankedLists(4, offset=-1)


def test_what_is_old_is_listed_again_by_batch_and_without_spark(
    model: RecommenderModel, tmp_path: Path
) -> None:
    again = model.copy().setParams(seenAgainAfter=25.0)
    found = lists(again.rankedLists(6))
    assert {row["item"] for row in found["u0"]} == {"a", "d", "e", "f"}  # not had, or 30 days ago
    assert {row["item"] for row in found["u4"]} == {"d", "e", "f"}
    assert {row["item"] for row in lists(model.rankedLists(6))["u4"]} == {"e"}
    again.save(str(tmp_path / "model"))
    scorer = gr.Scorer.open(tmp_path / "model")
    for user, rows in found.items():
        listed = scorer.recommend(scorer.history(user), 6)
        assert [(row.item, row.score) for row in listed] == [
            (row["item"], row.score) for row in rows
        ]
    later = scorer.extended(scorer.history("u4"), [("c", None, NOW + 100 * DAY)])
    assert {row.item for row in scorer.recommend(later, 6)} == {"a", "b", "d", "e", "f"}


def test_it_needs_times(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("ann", "a"), ("bob", "a")], "user string, item string")
    model = gr.PopularityRecommender(seenAgainAfter=1.0).fit(rows)
    with pytest.raises(ParameterError, match="seenAgainAfter needs times"):
        model.rankedLists(1)
