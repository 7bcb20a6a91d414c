from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.columns import ITEMS, TIMES, USER, WEIGHTS
from graphrec.data.dataset import Dataset
from graphrec.errors import ParameterError
from graphrec.recommenders.als.estimator import default_rank
from graphrec.recommenders.base import Recommender
from graphrec.recommenders.hybrid.candidate_scores import CachedScores, Relevant
from graphrec.recommenders.hybrid.hold_out import LAST, RANDOM, TIME, hold_out
from graphrec.recommenders.hybrid.learned_weights import (
    HoldOutResult,
    LearnedWeights,
    search_weights,
)
from graphrec.recommenders.hybrid.weights import DEFAULT_WEIGHTS

DEFAULT = (0.1, 0.2, 0.7)
LEGS = ("walk", "ease", "als")


def cached(
    scores: np.ndarray, hits: np.ndarray, low_similarity: np.ndarray | None = None
) -> CachedScores:
    """Every held-out item is a candidate."""
    low_similarity = hits if low_similarity is None else low_similarity
    return CachedScores(
        LEGS[: scores.shape[2]],
        scores.astype(np.float32),
        Relevant(hits, np.maximum(hits.sum(axis=1), 1)),
        Relevant(low_similarity, low_similarity.sum(axis=1)),
    )


def blend(found: LearnedWeights) -> tuple[float, ...]:
    return tuple(found.weights.values())


def test_the_leg_that_knows_gets_the_weight() -> None:
    random = np.random.default_rng(0)
    hits = random.random((200, 50)) < 0.05
    scores = random.normal(size=(200, 50, 3))
    scores[:, :, 1] += 6.0 * hits
    found = search_weights(cached(scores, hits), DEFAULT)
    assert found.weights["ease"] > 0.5
    assert sum(found.weights.values()) == pytest.approx(1.0)
    result = HoldOutResult.of(found.ndcg, found.default_ndcg)
    assert result.users == found.ndcg.size > 100
    assert result.ndcg == pytest.approx(1.0, abs=0.1)
    assert result.default_ndcg == found.default_ndcg.mean() < result.ndcg


def test_legs_that_agree_leave_the_default() -> None:
    random = np.random.default_rng(1)
    hits = random.random((40, 50)) < 0.05
    scores = np.repeat(random.normal(size=(40, 50, 1)) + 2.0 * hits[:, :, None], 3, axis=2)
    assert blend(search_weights(cached(scores, hits), DEFAULT)) == DEFAULT


def test_the_best_leg_alone_is_reached() -> None:
    """Never worth less on validation than the best single leg, however near the default is."""
    random = np.random.default_rng(3)
    scores = random.normal(size=(200, 50, 2))
    hits = np.zeros((200, 50), bool)
    hits[:, :3] = True
    scores[:, :2, 1] += 9.0
    whole = cached(scores, hits)
    found = blend(search_weights(whole, (1.0, 0.0)))
    alone = float(whole.judge((0.0, 1.0)).ndcg.mean())
    assert whole.judge(found).ndcg.mean() >= alone
    assert found[1] > 0.5
    assert search_weights(whole, (1.0, 0.0)).best_leg == pytest.approx(alone)


def test_of_weights_that_are_as_good_the_nearest_to_the_default_are_taken() -> None:
    """The second leg knows all; a tenth of it is enough to list what it knows first."""
    random = np.random.default_rng(4)
    hits = random.random((200, 50)) < 0.05
    scores = random.normal(size=(200, 50, 2))
    scores[:, :, 1] += 1000.0 * hits
    assert blend(search_weights(cached(scores, hits), (1.0, 0.0))) == (0.9, 0.1)


@pytest.mark.parametrize(("changed", "stays"), [(8, True), (30, False)])
def test_a_small_gain_leaves_the_default(changed: int, stays: bool) -> None:
    """The first leg misses the items of 8 or 30 users of 1,000, the second those of 100 others."""
    hits = np.zeros((1000, 50), bool)
    hits[:, 0] = True
    scores = np.zeros((1000, 50, 2))
    scores[:, 0, :] = 1.0
    scores[:changed, 0, 0] = -0.5
    scores[100:200, 0, 1] = -0.5
    scores[:, 1:, 0] -= np.linspace(0.1, 0.5, 49)
    assert (blend(search_weights(cached(scores, hits), (1.0, 0.0))) == (1.0, 0.0)) is stays


