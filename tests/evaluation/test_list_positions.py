"""Whatever a list looks like, an item counts once and a position holds one item."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame

from graphrec.errors import ColumnError
from graphrec.evaluation.catalogue_coverage import catalogue_metrics
from graphrec.evaluation.diversity import intra_list_diversity
from graphrec.evaluation.evaluator import RankingEvaluator
from graphrec.evaluation.list_positions import first_positions
from graphrec.evaluation.metrics import FORMULAS, ranking_metrics
from graphrec.evaluation.popularity_bias import popularity_metrics

Table = Callable[..., DataFrame]

LISTED, WANTED = ["i1", "i1", "i9", "i1"], ["i1", "i2"]
AT_FOUR = {
    "precision": 1 / 4,
    "recall": 1 / 2,
    "ndcg": 1 / (1 + 1 / math.log2(3)),  # .6131
    "map": 1 / 2,
    "mrr": 1,
    "hit_rate": 1,
    "user_coverage": 1,
}


def positions(table: Table, *rows: tuple[Any, Any, Any]) -> dict[str, list[tuple[Any, int]]]:
    """The items of each list in order, with their positions."""
    found = first_positions(
        table("user item rank", *rows), "user", item="item", rank="rank", longest=5
    )
    assert dict(found.dtypes)["rank"] == "int"
    lists: dict[str, list[tuple[Any, int]]] = {}
    for row in found.orderBy("user", "rank").collect():
        lists.setdefault(row.user, []).append((row["item"], row["rank"]))
    return lists


def test_each_kind_of_list(table: Table) -> None:
    rows = [
        *(("repeats", item, number) for number, item in enumerate("abac", 1)),
        ("ties", "b", 1),
        ("ties", "a", 1),
        ("ties", "c", 2),
        ("gaps", "a", 2),
        ("gaps", "b", 5),
        ("gaps", "late", 6),
        ("from zero", "a", 0),
        ("from zero", "b", 1),
        ("nulls", None, 1),
        ("nulls", " ", 2),
        ("nulls", "a", 3),
        ("no rank", "a", None),
        ("no rank", "b", 1),
        ("same row", "a", 1),
        ("same row", "a", 1),
        ("same row", "b", 2),
    ]
    assert positions(table, *rows) == {
        "repeats": [("a", 1), ("b", 2), ("c", 4)],
        "ties": [("a", 1), ("b", 2), ("c", 3)],
        "gaps": [("a", 2), ("b", 5)],
        "from zero": [("a", 1), ("b", 2)],
        "nulls": [("a", 3)],
        "no rank": [("b", 1)],
        "same row": [("a", 1), ("b", 3)],
    }


def test_ranks_are_numbers(table: Table) -> None:
    lists, test = table("user item rank", (1, "a", "1")), table("user item", (1, "a"))
    with pytest.raises(ColumnError, match="'rank' must hold the positions of a list; found string"):
        ranking_metrics(lists, test)


def test_a_repeated_item_is_one_hit_in_both_evaluations(table: Table) -> None:
    nested = table("prediction label", (LISTED, [*WANTED, None, "i2"]))
    for metric in FORMULAS:
        measured = RankingEvaluator(metricName=metric, k=4).evaluate(nested)
        assert measured == pytest.approx(AT_FOUR[metric]), metric
    lists = table("user item rank", *(("u", item, r) for r, item in enumerate(LISTED, 1)))
    test = table("user item", *(("u", item) for item in [*WANTED, None, "i2"]), (None, "i1"))
    [row] = ranking_metrics(lists, test, k=4).collect()
    assert row.asDict() == {"user": "u", "k": 4} | AT_FOUR | {
        "ndcg": pytest.approx(AT_FOUR["ndcg"])
    }


def test_null_is_no_item_in_both_evaluations(table: Table) -> None:
    nested = table("prediction label", ([None, "a"], ["a", None]), (["b"], [None]), ([None], ["a"]))
    expected = {"precision": 1 / 4, "recall": 1 / 2, "mrr": 1 / 4, "user_coverage": 1 / 2}
    for metric, value in expected.items():
        assert RankingEvaluator(metricName=metric, k=2).evaluate(nested) == value, metric
    numbers = table("prediction label", ([math.nan, 1.0], [math.nan, 1.0]))
    assert RankingEvaluator(metricName="precision", k=2).evaluate(numbers) == 1 / 2
    lists = table("user item rank", (1, None, 1), (1, "a", 2), (2, "b", 1), (3, None, 1))
    test = table("user item", (1, "a"), (1, None), (2, None), (3, "a"))
    rows = {row.user: row for row in ranking_metrics(lists, test, k=2).collect()}
    assert set(rows) == {1, 3}
    for metric, value in expected.items():
        assert sum(row[metric] for row in rows.values()) / 2 == value, metric


def test_a_repeated_item_counts_once_in_the_figures_of_what_is_listed(table: Table) -> None:
    lists = table(
        "user item rank", *(("u", item, r) for r, item in enumerate(LISTED, 1)), ("v", "i9", 1)
    )
    train = table("user item", ("x", "i1"), ("y", "i9"), ("x", "i9"), (None, "i1"), ("z", None))
    novelty = {row.user: row.novelty for row in popularity_metrics(lists, train, k=4).collect()}
    assert novelty == {"u": pytest.approx(1 / 2), "v": 0}  # i1 has 1 of 2 users, i9 both
    spread = catalogue_metrics(lists, table("item", ("i1",), ("i9",), (None,)), k=4).collect()
    assert {row.metric: row["mean"] for row in spread} == {
        "catalogue_coverage": 1,
        "gini": pytest.approx(2 * (1 * 1 + 2 * 2) / (2 * 3) - 3 / 2),  # in 1 and in 2 lists
    }
    vectors = table("item vector", ("i1", [1.0, 0.0]), ("i9", [3.0, 4.0]), ("i9", [3.0, 4.0]))
    alike = table("item neighbour similarity", ("i9", "i1", 0.6), ("i1", "i9", math.nan))
    for given in ({"vectors": vectors}, {"neighbours": alike}):
        found = intra_list_diversity(lists, k=4, **given)
        assert {row.user: row.intra_list_diversity for row in found.collect()} == {
            "u": pytest.approx(1 - 0.6),
            "v": None,
        }
