"""Time decay over many half-lives: old interactions decay, and nothing breaks."""

from __future__ import annotations

import math

import numpy as np
from pyspark.sql import SparkSession

import graphrec as gr

DAY = 86_400.0


def test_histories_of_many_half_lives_ago_do_no_harm(spark: SparkSession) -> None:
    """The oldest of 2,000 half-lives weigh nothing at all, those between next to nothing."""
    rng = np.random.default_rng(1)
    rows = [
        (f"u{user:02}", f"i{item:02}", 1e9 + 100.0 * DAY * user + item)
        for user in range(20)
        for item in np.flatnonzero(rng.random(30) < 0.4).tolist()
    ]
    frame = spark.createDataFrame(rows, "user string, item string, timestamp double")
    model = gr.HybridRecommender(
        [gr.RandomWalkRecommender(), gr.EASERecommender()],
        weights={"walk": 0.5, "ease": 0.5},
        halfLife=1.0,
        diversity=0.2,
    ).fit(frame)
    pairs = model.pairs
    assert np.isfinite(pairs.cosine).all()
    assert pairs.cosine.max() <= 1.0 + 1e-6
    assert all(np.isfinite(sums).all() for sums in pairs.sums.values())
    lists = model.rankedLists(5).collect()
    assert len(lists) == 20 * 5
    assert all(math.isfinite(row.score) for row in lists)