def test_nothing_to_learn_from_leaves_the_default() -> None:
    nothing = cached(np.zeros((0, 0, 3)), np.zeros((0, 0), bool))
    assert blend(search_weights(nothing, DEFAULT)) == DEFAULT


SCHEMA = f"{USER} string, {ITEMS} array<int>, {WEIGHTS} array<float>, {TIMES} array<double>"


def histories(spark: SparkSession) -> DataFrame:
    rows = [
        (f"u{u}", list(range(u % 7 + 1)), [1.0] * (u % 7 + 1), [float(u)] * (u % 7 + 1))
        for u in range(40)
    ]
    return spark.createDataFrame(rows, SCHEMA)


def test_no_interaction_is_lost_or_doubled(spark: SparkSession) -> None:
    whole = histories(spark)
    cut = hold_out(whole, users=5, fraction=0.3, seed=1)
    training = {row[USER]: row for row in cut.training.collect()}
    validation = {row[USER]: row for row in cut.validation.collect()}
    assert len(validation) == 5
    for row in whole.collect():
        kept = training[row[USER]][ITEMS]
        if len(row[ITEMS]) >= 5:
            assert len(row[ITEMS]) - len(kept) == max(1, round(0.3 * len(row[ITEMS])))
        if row[USER] not in validation:
            assert set(kept) <= set(row[ITEMS])
            continue
        out = validation[row[USER]]["held_out"]
        assert sorted(kept + out) == row[ITEMS]
        assert kept == sorted(kept)
        assert len(out) == max(1, round(0.3 * len(row[ITEMS])))
        assert validation[row[USER]][ITEMS] == kept


def legs() -> list[Recommender]:
    return [gr.RandomWalkRecommender(), gr.EASERecommender()]


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    """Of a fifth of the users: enough to learn from, and none of the time goes into numbers."""
    everything = gr.samples.ratings(spark).where("substr(userId, -1) IN ('0', '6')")
    return everything.coalesce(2).cache()


def test_a_hybrid_learns_its_weights(ratings: DataFrame) -> None:
    model = gr.HybridRecommender(legs(), weights="learned").fit(ratings)
    weights = model.value("weights")
    assert set(weights) == {"walk", "ease"}
    assert sum(weights.values()) == pytest.approx(1.0)
    # Items of all users were held out: the legs are learned from all again.
    share = model.value("pseudoInteractions")
    fixed = gr.HybridRecommender(legs(), weights=weights, pseudoInteractions=share).fit(ratings)
    np.testing.assert_array_equal(model.tables.neighbours.data, fixed.tables.neighbours.data)


class OneDimension(gr.ALSRecommender):
    """Factors that tell users apart only where they follow their own proposal."""

    def alternatives(self, dataset: Dataset) -> list[dict[str, Any]]:
        return [{"rank": 16}, {"rank": 2}]


def test_a_setting_that_predicts_better_is_taken(ratings: DataFrame) -> None:
    hybrid = gr.HybridRecommender([OneDimension(rank=1)], weights="learned", validationCut="random")
    (factors,) = hybrid.fit(ratings).tables.factor_legs
    assert factors.factors.rank == 16
    assert hybrid.setting("als.rank") == 1  # the Estimator stays as it was


def test_twice_the_default_rank_is_tried_where_it_is_cheap(ratings: DataFrame) -> None:
    dataset = gr.Dataset.from_interactions(ratings)
    rank = default_rank(int(dataset.catalogue.support.sum()))
    assert gr.ALSRecommender().alternatives(dataset) == [{"rank": 2 * rank}]
    assert gr.ALSRecommender(rank=8).alternatives(dataset) == []


def test_few_users_teach_nothing(spark: SparkSession) -> None:
    rows = [(user, item) for user in range(30) for item in range(user % 3, 9, 2)]
    interactions = spark.createDataFrame(rows, "user int, item int")
    model = gr.HybridRecommender(legs(), weights="learned").fit(interactions)
    total = DEFAULT_WEIGHTS["walk"] + DEFAULT_WEIGHTS["ease"]
    expected = {leg: DEFAULT_WEIGHTS[leg] / total for leg in ("walk", "ease")}
    assert model.value("weights") == pytest.approx(expected)


