"""Paths are those that a search of the graph finds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from graphrec.explanation.paths import strongest_paths

Path = tuple[str, str, float]  # history item, other user, weight


def random_weights(seed: int) -> dict[str, dict[int, float]]:
    """Histories of 12 users with 9 items; two pairs of users alike, so that weights are equal."""
    rng = np.random.default_rng(seed)
    histories = {
        f"u{user:02}": {item: float(rng.integers(1, 4)) for item in range(9) if rng.random() < 0.45}
        for user in range(12)
    }
    histories["u03"], histories["u05"] = dict(histories["u02"]), dict(histories["u04"])
    return {user: history for user, history in histories.items() if history}


def weights_of(spark: SparkSession, histories: Mapping[str, Mapping[int, float]]) -> DataFrame:
    return spark.createDataFrame(
        pa.table(
            {
                "user": list(histories),
                "items": pa.array([sorted(h) for h in histories.values()], pa.list_(pa.int32())),
                "weights": pa.array(
                    [[h[i] for i in sorted(h)] for h in histories.values()], pa.list_(pa.float32())
                ),
            }
        )
    )


def searched(histories: Mapping[str, Mapping[int, float]], user: str, item: int) -> list[Path]:
    """All simple paths of three edges, each with the product of its steps' probabilities."""
    graph = nx.Graph()
    for name, history in histories.items():
        graph.add_weighted_edges_from((name, f"i{i}", weight) for i, weight in history.items())
    if f"i{item}" not in graph:
        return []
    strength = dict(graph.degree(weight="weight"))
    graph.remove_edges_from([(user, f"i{item}")])  # no way to the item begins with it
    found = [
        (path[1], path[2], _probability(graph, strength, path))
        for path in nx.all_simple_paths(graph, user, f"i{item}", cutoff=3)
        if len(path) == 4
    ]
    return sorted(found, key=lambda path: (-round(path[2], 12), *path[:2]))


def _probability(graph: nx.Graph[str], strength: Mapping[str, float], path: list[str]) -> float:
    return float(np.prod([graph.edges[a, b]["weight"] / strength[a] for a, b in pairwise(path)]))


@pytest.mark.parametrize(("seed", "user", "item"), [(2, "u00", 8), (5, "u02", 3)])
def test_paths_are_those_of_a_search(spark: SparkSession, seed: int, user: str, item: int) -> None:
    histories = random_weights(seed)
    own = histories[user]
    total = sum(own.values())
    history = spark.createDataFrame(
        [(i, f"i{i}", weight / total) for i, weight in own.items()],
        "index int, item string, step double",
    )
    expected = searched(histories, user, item)
    assert len(expected) > 5
    frame = strongest_paths(
        weights_of(spark, histories), history, user=user, item=item, length=len(expected) - 2
    )
    found = sorted(frame.collect())
    assert [row["rank"] for row in found] == list(range(1, len(expected) - 1))
    assert [(row.history_item, row.other_user) for row in found] == [
        path[:2] for path in expected[:-2]
    ]
    weights = [weight for _, _, weight in expected]
    assert [row.weight for row in found] == pytest.approx(weights[:-2])
    assert [row.share for row in found] == pytest.approx(
        [weight / sum(weights) for weight in weights[:-2]]
    )
