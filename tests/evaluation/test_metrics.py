"""Ranking metrics against tables made by hand, RecTools, MLlib, and a plain Python version."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.ml.evaluation import RankingEvaluator as MLlibRankingEvaluator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.errors import ColumnError, ParameterError
from graphrec.evaluation.metrics import FORMULAS, ranking_metrics

Table = Callable[..., DataFrame]

LOG2_3 = math.log2(3)


def values(df: DataFrame) -> dict[tuple[Any, int], dict[str, float]]:
    """(user, k) -> {metric: value}."""
    return {
        (row.user, row.k): {name: row[name] for name in row.asDict() if name not in ("user", "k")}
        for row in df.collect()
    }


@pytest.fixture(scope="module")
def by_hand(table: Table) -> dict[tuple[Any, int], dict[str, float]]:
    recommendations = table(
        "user item rank",
        *(("half", item, number) for number, item in enumerate("abcd", 1)),
        *(("perfect", item, number) for number, item in enumerate("xy", 1)),
        *(("miss", item, number) for number, item in enumerate("abc", 1)),
        ("stranger", "a", 1),  # has no test items
    )
    test = table(
        "user item",
        *(("half", item) for item in "bdz"),  # hits at the ranks 2 and 4
        *(("perfect", item) for item in "yx"),
        ("miss", "z"),
        ("unlisted", "a"),
    )
    return values(ranking_metrics(recommendations, test, k=[2, 4]))


def test_a_list_with_some_hits(by_hand: dict[tuple[Any, int], dict[str, float]]) -> None:
    assert by_hand["half", 2] == pytest.approx(
        {
            "precision": 1 / 2,
            "recall": 1 / 3,
            "ndcg": (1 / LOG2_3) / (1 + 1 / LOG2_3),  # rank 2, of two reachable hits
            "map": (1 / 2) / 2,
            "mrr": 1 / 2,
            "hit_rate": 1,
            "user_coverage": 1,
        }
    )
    assert by_hand["half", 4] == pytest.approx(
        {
            "precision": 2 / 4,
            "recall": 2 / 3,
            "ndcg": (1 / LOG2_3 + 1 / math.log2(5)) / (1 + 1 / LOG2_3 + 1 / 2),
            "map": (1 / 2 + 2 / 4) / 3,
            "mrr": 1 / 2,
            "hit_rate": 1,
            "user_coverage": 1,
        }
    )


def test_a_perfect_list_has_one_in_all_but_the_precision_of_ranks_it_leaves_empty(
    by_hand: dict[tuple[Any, int], dict[str, float]],
) -> None:
    assert by_hand["perfect", 2] == dict.fromkeys(FORMULAS, pytest.approx(1))
    assert by_hand["perfect", 4] == pytest.approx({**dict.fromkeys(FORMULAS, 1), "precision": 0.5})


def test_misses_and_users_without_a_list_count_as_zero(
    by_hand: dict[tuple[Any, int], dict[str, float]],
) -> None:
    for k in (2, 4):
        assert by_hand["miss", k] == {**dict.fromkeys(FORMULAS, 0), "user_coverage": 1}
        assert by_hand["unlisted", k] == dict.fromkeys(FORMULAS, 0)


def test_only_test_users_count(by_hand: dict[tuple[Any, int], dict[str, float]]) -> None:
    assert {user for user, _ in by_hand} == {"half", "perfect", "miss", "unlisted"}


def test_repeated_rows_count_once(table: Table) -> None:
    recommendations = table("user item rank", (1, 7, 1), (1, 7, 2), (1, 8, 3))
    test = table("user item", (1, 7), (1, 7), (1, 9))
    (row,) = ranking_metrics(recommendations, test, k=3).collect()
    assert (row.recall, row.precision) == pytest.approx((1 / 2, 1 / 3))


def test_other_names_and_other_columns(table: Table) -> None:
    recommendations = table("userId movieId place score", (1, 7, 1, 0.5))
    test = table("timestamp movieId userId", (0.0, 7, 1))
    measured = ranking_metrics(
        recommendations,
        test,
        k=1,
        metrics=["mrr", "recall"],
        user="userId",
        item="movieId",
        rank="place",
    )
    assert measured.columns == ["userId", "k", "mrr", "recall"]
    assert dict(measured.dtypes)["k"] == "int"
    assert [tuple(row) for row in measured.collect()] == [(1, 1, 1.0, 1.0)]


def test_rectools_agrees(oracle: Callable[[str], DataFrame]) -> None:
    measured = values(ranking_metrics(oracle("recommendations"), oracle("test"), k=[1, 3, 5, 10]))
    relevant = {row.user: row["count"] for row in oracle("test").groupBy("user").count().collect()}
    expected = {(row.user, row.k): row for row in oracle("per_user").collect()}
    assert {user for user, _ in measured} == set(relevant) == set(range(5, 60))
    for (user, k), ours in measured.items():
        theirs = expected[user, k]
        reachable = min(k, relevant[user])
        ideal_of_k = sum(1 / math.log2(number + 1) for number in range(1, k + 1))
        ideal = sum(1 / math.log2(number + 1) for number in range(1, reachable + 1))
        assert ours == pytest.approx(
            {
                "precision": theirs.precision,
                "recall": theirs.recall,
                "ndcg": theirs.ndcg_achievable,
                "map": theirs.map_by_relevant * relevant[user] / reachable,
                "mrr": theirs.mrr,
                "hit_rate": theirs.hit_rate,
                "user_coverage": float(user < 55),
            }
        )
        assert ours["ndcg"] * ideal / ideal_of_k == pytest.approx(theirs.ndcg_of_k)


def test_mllib_agrees(oracle: Callable[[str], DataFrame]) -> None:
    recommendations, test = oracle("recommendations"), oracle("test")
    ranked = F.transform(F.sort_array(F.collect_list(F.struct("rank", "item"))), lambda x: x.item)
    lists = recommendations.groupBy("user").agg(ranked.cast("array<double>").alias("prediction"))
    labels = test.groupBy("user").agg(F.collect_set("item").cast("array<double>").alias("label"))
    both = labels.join(lists, "user", "left").select(
        "label", F.coalesce("prediction", F.array().cast("array<double>")).alias("prediction")
    )
    metrics = ["precision", "recall", "ndcg", "map"]
    per_user = ranking_metrics(recommendations, test, k=5, metrics=metrics)
    (ours,) = per_user.agg(*(F.avg(metric) for metric in metrics)).collect()
    theirs = [
        MLlibRankingEvaluator(metricName="precisionAtK", k=5),
        MLlibRankingEvaluator(metricName="recallAtK", k=5),
        MLlibRankingEvaluator(metricName="ndcgAtK", k=5),
        MLlibRankingEvaluator(metricName="meanAveragePrecisionAtK", k=5),
    ]
    assert tuple(ours) == pytest.approx(tuple(evaluator.evaluate(both) for evaluator in theirs))


def plain(ranked: list[int], relevant: set[int], k: int) -> dict[str, float]:
    """The definitions, as loops."""
    hits = [number for number, item in enumerate(ranked[:k], 1) if item in relevant]
    reachable = min(k, len(relevant))
    ideal = sum(1 / math.log2(number + 1) for number in range(1, reachable + 1))
    return {
        "precision": len(hits) / k,
        "recall": len(hits) / len(relevant),
        "ndcg": sum(1 / math.log2(number + 1) for number in hits) / ideal,
        "map": sum((n + 1) / number for n, number in enumerate(hits)) / reachable,
        "mrr": 1 / hits[0] if hits else 0,
        "hit_rate": float(bool(hits)),
        "user_coverage": float(bool(ranked)),
    }


LISTS = st.lists(st.integers(0, 12), max_size=8, unique=True)


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(
    users=st.lists(st.tuples(LISTS, st.sets(st.integers(0, 12), min_size=1)), min_size=1),
    k=st.lists(st.integers(1, 10), min_size=1, max_size=3),
)
def test_it_is_what_the_definitions_say(
    table: Table, users: list[tuple[list[int], set[int]]], k: list[int]
) -> None:
    recommendations = table(
        "user item rank",
        (-1, 0, 1),  # so that there is a row; nobody's test
        *(
            (u, i, number)
            for u, (ranked, _) in enumerate(users)
            for number, i in enumerate(ranked, 1)
        ),
    )
    test = table("user item", *((u, i) for u, (_, relevant) in enumerate(users) for i in relevant))
    assert values(ranking_metrics(recommendations, test, k=k)) == {
        (u, cutoff): pytest.approx(plain(ranked, relevant, cutoff))
        for u, (ranked, relevant) in enumerate(users)
        for cutoff in k
    }


@pytest.mark.parametrize(
    "wrong",
    [
        *({"k": k} for k in (0, [], [5, -1], True, 2.5, "10", [None])),
        {"metrics": ["auc"]},
        {"metrics": []},
    ],
)
def test_parameters_out_of_range_are_refused(table: Table, wrong: dict[str, Any]) -> None:
    recommendations, test = table("user item rank", (1, 1, 1)), table("user item", (1, 1))
    with pytest.raises(ParameterError, match="must be"):
        ranking_metrics(recommendations, test, **wrong)


def test_a_missing_column_is_named(table: Table) -> None:
    pairs = table("user item", (1, 1))
    with pytest.raises(ColumnError, match="recommendations must have the column 'rank'"):
        ranking_metrics(pairs, pairs)


def test_numbers_and_text_are_different_ids(table: Table) -> None:
    recommendations, test = table("user item rank", (1, "7", 1)), table("user item", (1, 7))
    with pytest.raises(ColumnError, match=r"'item' must be of one type.*string and bigint"):
        ranking_metrics(recommendations, test)
    lower = recommendations.selectExpr("user", "item collate utf8_lcase AS item", "rank")
    with pytest.raises(
        ColumnError, match=r"'item' must be of one type.*LCASE and string collate UTF8_LCASE"
    ):
        ranking_metrics(lower, lower)
