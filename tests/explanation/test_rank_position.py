"""Where an item stands is where the lists have it, and MMR's figures are those of its rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, Row, SparkSession

import graphrec as gr
from graphrec.errors import ParameterError
from graphrec.explanation.rank_position import RankPosition, rank_position
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.ranking import rank_batch
from tests.explanation.cases import one_user, tables_of
from tests.recommenders.checkerboard import COLUMNS, FILMS, frame, legs, rows, seen
from tests.serving.reference import Array, random_case
from tests.serving.test_mmr import similarity

USER = "v03"
DIVERSITY = 0.4


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    return gr.HybridRecommender(legs(), **COLUMNS).fit(frame(spark, rows()))


def position_of(model: RecommenderModel, item: int, length: int = 10, **options: Any) -> Row:
    [row] = model.explain(options.pop("user", USER), item, length, **options).position.collect()
    return row


def listed(model: RecommenderModel, spark: SparkSession, length: int) -> list[Row]:
    users = spark.createDataFrame([(USER,)], "viewer string")
    return sorted(model.rankedLists(length, users=users).collect(), key=lambda row: row["rank"])


def assert_mmr(
    explained: RankPosition, pool: Array, scores: Array, similar: Array, before: Array
) -> None:
    """Check the figures of the step that decided on an item.

    Args:
        told: what is checked.
        pool: (n,), items by descending score; the item is the one of `told.blended_rank`.
        scores: (n,).
        similar: (items, items).
        before: what was listed before.
    """
    assert explained.diversified is not None
    assert explained.blended_rank is not None
    item = pool[explained.blended_rank - 1]
    likeness = similar[before, item].max(initial=0.0)
    span = scores[0] - scores[-1]
    relevance = (scores[explained.blended_rank - 1] - scores[-1]) / span if span > 0 else 1.0
    assert explained.diversified.relevance == pytest.approx(relevance**2, abs=1e-3)
    assert explained.diversified.similarity == pytest.approx(likeness, abs=1e-4)
    if likeness > 1e-4:
        assert explained.diversified.similar_to in before
        assert similar[explained.diversified.similar_to, item] == pytest.approx(likeness, abs=1e-4)
    elif not likeness:
        assert explained.diversified.similar_to is None


@given(
    seed=st.integers(0, 100_000),
    legs=st.integers(0, 2),
    diversity=st.sampled_from([0.0, 0.2, 0.7, 1.0]),
    length=st.integers(1, 14),
)
@settings(max_examples=15)
def test_every_item_stands_where_the_list_has_it(
    *, seed: int, legs: int, diversity: float, length: int
) -> None:
    case = random_case(seed, legs=legs, rank=3, length=length).asking(diversity=diversity)
    similar = similarity(replace(case, item_factors=tables_of(case).factor_legs[0].factors.vector))
    for number in range(2):  # the first one has no history
        user = one_user(case, number)
        lists = rank_batch(user.row, user.arrays, case.rules, user.tables.fold_ins, user.request)
        listed = lists.item[0][lists.item[0] >= 0]
        ranked = user.ranked(12)
        pool, scores = ranked.item[0][ranked.item[0] >= 0], ranked.score[0][ranked.item[0] >= 0]
        positions = [rank_position(user, item) for item in range(12)]
        order = sorted(range(12), key=lambda item: positions[item].rank or 99)
        for item, explained in enumerate(positions):
            if case.has[number, item]:
                assert explained == RankPosition("seen")
            elif case.excluded[item]:
                assert explained == RankPosition("denied")
            elif item in listed:
                assert explained.outcome == "listed"
                assert explained.rank == listed.tolist().index(item) + 1
            else:
                assert explained.outcome == "below the list"
                assert explained.rank is not None
                assert explained.rank > length
            if explained.rank is None:
                continue
            assert explained.blended_rank == pool.tolist().index(item) + 1
            if diversity == 0 or not user.personal:
                assert (explained.rank, explained.diversified) == (explained.blended_rank, None)
            else:
                before = np.array(order[: explained.rank - 1], np.int64)
                assert_mmr(explained, pool, scores, similar, before)


def test_what_is_too_far_down_for_calibration() -> None:
    case = random_case(4, users=1, items=150, legs=2, length=3).asking(calibration=0.3)
    kinds = np.arange(150)[:, np.newaxis] % 2 == np.arange(2)
    case = replace(
        case,
        has=np.arange(150)[np.newaxis] < 5,
        weight=np.ones((1, 150)),
        excluded=np.zeros(150, bool),
        kinds=kinds,
    )
    user = one_user(case, 0)
    listed = rank_batch(user.row, user.arrays, case.rules, user.tables.fold_ins, user.request)
    assert [rank_position(user, item).rank for item in listed.item[0]] == [1, 2, 3]
    candidates = user.ranked(150).item[0]
    assert rank_position(user, candidates[99]).outcome == "below the list"
    assert rank_position(user, candidates[100]) == RankPosition(
        "outside calibration's pool", blended_rank=101
    )


def test_what_is_too_far_down_for_mmr_and_what_is_not_retrieved() -> None:
    case = random_case(4, users=1, items=150, legs=2, length=3).asking(diversity=0.3)
    case = replace(
        case,
        has=np.arange(150)[np.newaxis] < 5,
        weight=np.ones((1, 150)),
        excluded=np.zeros(150, bool),
    )
    user = one_user(case, 0)
    candidates = user.ranked(150).item[0]
    assert rank_position(user, candidates[99]).outcome == "below the list"
    assert rank_position(user, candidates[100]) == RankPosition(
        "outside MMR's pool", blended_rank=101
    )
    fewer = replace(user, request=replace(user.request, candidates=20))
    positions = [rank_position(fewer, item) for item in candidates[candidates >= 0]]
    assert len(positions) == 145
    assert (
        sum(explained == RankPosition("not a candidate") for explained in positions)
        == len(positions) - 20
    )


def test_the_real_list_with_its_filters(spark: SparkSession, model: RecommenderModel) -> None:
    diverse = model.copy({model.diversity: DIVERSITY})
    order = [row.film for row in listed(diverse, spark, FILMS)]
    explained = position_of(diverse, order[2], 2)
    assert explained.outcome == "below the list"
    assert (explained["rank"], explained.length, explained.diversity) == (3, 2, DIVERSITY)
    assert explained.similar_to in order[:2]
    assert explained.penalty == pytest.approx(DIVERSITY * explained.similarity)
    assert explained.mmr == pytest.approx((1 - DIVERSITY) * explained.relevance - explained.penalty)
    only = film_frame(spark, order[1])
    assert position_of(diverse, order[1], allow=only)["rank"] == 1
    to_others = only.selectExpr("film", "'v05' AS viewer")
    assert position_of(diverse, order[1], deny=to_others)["rank"] == 2
    to_this = only.selectExpr("film", f"'{USER}' AS viewer")
    assert position_of(diverse, order[1], deny=to_this).outcome == "denied"


def film_frame(spark: SparkSession, film: int) -> DataFrame:
    return spark.createDataFrame([(film,)], "film int")


def test_a_basket_is_explained_as_its_list_is_made(
    spark: SparkSession, model: RecommenderModel
) -> None:
    basket = [("basket", film) for film in seen(3)] + [("stranger", 999)]
    histories = spark.createDataFrame(basket, "viewer string, film int")
    order = [row.film for row in listed(model, spark, FILMS)]
    found = model.explain("basket", order[2], histories=histories)
    known = model.explain(USER, order[2])
    [explained], [expected] = found.position.collect(), known.position.collect()
    assert explained.viewer == "basket"
    assert explained.asDict() | {"viewer": USER} == expected.asDict()
    assert found.contributions.collect() == known.contributions.collect()
    # v03 itself is one of the users between the basket and the item
    assert found.paths.where(f"other_user = '{USER}'").count() == 0  # who has not seen it
    cold = model.explain("stranger", 6, histories=histories)
    [explained] = cold.position.collect()
    assert (explained.source, explained.outcome, explained["rank"]) == ("popular", "listed", 1)
    [share] = cold.shares.collect()
    assert (share.leg, share.share) == ("popularity", explained.score)
    assert [row.part for row in cold.contributions.collect()] == ["popularity"]
    assert cold.paths.collect() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user": "nobody", "item": 3}, "the model does not know this user; found 'nobody'; give"),
        ({"user": USER, "item": 999}, "the model does not know this item; found 999; give an"),
        ({"user": USER, "item": "x"}, "the item must be an id of the model's type, int; found 'x'"),
        ({"user": USER, "item": 3, "numItems": 0}, "numItems must be a whole number of at least"),
        ({"user": USER, "item": 3, "numPaths": 0}, "numPaths must be a whole number of at least"),
    ],
)
def test_what_cannot_be_explained(
    model: RecommenderModel, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=f"^{message}"):
        model.explain(**options)


def test_a_basket_must_hold_its_user(spark: SparkSession, model: RecommenderModel) -> None:
    histories = spark.createDataFrame([("basket", 3)], "viewer string, film int")
    with pytest.raises(ParameterError, match=r"^the histories do not hold this user; found 'v03'"):
        model.explain(USER, 3, histories=histories)
