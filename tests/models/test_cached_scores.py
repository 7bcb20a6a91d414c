"""NDCG of cached scores, of all and of novel items alone, and what counts as a gain."""

from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import SparkSession

from graphrec.columns import ITEM, RECOMMENDATIONS, USER
from graphrec.models.cached_scores import CachedScores, Judged, Wanted, gain, holds_for_novel

SECOND, THIRD = 1 / np.log2(3), 1 / 2  # discounts of the ranks


def hand_made() -> CachedScores:
    """Three candidates: the first leg lists them in order, the second the last one first."""
    scores = np.array([[[3.0, 0], [2.0, 0], [1.0, 9.0]]] * 2, np.float32)
    hits = np.array([[False, True, True], [True, False, False]])
    novel = np.array([[False, False, True], [False, False, False]])
    return CachedScores(
        ("walk", "als"), scores, Wanted(hits, hits.sum(axis=1)), Wanted(novel, novel.sum(axis=1))
    )


def test_ndcg_of_hand_made_lists() -> None:
    found = hand_made()
    in_order, last_first = found.judge((1.0, 0.0)), found.judge((0.0, 1.0))
    assert in_order.ndcg == pytest.approx([(SECOND + THIRD) / (1 + SECOND), 1.0])
    assert last_first.ndcg == pytest.approx([(1 + THIRD) / (1 + SECOND), SECOND])
    assert found.users == 2


def test_users_without_novel_items_do_not_count_there() -> None:
    assert hand_made().judge((1.0, 0.0)).novel == pytest.approx([THIRD])
    assert hand_made().judge((0.0, 1.0)).novel == pytest.approx([1.0])


def test_what_is_held_out_and_no_candidate_counts_in_the_ideal() -> None:
    wanted = Wanted(np.ones((1, 1), bool), np.array([2]))
    found = CachedScores(("walk",), np.zeros((1, 1, 1), np.float32), wanted, wanted)
    assert found.judge((1.0,)).ndcg == pytest.approx([1 / (1 + SECOND)])


def test_gains_are_paired_and_losses_on_novel_items_are_within_chance_or_not() -> None:
    ndcg = np.array([0.1, 0.3])
    old = Judged(ndcg, np.array([0.2, 0.2, 0.2]))
    assert gain(Judged(ndcg + np.array([0.1, 0.2]), old.novel), old) == pytest.approx((0.15, 0.05))
    for novel, holds in (
        ([0.2, 0.2, 0.2], True),
        ([0.3, 0.0, 0.1], True),  # -.067 ± .088
        ([0.1, 0.0, 0.1], False),  # -.133 ± .033
    ):
        assert holds_for_novel(Judged(ndcg, np.array(novel)), old) == holds
    nobody = Judged(ndcg, np.zeros(0))
    assert holds_for_novel(nobody, nobody)


def test_scores_are_gathered_with_what_was_held_out(spark: SparkSession) -> None:
    nested = spark.createDataFrame(
        [("b", [("x", 1.0), ("y", 0.5)]), ("a", [("z", 2.0)]), ("c", [("x", 1.0)])],
        f"{USER} string, {RECOMMENDATIONS} array<struct<{ITEM}: string, walk: float>>",
    )
    validation = spark.createDataFrame(
        [("a", [0, 1], [0]), ("b", [1], [1])],
        f"{USER} string, held_out array<int>, novel array<int>",
    )
    items = spark.createDataFrame([("x", 0), ("y", 1), ("z", 2)], f"{ITEM} string, index int")
    found = CachedScores.collect(nested, validation, items, ["walk"])
    np.testing.assert_array_equal(found.scores[:, :, 0], [[2.0, -np.inf], [1.0, 0.5]])  # a, b
    np.testing.assert_array_equal(found.held_out.hits, [[False, False], [False, True]])
    np.testing.assert_array_equal(found.held_out.count, [2, 1])
    np.testing.assert_array_equal(found.novel.hits, [[False, False], [False, True]])
    np.testing.assert_array_equal(found.novel.count, [1, 1])
