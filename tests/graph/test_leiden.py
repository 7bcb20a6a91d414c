"""Communities by modularity against networkx."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrec.graph.leiden import Labels, leiden, modularity

Graph = nx.Graph


def matrix(graph: Graph[Any]) -> sparse.csr_array:
    return nx.to_scipy_sparse_array(graph, format="csr", dtype=float)


def sets(graph: Graph[Any], label: Labels) -> list[set[Any]]:
    nodes = np.array(list(graph))
    return [set(nodes[label == name].tolist()) for name in np.unique(label)]


@pytest.mark.parametrize("seed", range(3))
def test_planted_communities_are_found(seed: int) -> None:
    graph = nx.planted_partition_graph(6, 30, 0.4, 0.02, seed=seed)
    found = sets(graph, leiden(matrix(graph)))
    assert sorted(map(sorted, found)) == [list(range(30 * n, 30 * n + 30)) for n in range(6)]


@pytest.mark.parametrize(
    "graph",
    [
        nx.karate_club_graph(),
        nx.les_miserables_graph(),
        nx.barabasi_albert_graph(400, 4, seed=1),
        nx.ring_of_cliques(30, 5),
    ],
    ids=["karate", "miserables", "scale-free", "cliques"],
)
def test_as_good_as_the_best_of_louvain(graph: Graph[Any]) -> None:
    graph = nx.convert_node_labels_to_integers(graph)
    label = leiden(matrix(graph))
    best = max(
        nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed))
        for seed in range(5)
    )
    assert modularity(matrix(graph), label) >= best - 0.002


edges = st.dictionaries(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda edge: edge[0] < edge[1]),
    st.integers(1, 8).map(float),
    max_size=50,
)


@given(weights=edges, resolution=st.sampled_from([0.5, 1.0, 2.0]))
@settings(max_examples=60)
def test_any_graph(weights: dict[tuple[int, int], float], resolution: float) -> None:
    graph: Graph[Any] = nx.Graph()
    graph.add_nodes_from(range(15))
    graph.add_weighted_edges_from((*edge, weight) for edge, weight in weights.items())
    label = leiden(matrix(graph), resolution=resolution)
    communities = sets(graph, label)
    assert all(nx.is_connected(graph.subgraph(community)) for community in communities)
    found = modularity(matrix(graph), label, resolution=resolution)
    if weights:
        expected = nx.community.modularity(graph, communities, resolution=resolution)
        assert found == pytest.approx(expected, abs=1e-12)
    alone = modularity(matrix(graph), np.arange(15), resolution=resolution)
    assert found >= alone - 1e-12
    assert (leiden(matrix(graph), resolution=resolution) == label).all()


def test_more_communities_at_a_higher_resolution() -> None:
    graph = matrix(nx.ring_of_cliques(12, 6))
    counts = [leiden(graph, resolution=r).max() + 1 for r in (0.1, 1.0, 20.0)]
    assert counts[0] < counts[1] == 12 < counts[2] == 72


def test_without_edges_everyone_is_alone() -> None:
    empty = sparse.csr_array((4, 4), dtype=float)
    assert leiden(empty).tolist() == [0, 1, 2, 3]
    assert modularity(empty, np.arange(4)) == 0.0
