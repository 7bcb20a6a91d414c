"""NDCG of cached scores, of all and of low-similarity items alone, and what counts as a gain."""

from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import SparkSession

from graphrec.columns import ITEM, RECOMMENDATIONS, USER
from graphrec.recommenders.hybrid.candidate_scores import CachedScores, Relevant, gain

SECOND, THIRD = 1 / np.log2(3), 1 / 2  # discounts of the ranks


def hand_made() -> CachedScores:
    """Three candidates: the first leg lists them in order, the second the last one first."""
    scores = np.array([[[3.0, 0], [2.0, 0], [1.0, 9.0]]] * 2, np.float32)
    hits = np.array([[False, True, True], [True, False, False]])
    low_similarity = np.array([[False, False, True], [False, False, False]])
    return CachedScores(
        ("walk", "als"),
        scores,
        Relevant(hits, hits.sum(axis=1)),
        Relevant(low_similarity, low_similarity.sum(axis=1)),
    )


def test_ndcg_of_hand_made_lists() -> None:
    found = hand_made()
    in_order, last_first = found.judge((1.0, 0.0)), found.judge((0.0, 1.0))
    assert in_order.ndcg == pytest.approx([(SECOND + THIRD) / (1 + SECOND), 1.0])
    assert last_first.ndcg == pytest.approx([(1 + THIRD) / (1 + SECOND), SECOND])
    assert found.users == 2


def test_users_without_low_similarity_items_do_not_count_there() -> None:
    assert hand_made().judge((1.0, 0.0)).low_similarity == pytest.approx([THIRD])
    assert hand_made().judge((0.0, 1.0)).low_similarity == pytest.approx([1.0])


def test_what_is_held_out_and_no_candidate_counts_in_the_ideal() -> None:
    relevant = Relevant(np.ones((1, 1), bool), np.array([2]))
    found = CachedScores(("walk",), np.zeros((1, 1, 1), np.float32), relevant, relevant)
    assert found.judge((1.0,)).ndcg == pytest.approx([1 / (1 + SECOND)])


def test_the_value_is_the_sum_of_both_means() -> None:
    in_order, last_first = hand_made().judge((1.0, 0.0)), hand_made().judge((0.0, 1.0))
    for judged in (in_order, last_first):
        assert judged.value.shape == (2,)
        assert judged.value.mean() == pytest.approx(
            judged.ndcg.mean() + judged.low_similarity.mean()
        )
    assert in_order.value == pytest.approx([(SECOND + THIRD) / (1 + SECOND) + 2 * THIRD, 1.0])


def test_where_no_item_is_of_low_similarity_the_value_is_the_ndcg() -> None:
    found = hand_made()
    nothing = Relevant(np.zeros_like(found.low_similarity.hits), np.zeros(2, np.int64))
    judged = CachedScores(found.legs, found.scores, found.held_out, nothing).judge((1.0, 0.0))
    np.testing.assert_array_equal(judged.value, judged.ndcg)


def test_what_rounding_leaves_is_no_gain() -> None:
    old = np.full(5, 0.3)
    new = np.array([0.1 + 0.2] * 5)
    assert (new > old).all()
    assert gain(new, old) == (0.0, 0.0)


def test_gains_are_paired() -> None:
    old = np.array([0.1, 0.3])
    new = old + np.array([0.1, 0.2])
    assert gain(new, old) == pytest.approx((0.15, 0.05))
    assert gain(new[:1], old[:1]) == pytest.approx((0.1, 0.0))


def test_scores_are_gathered_with_what_was_held_out(spark: SparkSession) -> None:
    nested = spark.createDataFrame(
        [("b", [("x", 1.0), ("y", 0.5)]), ("a", [("z", 2.0)]), ("c", [("x", 1.0)])],
        f"{USER} string, {RECOMMENDATIONS} array<struct<{ITEM}: string, walk: float>>",
    )
    validation = spark.createDataFrame(
        [("a", [0, 1], [0]), ("b", [1], [1])],
        f"{USER} string, held_out array<int>, low_similarity array<int>",
    )
    items = spark.createDataFrame([("x", 0), ("y", 1), ("z", 2)], f"{ITEM} string, index int")
    found = CachedScores.collect(nested, validation, items, ["walk"])
    np.testing.assert_array_equal(found.scores[:, :, 0], [[2.0, -np.inf], [1.0, 0.5]])  # a, b
    np.testing.assert_array_equal(found.held_out.hits, [[False, False], [False, True]])
    np.testing.assert_array_equal(found.held_out.count, [2, 1])
    np.testing.assert_array_equal(found.low_similarity.hits, [[False, False], [False, True]])
    np.testing.assert_array_equal(found.low_similarity.count, [1, 1])
