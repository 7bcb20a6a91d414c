"""What features say, against sums that are written out user by user."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from graphrec.data.item_features import encode
from graphrec.graph.feature_information import (
    SHRINKAGE,
    FeatureInformation,
    feature_information,
    user_gains,
)

KINDS = {"taste": "category", "chance": "category", "where": "vector"}


def table(items: int, rng: np.random.Generator) -> pa.Table:
    """Two tastes, which users have, and four values of chance, which they do not know of."""
    chance = [None if rng.random() < 0.1 else f"c{rng.integers(4)}" for _ in range(items)]
    taste = [f"t{item % 2}" for item in range(items)]
    return pa.table({"taste": taste, "chance": chance, "where": rng.random((items, 2)).tolist()})


def expected(
    history: list[int], value: list[str | None], prior: dict[str, float], alpha: float
) -> float:
    """The mean gain of one user, each item left out of the others in its turn."""
    own = [value[item] for item in history if value[item] is not None]
    if len(own) < 2:
        return math.nan
    counts = Counter(own)
    return sum(
        math.log2((counts[one] - 1 + alpha * prior[one]) / (len(own) - 1 + alpha) / prior[one])
        for one in own
    ) / len(own)


def test_the_gain_of_a_user_leaves_each_item_out_in_its_turn() -> None:
    rng = np.random.default_rng(3)
    given = table(20, rng)
    features = encode(given, KINDS)
    shares = features.matrix.astype(np.float64)
    shares.data **= 2
    histories = [[0, 2, 4, 5], [1], [], [3, 5, 7, 9, 11, 13], list(range(20))]
    indptr = np.concatenate(([0], np.cumsum([len(history) for history in histories])))
    items = np.array([item for history in histories for item in history], np.int32)
    prior = np.zeros(len(features.names))
    for column, name in enumerate(features.names):
        prior[column] = 0.1 + 0.02 * column if name.startswith(("taste", "chance")) else 0.5
    found = user_gains(indptr, items, shares, prior, features.owners)
    assert found.shape == (5, 3, len(SHRINKAGE))
    for position, feature in enumerate(("taste", "chance")):
        value = given[feature].to_pylist()
        priors = {
            name.partition(": ")[2]: prior[column]
            for column, name in enumerate(features.names)
            if name.startswith(feature)
        }
        for user, history in enumerate(histories):
            for n, alpha in enumerate(SHRINKAGE):
                gain = expected(history, value, priors, alpha)
                assert found[user, position, n] == pytest.approx(gain, nan_ok=True)


def test_a_taste_is_told_from_chance(spark: SparkSession) -> None:
    """Of the items that a user takes, one is of the other taste, and 7 to 11 of the own."""
    rng = np.random.default_rng(0)
    items, users = 60, 300
    rows = []
    for user in range(users):
        liked = np.arange(user % 2, items, 2)
        others = np.arange(1 - user % 2, items, 2)
        chosen = [*rng.choice(liked, 7 + user % 5, replace=False), *rng.choice(others, 1)]
        rows.append((user, sorted(int(item) for item in chosen)))
    histories = spark.createDataFrame(pd.DataFrame(rows, columns=["user", "items"]))
    histories = histories.selectExpr("user", "cast(items AS array<int>) AS items")
    support = np.bincount([item for _, taken in rows for item in taken], minlength=items)
    taste, chance, where = feature_information(histories, encode(table(items, rng), KINDS), support)
    assert taste.bits is not None
    share = 1 / 12  # of the other taste, in the longest history: what is not known there
    entropy = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    assert 0.3 < taste.bits < 1 - entropy
    assert taste.tells
    assert taste.ci_low < taste.bits < taste.ci_high
    assert taste.users == users
    assert not chance.tells
    assert where == FeatureInformation("where", "vector", None, None, None, users)
    assert where.tells
