"""Personalized PageRank through the whole model equals networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from pyspark.sql import SparkSession

import graphrec as gr


@pytest.mark.parametrize("restart", [0.15, 0.6])
def test_scores_of_all_pairs_equal_networkx(spark: SparkSession, restart: float) -> None:
    """Weighted, with a hub, users of one item, an item of one user, and a part of its own."""
    rng = np.random.default_rng(3)
    edges = [
        (f"u{user}", f"i{item}", float(np.float32(rng.uniform(0.2, 5.0))))
        for user in range(12)
        for item in range(10)
        if rng.random() < 0.3 or user == 0 or item == user == 5
    ]
    edges += [("one", "i3", 2.0), ("other", "i3", 0.5), ("apart", "j1", 1.0), ("apart", "j2", 3.0)]
    frame = spark.createDataFrame(edges, "user string, item string, weight double")
    model = gr.RandomWalkRecommender(
        method="pagerank",
        restartProbability=restart,
        leastMass=0.0,
        tolerance=1e-9,
        maxEntries=100,
        preference="weight",
    ).fit(frame)
    pairs = frame.select("user").distinct().crossJoin(frame.select("item").distinct())
    found = {(row.user, row.item): row.prediction for row in model.pairScores(pairs).collect()}

    graph: nx.Graph[tuple[str, str]] = nx.Graph()
    graph.add_weighted_edges_from((("u", user), ("i", item), w) for user, item, w in edges)
    users = sorted({user for user, _, _ in edges})
    items = sorted({item for _, item, _ in edges})
    assert len(found) == len(users) * len(items)
    for user in users:
        ranks = nx.pagerank(
            graph,
            alpha=1.0 - restart,
            personalization={("u", user): 1.0},
            tol=1e-12,
            max_iter=2000,
        )
        np.testing.assert_allclose(
            [found[user, item] for item in items], [ranks["i", item] for item in items], atol=1e-6
        )