def test_the_latest_items_are_held_out_with_validation_cut_last(spark: SparkSession) -> None:
    times = [5.0, 9.0, 1.0, 8.0, 2.0, 3.0]
    history = spark.createDataFrame([("u", list(range(6)), [1.0] * 6, times)], SCHEMA)
    row = hold_out(history, fraction=0.34, cut=LAST).validation.first()
    assert row is not None
    assert sorted(row["held_out"]) == [1, 3]
    assert (row[ITEMS], row[TIMES]) == ([0, 2, 4, 5], [5.0, 1.0, 2.0, 3.0])


def test_what_came_after_one_moment_is_held_out_of_everybody(spark: SparkSession) -> None:
    """The last tenth of the events; validation users have interactions before and after."""
    whole = [
        (f"u{user}", list(range(10)), [1.0] * 10, [float(10 * user + n) for n in range(10)])
        for user in range(9)
    ] + [("late", [0, 4, 7], [2.0, 3.0, 4.0], [10.0, 88.0, 89.0]), ("new", [5], [1.0], [89.5])]
    # 94 events, the last 11 from second 82 on.
    cut = hold_out(spark.createDataFrame(whole, SCHEMA), fraction=0.12, cut=TIME)
    training = {row[USER]: row for row in cut.training.collect()}
    validation = {row[USER]: row["held_out"] for row in cut.validation.collect()}
    assert validation == {"u8": [2, 3, 4, 5, 6, 7, 8, 9], "late": [4, 7]}
    assert "new" not in training
    assert training["u8"][TIMES] == [80.0, 81.0]
    assert (training["late"][ITEMS], training["late"][WEIGHTS]) == ([0], [2.0])
    assert all(training[f"u{user}"][ITEMS] == list(range(10)) for user in range(8))


@pytest.mark.parametrize("cut", [RANDOM, LAST, TIME])
def test_of_kinds_of_events_only_the_target_is_held_out(spark: SparkSession, cut: str) -> None:
    """u bought 1 and 3 and viewed the rest, what is latest included; v viewed alone."""
    times = [1.0, 4.0, 2.0, 5.0, 6.0, 7.0]
    rows = [("u", list(range(6)), [1.0] * 6, times, [1, 3])]
    rows += [("v", list(range(6)), [1.0] * 6, times, [])]
    whole = spark.createDataFrame(rows, f"{SCHEMA}, seen array<int>")
    found = hold_out(whole, fraction=0.5, cut=cut)
    [row] = found.validation.collect()
    assert (row[USER], set(row["held_out"]) <= {1, 3}) == ("u", True)
    assert len(row["held_out"]) == 1
    training = {row[USER]: set(row[ITEMS]) for row in found.training.collect()}
    before = {0, 1, 2, 3} if cut == TIME else set(range(6))  # views after the moment are future
    assert training["u"] == before - set(row["held_out"])


def test_few_of_those_who_came_back_are_validation_users_and_what_came_later_is_held_out_of_all(
    spark: SparkSession,
) -> None:
    whole = [(f"u{user}", [0, 1], [1.0, 1.0], [1.0, 2.0]) for user in range(20)]
    cut = hold_out(spark.createDataFrame(whole, SCHEMA), users=3, fraction=0.5, cut=TIME)
    assert [row[ITEMS] for row in cut.training.collect()] == [[0]] * 20
    assert [row["held_out"] for row in cut.validation.collect()] == [[1]] * 3


def test_weights_learned_on_the_future_are_those_of_legs_that_know_all(ratings: DataFrame) -> None:
    learned = {"weights": "learned", "validationCut": TIME, "validationUsers": 12}
    model = gr.HybridRecommender(legs(), **learned).fit(ratings)
    fixed = gr.HybridRecommender(legs(), weights=model.value("weights")).fit(ratings)
    np.testing.assert_array_equal(model.tables.neighbours.data, fixed.tables.neighbours.data)


def test_the_latest_items_need_times(spark: SparkSession) -> None:
    rows = [(f"u{u}", f"i{(u + n) % 20}") for u in range(60) for n in range(6)]
    untimed = spark.createDataFrame(rows, "user string, item string")
    for cut in (LAST, TIME):
        hybrid = gr.HybridRecommender(
            [gr.RandomWalkRecommender(), gr.EASERecommender()], validationCut=cut
        )
        with pytest.raises(ParameterError, match=f"{cut} needs a timestamp"):
            hybrid.fit(untimed)
