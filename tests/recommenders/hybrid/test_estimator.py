"""The blend: exact z-scores, weights that can be changed, lists that can be diversified."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ParameterError
from graphrec.kernels.csr import row_indices
from graphrec.recommenders.hybrid.model import HybridRecommenderModel
from graphrec.recommenders.hybrid.weights import DEFAULT_WEIGHTS
from tests.recommenders.checkerboard import legs

TASTES, USERS, ITEMS = 4, 60, 48
WEIGHTS = {"walk": 0.2, "ease": 0.3, "als": 0.5}


def histories() -> dict[str, list[str]]:
    """Four tastes; everybody has one above all and dips into another."""
    rng = np.random.default_rng(12)
    taste = np.arange(ITEMS) % TASTES
    found = {}
    for user in range(USERS):
        main, other = user % TASTES, rng.integers(TASTES)
        chance = np.where(taste == main, 0.5, np.where(taste == other, 0.2, 0.03))
        held = np.flatnonzero(rng.random(ITEMS) < chance)
        found[f"u{user:02}"] = [f"i{item:02}" for item in held]
    return found


HISTORIES = histories()


@pytest.fixture(scope="module")
def interactions(spark: SparkSession) -> DataFrame:
    rows = [(user, item) for user, items in HISTORIES.items() for item in items]
    return spark.createDataFrame(rows, "user string, item string").cache()


@pytest.fixture(scope="module")
def model(interactions: DataFrame) -> HybridRecommenderModel:
    fitted = gr.HybridRecommender(
        legs(rank=8), weights=WEIGHTS, decayBeyond={}, pseudoInteractions=0.0
    ).fit(interactions)
    assert isinstance(fitted, HybridRecommenderModel)
    return fitted


def ordered(lists: DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in sorted(lists.collect(), key=lambda row: (row.user, row["rank"])):
        found.setdefault(row.user, []).append(row.item)
    return found


def alikeness(lists: dict[str, list[str]]) -> float:
    """Mean Jaccard similarity of the audiences of the items in a list."""
    audience: dict[str, set[str]] = {}
    for user, items in HISTORIES.items():
        for item in items:
            audience.setdefault(item, set()).add(user)
    pairs = [pair for items in lists.values() for pair in itertools.combinations(items, 2)]
    return float(
        np.mean([len(audience[a] & audience[b]) / len(audience[a] | audience[b]) for a, b in pairs])
    )


def test_each_share_is_a_weighted_z_score_over_all_items(
    model: HybridRecommenderModel, interactions: DataFrame
) -> None:
    everything = (
        interactions.select("user").distinct().crossJoin(interactions.select("item").distinct())
    )
    scores = model.pairScores(everything).toPandas()
    assert list(scores.columns) == ["user", "item", "prediction", "walk", "ease", "als"]
    items = interactions.select("item").distinct().count()
    for _, own in scores.groupby("user"):
        assert len(own) == items
        np.testing.assert_allclose(own[["walk", "ease", "als"]].mean(), 0.0, atol=1e-5)
        np.testing.assert_allclose(
            own[["walk", "ease", "als"]].std(ddof=0), list(WEIGHTS.values()), rtol=1e-3
        )
    shares = scores[["walk", "ease", "als"]].sum(axis=1)
    np.testing.assert_allclose(scores["prediction"], shares, atol=1e-6)


def test_a_leg_that_decays_counts_less_for_long_histories(
    model: HybridRecommenderModel, interactions: DataFrame
) -> None:
    pairs = interactions.select("user").distinct().crossJoin(interactions.select("item").distinct())
    fading = model.copy({model.decayBeyond: {"walk": 8.0}})
    scores = fading.pairScores(pairs).toPandas()
    lengths = {user: len(items) for user, items in HISTORIES.items()}
    assert min(lengths.values()) < 8 < max(lengths.values())
    for user, own in scores.groupby("user"):
        weight = WEIGHTS["walk"] * min(1.0, 8.0 / lengths[str(user)])
        assert own["walk"].std(ddof=0) == pytest.approx(weight, rel=1e-3)
        assert own["als"].std(ddof=0) == pytest.approx(WEIGHTS["als"], rel=1e-3)


def test_items_that_are_old_do_not_make_a_history_long(spark: SparkSession) -> None:
    """Ten items, nine of them of long ago: with recency the walk's weight stays, else it falls."""
    day = 86_400
    rows = [
        (f"u{u}", f"i{(u + n) % 20}", day * (5_000 + n // 9 * 4_000))
        for u in range(20)
        for n in range(10)
    ]
    timed = spark.createDataFrame(rows, "user string, item string, timestamp long")
    hybrid = gr.HybridRecommender(legs(rank=2), weights=WEIGHTS, decayBeyond={"walk": 2.0})
    weighed = hybrid.fit(timed)
    pairs = timed.select("user").distinct().crossJoin(timed.select("item").distinct())
    for half_life, weight in ((None, WEIGHTS["walk"] * 2.0 / 10), (30.0, WEIGHTS["walk"])):
        model = weighed.copy({weighed.recencyHalfLife: half_life})
        scores = model.pairScores(pairs).toPandas()
        for _, own in scores.groupby("user"):
            assert own["walk"].std(ddof=0) == pytest.approx(weight, rel=1e-3)


def test_weights_may_be_changed_after_the_fit(
    model: HybridRecommenderModel, interactions: DataFrame
) -> None:
    ridge_alone = model.copy({model.weights: {"ease": 2.0}})
    alone = gr.EASERecommender(regParam=2.0).fit(interactions)
    assert ordered(ridge_alone.rankedLists(10)) == ordered(alone.rankedLists(10))
    shares = ridge_alone.rankedLists(10).agg(*(F.max(F.abs(leg)) for leg in ("walk", "als")))
    assert tuple(shares.collect()[0]) == (0.0, 0.0)
    assert model.value("weights") == WEIGHTS


def test_factors_alone_retrieve_by_themselves(model: HybridRecommenderModel) -> None:
    """Of no more candidates than the list holds: the best by ALS, not those of walk and EASE."""
    alone = model.baselines()["als"].copy({model.candidates: ITEMS})
    for weights in ({"als": 1.0}, {"walk": 0.0, "ease": 0.0, "als": 0.3}):
        narrow = model.copy({model.weights: weights, model.candidates: 5})
        lists = narrow.rankedLists(5).persist()
        assert ordered(lists) == ordered(alone.rankedLists(5))
        assert lists.where(F.size("because") == 0).isEmpty()
        best = lists.where("user = 'u00' AND rank = 1").first()
        position = narrow.explain("u00", best["item"], 5).position.first()
        assert position["rank"] == 1


def test_the_legs_that_are_there_share_the_default_weights(
    model: HybridRecommenderModel, interactions: DataFrame
) -> None:
    users = interactions.select("user").distinct()
    plain = gr.HybridRecommender(legs(rank=8), decayBeyond={}).fit(interactions)
    total = sum(DEFAULT_WEIGHTS[leg] for leg in plain.legs)
    scores = plain.pairScores(users.crossJoin(interactions.select("item").distinct())).toPandas()
    for leg in plain.legs:
        spread = scores.groupby("user")[leg].std(ddof=0)
        np.testing.assert_allclose(spread, DEFAULT_WEIGHTS[leg] / total, rtol=1e-3)


def test_a_leg_without_a_default_weight_has_the_mean_of_the_others(
    interactions: DataFrame,
) -> None:
    """With 0 it would be learned for nothing, and a grid over its parameters be without effect."""
    walks = [gr.RandomWalkRecommender(), gr.EASERecommender(), gr.ItemKNNRecommender()]
    fitted = gr.HybridRecommender(walks, decayBeyond={}).fit(interactions)
    mean = (DEFAULT_WEIGHTS["walk"] + DEFAULT_WEIGHTS["ease"]) / 2
    assert isinstance(fitted, HybridRecommenderModel)
    assert fitted._blend() == pytest.approx(
        [weight / (3 * mean) for weight in (DEFAULT_WEIGHTS["walk"], DEFAULT_WEIGHTS["ease"], mean)]
    )
    assert fitted.pairScores(interactions).where("abs(knn) > 0.1").count() > 0


def test_a_fitted_model_keeps_the_weights_that_it_learned(model: HybridRecommenderModel) -> None:
    """MLlib's tools give `transform` the map of the fit, `learned` and all."""
    pairs = model.dataset.interactions.accepted.select("user", "item")  # type: ignore[union-attr]
    same = model.transform(pairs, {model.weights: "learned"})
    assert same.exceptAll(model.transform(pairs)).isEmpty()
    with pytest.raises(ParameterError, match="weights must be a mapping of leg names"):
        model.copy().setParams(weights="learned").recommendForAllUsers(1)


def test_weights_that_name_no_leg_are_refused(
    model: HybridRecommenderModel, interactions: DataFrame
) -> None:
    message = "weights name a leg that the hybrid does not have; found luck; it has walk, ease, als"
    lucky = {"walk": 0.5, "luck": 0.5}
    with pytest.raises(ParameterError, match=message):
        model.copy({model.weights: lucky}).recommendForAllUsers(3)
    with pytest.raises(ParameterError, match=message):
        gr.HybridRecommender(legs(rank=2, maxIter=1), weights=lucky).fit(interactions)


@pytest.mark.parametrize(
    "weights",
    [
        *(
            {},
            {"walk": -1.0},
            {"walk": 0.0},
            {"walk": float("nan")},
            {"walk": "much"},
            [0.5],
            "best",
            np.ones(2),
        ),
        *({"walk": 1e39}, {"walk": 1e-50}, {"walk": True}, {"walk": 1.0, "als": float("inf")}),
    ],
)
def test_weights_that_are_none_are_refused(weights: Any) -> None:
    with pytest.raises(ParameterError, match=r"^weights must be a mapping"):
        gr.HybridRecommender(weights=weights)


def test_two_legs_of_one_name_are_refused(interactions: DataFrame) -> None:
    twins = [gr.RandomWalkRecommender(), gr.RandomWalkRecommender(method="pagerank")]
    with pytest.raises(ParameterError, match="two legs have the same name; found walk"):
        gr.HybridRecommender(twins, weights={"walk": 1.0}).fit(interactions)


def test_diversity_makes_lists_less_alike(model: HybridRecommenderModel) -> None:
    blended, same, diverse, very = (
        ordered(model.copy({model.diversity: diversity}).rankedLists(8))
        for diversity in (0.0, 0.0, 0.3, 0.8)
    )
    assert blended == same == ordered(model.rankedLists(8))
    assert alikeness(very) < alikeness(diverse) < 0.95 * alikeness(blended)
    assert all(len(set(items)) == 8 for items in very.values())
    firsts = [blended[user][0] == diverse[user][0] for user in blended]
    assert all(firsts)  # the best one is never given up


def test_the_legs_own_parameters_count_and_the_shared_ones_are_the_hybrids(
    interactions: DataFrame,
) -> None:
    base = [
        gr.RandomWalkRecommender(popularityExponent=0.5, maxNeighbours=1, numReasons=9),
        gr.ALSRecommender(rank=3, maxIter=1),
    ]
    weights = {"walk": 0.5, "als": 0.5}
    model = gr.HybridRecommender(
        base, weights=weights, maxNeighbours=7, pseudoInteractions=0.0
    ).fit(interactions)
    assert model.legs == ("walk", "als")
    tables = model.tables
    assert tables.factor_legs[0].factors.rank == 3
    assert np.diff(tables.neighbours.indptr).max() == 7
    pairs = model.pairs
    strength = pairs.strength.astype(np.float64)
    walk = pairs.sums[1.0] / strength[pairs.row_indices] / strength[pairs.indices] ** 0.5
    np.testing.assert_allclose(tables.neighbours.data[:, 0], walk, rtol=1e-5)
    assert model.value("numReasons") == 3


def test_what_reads_pairs_is_learned_again_from_histories_and_pseudo_interactions(
    model: HybridRecommenderModel, interactions: DataFrame
) -> None:
    again = gr.HybridRecommender(
        legs(rank=8), weights=WEIGHTS, decayBeyond={}, pseudoInteractions=0.2
    ).fit(interactions)
    added = [
        (user, item)
        for user, items in ordered(model.rankedLists(ITEMS)).items()
        for item in items[: round(0.2 * len(HISTORIES[user]))]
    ]
    assert len(added) > USERS
    spark = interactions.sparkSession
    longer = interactions.union(spark.createDataFrame(added, interactions.schema))
    by_hand = gr.HybridRecommender(legs(rank=8), pseudoInteractions=0.0).fit(longer)
    assert item_weights(again) == pytest.approx(item_weights(by_hand), rel=1e-4, abs=1e-6)
    assert item_weights(again) != pytest.approx(item_weights(model), rel=1e-4, abs=1e-6)
    # What is known of items by factors and what people read stay as they were.
    vectors = {row["item"]: row["vector"] for row in model.itemFactors.collect()}
    assert vectors == {row["item"]: row["vector"] for row in again.itemFactors.collect()}
    assert again.pairs.together.sum() == model.pairs.together.sum()
    assert ordered(again.rankedLists(5)).keys() == HISTORIES.keys()


def item_weights(model: HybridRecommenderModel) -> dict[tuple[str, str, str], float]:
    """(item, listed item, leg) -> weight; items are numbered differently in each fit."""
    tables = model.tables
    ids = tables.catalogue.ids.to_pylist()
    rows = row_indices(tables.neighbours.indptr)
    return {
        (ids[item], ids[neighbour], leg): float(tables.neighbours.data[pair, column])
        for pair, (item, neighbour) in enumerate(zip(rows, tables.neighbours.indices, strict=True))
        for column, leg in enumerate(tables.neighbour_names)
        if tables.neighbours.data[pair, column] != 0.0
    }


@pytest.mark.parametrize(
    "leg",
    [gr.ALSRecommender(rank=4, maxIter=3), gr.RandomWalkRecommender()],
    ids=["als", "walk"],
)
def test_a_leg_alone_learns_nothing_from_itself(interactions: DataFrame, leg: Any) -> None:
    once = gr.HybridRecommender([leg], pseudoInteractions=0.0).fit(interactions)
    again = gr.HybridRecommender([leg], pseudoInteractions=0.5).fit(interactions)
    assert ordered(again.rankedLists(3)) == ordered(once.rankedLists(3))


@pytest.mark.parametrize(
    "legs", [[], [1, 2], "walk", 5, [None], [gr.RandomWalkRecommender], [gr.RatingPredictor]]
)
def test_legs_are_recommenders(legs: Any) -> None:
    with pytest.raises(ParameterError, match="legs must be a list of recommenders; found "):
        gr.HybridRecommender(legs)


@pytest.mark.usefixtures("spark")
def test_what_learns_no_leg_is_none() -> None:
    with pytest.raises(ParameterError, match=r"must learn something .*; found PopularityRec"):
        gr.HybridRecommender([gr.PopularityRecommender(), gr.RandomWalkRecommender()])


@pytest.mark.usefixtures("spark")
def test_one_leg_is_a_list_of_one() -> None:
    leg = gr.RandomWalkRecommender()
    with pytest.raises(ParameterError, match="found a single one; give some, as in"):
        gr.HybridRecommender(leg)  # type: ignore[arg-type]
    assert gr.HybridRecommender((leg,)).leg_names == ("walk",)
