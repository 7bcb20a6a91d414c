"""The cluster computes what the driver computes, to the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import SparkSession

from graphrec.recommenders.rating.in_blocks import SidesInBlocks
from graphrec.recommenders.rating.on_driver import SidesOnDriver
from graphrec.recommenders.rating.posterior import posterior_columns
from graphrec.spark.persisted import PersistedFrames


@pytest.mark.slow
def test_blocks_and_driver_agree(spark: SparkSession) -> None:
    random = np.random.default_rng(2)
    users, items, size = 12, 9, 3
    rows = [
        (f"u{user}", rated, random.normal(size=len(rated)).tolist())
        for user in range(users)
        for rated in [sorted({user % items, *random.choice(items, 4).tolist()})]
    ]
    ratings = spark.createDataFrame(rows, "user string, items array<int>, weights array<float>")
    parts = random.normal(size=(items, 2)).astype(np.float32)
    user_parts, precision = random.normal(size=(users, 2)).astype(np.float32), np.eye(size) * 3
    of_items = np.abs(random.normal(size=(items, 2 * size))).astype(np.float32)
    of_users = random.normal(size=(users, posterior_columns(size))).astype(np.float32) / 10
    with PersistedFrames() as persisted:
        found = [
            (
                sides.user_features(parts),
                sides.item_features(user_parts),
                sides.solve_users(of_items, np.zeros((users, size)), precision, 0.5),
                sides.solve_items(of_users, np.ones((items, size)), precision, 0.5),
            )
            for sides in (
                SidesOnDriver(ratings, items),
                SidesInBlocks(ratings.repartition(3), items, persisted),
            )
        ]
    for here, there in zip(*found, strict=True):
        np.testing.assert_array_equal(here, there)
