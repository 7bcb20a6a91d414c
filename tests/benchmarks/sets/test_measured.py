"""What is measured of lists, and which differences are called more than chance."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks.sets.measured import ALL, METRICS, Measured, measure, metrics_of


def test_map_over_all_test_items_is_that_of_recommenders(spark: SparkSession) -> None:
    """Seven test items, of which a list of five finds those at the ranks 1 and 3."""
    lists = spark.createDataFrame(
        [("ann", item, r) for r, item in enumerate("axbyz", 1)],
        "user string, item string, rank int",
    )
    test = spark.createDataFrame([("ann", item) for item in "abcdefg"], "user string, item string")
    lengths = spark.createDataFrame([("ann", 4)], "user string, history int")
    found = metrics_of("one", lists, test, lengths)
    row = found.where("k = 5").first()
    assert row is not None
    precisions = 1 / 1 + 2 / 3
    assert row["map"] == pytest.approx(precisions / 5)
    assert row["map_of_all"] == pytest.approx(precisions / 7)
    assert (row["recall"], row["precision"], row["history"]) == (2 / 7, 2 / 5, 4)
    assert row["ndcg"] == pytest.approx(1.5 / sum(1 / math.log2(r + 1) for r in range(1, 6)))


@pytest.fixture(scope="module")
def measured(spark: SparkSession) -> Measured:
    """Two cuts; a peer that is better for short histories only, by the same for 40 users.

    Ten users have two items: the peer is better for all of them, but they are too few.
    """
    rows = []
    for cut in (0, 1):
        for user in range(110):
            history = 1 if user < 40 else 2 if user < 50 else 30
            wiggle = 0.001 * (user % 7)
            own = {1: 0.2, 2: 0.2, 30: 0.5}[history] + wiggle + 0.1 * cut
            peer = own + (0.1 + wiggle if history < 3 else -0.2 - wiggle)
            for name, value in (("graphrec", own), ("peer", peer)):
                rows += [(name, user, history, k, *[value] * len(METRICS)) for k in (5, 10)]
    frame = pd.DataFrame(rows, columns=["model", "user", "history", "k", *METRICS])
    return measure([spark.createDataFrame(part) for _, part in frame.groupby("model")])


def test_cuts_are_averaged_by_user(measured: Measured) -> None:
    one = measured.mean("graphrec", "ndcg", 5, "1")
    assert one.users == 40
    assert one.mean == pytest.approx(0.25 + 0.001 * sum(user % 7 for user in range(40)) / 40)
    assert measured.mean("graphrec", "ndcg", 5).users == 110
    assert measured.groups == ["1", "2", "21+"]


def test_a_peer_that_is_better_in_a_group_is_found(measured: Measured) -> None:
    short = measured.difference("peer", "ndcg", 10, "1")
    assert short is not None
    assert short.better
    assert short.compared.difference < -0.1
    whole, long = (measured.difference("peer", "ndcg", 10, group) for group in (ALL, "21+"))
    assert whole is not None
    assert long is not None
    assert not whole.better
    assert not long.better
    few = measured.difference("peer", "ndcg", 10, "2")
    assert few is not None
    assert (few.corrected, few.better, few.better_alone) == (None, False, False)


def test_p_values_are_corrected_for_the_tests_of_the_metric(measured: Measured) -> None:
    """Three groups, one too small, at two cutoffs: 6 - 2 + 2 for all users."""
    judged = [
        one
        for one in measured.differences
        if one.compared.metric == "recall" and one.corrected is not None
    ]
    assert len(judged) == 6
    greatest = max(judged, key=lambda one: one.compared.p_value)
    assert greatest.corrected is not None
    assert greatest.corrected >= greatest.compared.p_value
    least = min(judged, key=lambda one: one.compared.p_value)
    assert least.corrected == pytest.approx(min(1.0, 6 * least.compared.p_value))
