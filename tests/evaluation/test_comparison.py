"""A comparison counted by hand, and one of real models."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.evaluation.comparison import METRICS, PER_USER_METRICS, Evaluation, activity_groups
from graphrec.evaluation.ground_truth import GroundTruthFigures
from graphrec.evaluation.significance import compare
from graphrec.recommenders.hybrid.model import HybridRecommenderModel
from graphrec.recommenders.model import RecommenderModel
from tests.recommenders.checkerboard import legs

Table = Callable[..., DataFrame]

# a: 4 users, b: 3, c: 2, d: 1, e: 1. So popularity lists a, b, c, d, e without what is known.
KNOWN = ["1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "3d", "4a", "4e"]
# 1 gets c, d; 2 gets d, e; 3 gets e; 9 is new and gets a, b; 4 gets b, c but is not tested.
HELD_OUT = ["1c", "2e", "3e", "9b", "9z"]


@pytest.fixture(scope="module")
def train(table: Table) -> DataFrame:
    return table("who what", *((int(row[0]), row[1]) for row in KNOWN)).cache()


@pytest.fixture(scope="module")
def test(table: Table) -> DataFrame:
    return table("who what", *((int(row[0]), row[1]) for row in HELD_OUT)).cache()


@pytest.fixture(scope="module")
def hybrid(train: DataFrame) -> HybridRecommenderModel:
    model = gr.HybridRecommender(
        legs(rank=2, maxIter=2), userCol="who", itemCol="what", weights={"walk": 1, "als": 1}
    ).fit(train)
    assert isinstance(model, HybridRecommenderModel)
    return model


@pytest.fixture(scope="module")
def models(hybrid: HybridRecommenderModel) -> dict[str, RecommenderModel]:
    return {"popularity": hybrid.baselines()["popularity"], "hybrid": hybrid}


@pytest.fixture(scope="module")
def evaluation(
    models: dict[str, RecommenderModel], train: DataFrame, test: DataFrame, table: Table
) -> Evaluation:
    alike = table("what neighbour similarity", ("c", "d", 0.5), ("d", "e", 0.25))
    return gr.evaluate(models, train, test, k=[2, 1], similarity=alike)


def figures(frame: DataFrame, **where: Any) -> dict[str, Any]:
    """The means of some rows by metric."""
    rows = frame.toPandas()
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return {row.metric: row.mean for row in rows.itertuples()}


def test_every_metric_of_the_popular_lists_counted_by_hand(evaluation: Evaluation) -> None:
    at_two = figures(evaluation.summary, model="popularity", k=2)
    half, second = 1 / (1 + 1 / math.log2(3)), 1 / math.log2(3)
    # User 1 hits at rank 1 of one item, 2 at rank 2, 3 at rank 1, 9 at rank 2 one of two.
    assert at_two["recall"] == pytest.approx((1 + 1 + 1 + 0.5) / 4)
    assert at_two["ndcg"] == pytest.approx((1 + second + 1 + second * half) / 4)
    assert at_two["precision"] == pytest.approx(0.5)
    assert at_two["mrr"] == pytest.approx((1 + 0.5 + 1 + 0.5) / 4)
    assert (at_two["hit_rate"], at_two["user_coverage"]) == (1, 1)
    # c-d .5, d-e .25, nobody for a single item, a-b 0
    assert at_two["intra_list_diversity"] == pytest.approx((0.5 + 0.75 + 1) / 3)
    # of 4 users: c has 2, d and e one each, a all, b 3; five items, d and e share the last ranks
    bits = {"a": 0.0, "b": math.log2(4 / 3), "c": 1.0, "d": 2.0, "e": 2.0}
    percentile = {"a": 0.9, "b": 0.7, "c": 0.5, "d": 0.2, "e": 0.2}
    for metric, of in (("novelty", bits), ("popularity_percentile", percentile)):
        lists = [(of["c"] + of["d"]) / 2, of["d"], of["e"], (of["a"] + of["b"]) / 2]
        assert at_two[metric] == pytest.approx(sum(lists) / 4), metric
    assert at_two["catalogue_coverage"] == 1
    # a, b and c once, d and e twice
    assert at_two["gini"] == pytest.approx(2 * (1 + 2 + 3 + 8 + 10) / (5 * 7) - 6 / 5)


def test_the_tables_have_a_row_for_everything(evaluation: Evaluation) -> None:
    summary = evaluation.summary.toPandas()
    assert list(summary.columns) == ["model", "metric", "k", "mean", "ci_low", "ci_high", "users"]
    wanted = [(m, name, k) for m in ("popularity", "hybrid") for name in METRICS for k in (1, 2)]
    assert list(zip(summary.model, summary.metric, summary.k, strict=True)) == wanted
    assert (evaluation.models, evaluation.k) == (("popularity", "hybrid"), (1, 2))
    per_user = evaluation.per_user.toPandas()
    assert list(per_user.columns) == ["model", "who", "k", "history", *PER_USER_METRICS]
    assert len(per_user) == 2 * 4 * 2
    assert dict(zip(per_user.who, per_user.history, strict=True)) == {1: 2, 2: 3, 3: 4, 9: 0}


def test_groups_of_activity_are_means_of_their_users(evaluation: Evaluation) -> None:
    groups = evaluation.by_activity.toPandas()
    bounds = groups[["shortest", "longest"]].drop_duplicates()
    assert list(bounds.itertuples(index=False, name=None)) == [(0, 0), (2, 2), (3, 3), (4, 4)]
    assert len(groups) == 2 * len(PER_USER_METRICS) * 2 * 4
    of_new = figures(evaluation.by_activity, model="popularity", k=2, shortest=0)
    assert of_new["recall"] == 0.5
    assert set(groups.users) <= {0, 1}  # 0 where a list of one item has no diversity


def test_significance_is_the_paired_comparison_with_the_reference(evaluation: Evaluation) -> None:
    rows = evaluation.significance.toPandas()
    assert set(rows.model) == {"popularity"}
    assert set(rows.reference) == {evaluation.reference} == {"hybrid"}
    per_user = evaluation.per_user
    popular, hybrid = (per_user.where(F.col("model") == m) for m in ("popularity", "hybrid"))
    for metric in ("ndcg", "intra_list_diversity"):
        one = compare(popular, hybrid, metric, k=2, user="who")
        [row] = rows[(rows.metric == metric) & (rows.k == 2)].itertuples()
        measured = (
            row.mean,
            row.reference_mean,
            row.difference,
            row.ci_low,
            row.ci_high,
            row.p_value,
        )
        assert measured == pytest.approx(
            (one.mean_a, one.mean_b, one.difference, one.ci_low, one.ci_high, one.p_value)
        )
        assert row.users == one.users


def test_significance_in_groups_is_that_of_their_users(
    models: dict[str, RecommenderModel], train: DataFrame, table: Table
) -> None:
    # Users 1 and 4 have two items each, the others a length of their own: too few for a test.
    test = table("who what", (1, "c"), (4, "c"), (2, "e"), (9, "b"))
    found = gr.evaluate(models, train, test, k=2)
    rows = found.significance_by_activity.toPandas()
    plain = found.significance.columns
    assert list(rows.columns) == [*plain[:2], "shortest", "longest", *plain[2:]]
    bounds = rows[["shortest", "longest"]].drop_duplicates()
    assert list(bounds.itertuples(index=False, name=None)) == [(2, 2)]
    popular, hybrid = (
        found.per_user.where((F.col("model") == m) & (F.col("history") == 2))
        for m in ("popularity", "hybrid")
    )
    one = compare(popular, hybrid, "ndcg", k=2, user="who")
    [row] = rows[rows.metric == "ndcg"].itertuples()
    assert (row.users, row.mean, row.reference_mean) == (2, one.mean_a, one.mean_b)
    assert (row.difference, row.p_value) == pytest.approx((one.difference, one.p_value))


def test_without_a_similarity_the_factors_count(
    models: dict[str, RecommenderModel], train: DataFrame, test: DataFrame
) -> None:
    found = gr.evaluate(models, train, test, k=2)
    factors = models["hybrid"].itemFactors
    assert factors is not None
    vector = {row.what: np.array(row.vector) for row in factors.collect()}
    unit = {item: v / max(float(np.linalg.norm(v)), 1e-9) for item, v in vector.items()}
    diversity = [1 - float(unit[a] @ unit[b]) for a, b in ("cd", "de", "ab")]
    at_two = figures(found.summary, model="popularity", k=2)
    assert at_two["intra_list_diversity"] == pytest.approx(sum(diversity) / 3, abs=1e-5)


def test_without_factors_the_cosines_of_the_pair_table_count(
    hybrid: HybridRecommenderModel, train: DataFrame, test: DataFrame
) -> None:
    models = {name: hybrid.baselines()[name] for name in ("popularity", "walk")}
    found = gr.evaluate(models, train, test, k=2, reference="popularity")
    assert found.reference == "popularity"
    # c-d: 1 common user, 2 and 1 have them; d-e: none; a-b: 3, of 4 and 3
    diversity = [1 - 1 / math.sqrt(2), 1, 1 - 3 / math.sqrt(12)]
    at_two = figures(found.summary, model="popularity", k=2)
    assert at_two["intra_list_diversity"] == pytest.approx(sum(diversity) / 3, abs=1e-6)


def test_a_leg_alone_lists_what_its_recommender_lists(
    hybrid: HybridRecommenderModel, train: DataFrame
) -> None:
    def rows(model: RecommenderModel) -> pd.DataFrame:
        listed = model.rankedLists(5).toPandas()
        return listed.sort_values(["who", "rank"]).reset_index(drop=True)

    baselines = hybrid.baselines()
    assert list(baselines) == ["popularity", "walk", "ease", "als"]
    for leg in [gr.PopularityRecommender(), *legs(rank=2, maxIter=2)]:
        alone = leg.setParams(userCol="who", itemCol="what").fit(train)
        name = alone.legs[0] if alone.legs else "popularity"
        pd.testing.assert_frame_equal(rows(baselines[name]), rows(alone))


def test_baselines_keep_what_was_set_on_the_hybrid(hybrid: HybridRecommenderModel) -> None:
    changed = hybrid.copy({hybrid.candidates: 7, hybrid.filterSeen: False})
    for model in changed.baselines().values():
        assert (model.value("candidates"), model.value("filterSeen")) == (7, False)


def test_what_was_seen_and_is_never_listed_is_no_part_of_the_question(
    evaluation: Evaluation,
    models: dict[str, RecommenderModel],
    train: DataFrame,
    test: DataFrame,
    table: Table,
) -> None:
    assert evaluation.ground_truth == GroundTruthFigures(
        rows=5,
        interactions=5,
        seen=0,
        seen_left_out=True,
        unknown=1,  # z
        users=4,
        unreachable_users=0,
        unmeasured_users=0,
    )
    more = table("who what", (1, "a"), (2, "e"), (4, "a"), (4, "e"), (5, "z"), (None, "a"))
    popular = {"popularity": models["popularity"]}
    found = gr.evaluate(popular, train, test.union(more), k=[1, 2])
    assert found.ground_truth == GroundTruthFigures(
        rows=10,
        interactions=9,
        seen=3,
        seen_left_out=True,
        unknown=2,
        users=6,
        unreachable_users=2,  # 4, who has seen it all, and 5
        unmeasured_users=1,
    )
    at_two, before = (
        figures(one.summary, model="popularity", k=2)["recall"] for one in (found, evaluation)
    )
    assert at_two == pytest.approx(before * 4 / 5)  # 5 counts, with 0
    again = popular["popularity"].copy({popular["popularity"].filterSeen: False})
    listed = gr.evaluate({"again": again}, train, test.union(more), k=5)
    assert listed.ground_truth == replace(
        found.ground_truth, seen_left_out=False, unreachable_users=1, unmeasured_users=0
    )
    # All but z are among the five that everybody is shown: 9 has 1 of 2, 5 none.
    assert figures(listed.summary)["recall"] == pytest.approx((4 + 1 / 2) / 6)


def test_a_test_set_that_was_all_seen_is_refused(
    models: dict[str, RecommenderModel], train: DataFrame
) -> None:
    with pytest.raises(EmptyInputError, match="nothing in the test set can be listed; found all"):
        gr.evaluate(models, train, train)


@pytest.mark.parametrize(
    ("lengths", "groups"),
    [
        ({1: 10, 2: 10, 3: 10, 4: 10, 5: 10}, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]),
        ({0: 3, 1: 90, 7: 5, 9: 5}, [(0, 0), (1, 1), (7, 9)]),
        (dict.fromkeys(range(1, 11), 1), [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]),
        ({4: 2}, [(4, 4)]),
        ({0: 2}, [(0, 0)]),
    ],
)
def test_groups_are_of_about_the_same_size(
    lengths: dict[int, int], groups: list[tuple[int, int]]
) -> None:
    assert activity_groups(lengths) == groups


def test_what_cannot_be_compared_is_refused(
    spark: SparkSession, models: dict[str, RecommenderModel], train: DataFrame, test: DataFrame
) -> None:
    with pytest.raises(ParameterError, match="there is no model"):
        gr.evaluate({}, train, test)
    with pytest.raises(ParameterError, match="there is no model"):
        gr.evaluate(list(models.values()), train, test)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="found own: PopularityRecommender; give what fit re"):
        gr.evaluate({"own": gr.PopularityRecommender()}, train, test)  # type: ignore[dict-item]
    for wrong in (True, 1.5, "10", None, [5, "10"]):
        with pytest.raises(ParameterError, match="k must be a whole number of at least 1, or sev"):
            gr.evaluate(models, train, test, k=wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="reference must be one of the models; found luck"):
        gr.evaluate(models, train, test, reference="luck")
    with pytest.raises(ParameterError, match="k must be"):
        gr.evaluate(models, train, test, k=0)
    with pytest.raises(ColumnError, match="the test frame must have the column 'what' once"):
        gr.evaluate(models, train, test.drop("what"))
    with pytest.raises(ColumnError, match="'what' are not of the model's type; found int"):
        gr.evaluate(models, train, test.withColumn("what", F.lit(7)))
    with pytest.raises(EmptyInputError, match="nobody is in the test set"):
        gr.evaluate(models, train, test.limit(0))
