"""The positions of nodes on a map."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrec.reports.map.layout import lay_out


def cliques(sizes: list[int], alone: int = 0) -> tuple[sparse.csr_array, np.ndarray]:
    """Cliques with one edge from each to the next, and nodes without an edge."""
    nodes = sum(sizes) + alone
    weights = sparse.lil_array((nodes, nodes))
    community = np.zeros(nodes, np.int32)
    first = 0
    for number, size in enumerate(sizes, start=1):
        weights[first : first + size, first : first + size] = 1.0
        community[first : first + size] = number
        if first:
            weights[first - 1, first] = weights[first, first - 1] = 0.2
        first += size
    weights.setdiag(0.0)
    found = weights.tocsr()
    found.eliminate_zeros()
    return sparse.csr_array(found), community


def test_what_goes_together_stands_together() -> None:
    weights, community = cliques([12, 9, 7])
    position = lay_out(weights, community)
    centers = np.array([position[community == number].mean(axis=0) for number in (1, 2, 3)])
    apart = np.linalg.norm(position[:, None] - centers, axis=2)
    assert (apart.argmin(axis=1) + 1 == community).all()
    radius = np.array([apart[community == n, n - 1].max() for n in (1, 2, 3)])
    between = np.linalg.norm(centers[:, None] - centers, axis=2)
    assert (between + np.eye(3) * 9 > 1.2 * (radius[:, None] + radius) / 2).all()


def test_equal_graphs_give_equal_maps() -> None:
    weights, community = cliques([8, 5], alone=2)
    assert (lay_out(weights, community) == lay_out(weights.copy(), community.copy())).all()


def test_no_two_nodes_stand_on_each_other_and_all_are_within_the_circle() -> None:
    weights, community = cliques([20, 10, 1], alone=3)
    position = lay_out(weights, community)
    far = np.hypot(*position.T)
    assert np.isfinite(position).all()
    assert far.max() <= 1 + 1e-9
    assert far[community == 0].min() > far[community > 0].max()
    between = np.linalg.norm(position[:, None] - position, axis=2) + np.eye(len(position))
    assert between.min() > 1e-3


def test_graphs_of_nothing() -> None:
    nothing = sparse.csr_array((0, 0))
    assert lay_out(nothing, np.zeros(0, np.int32)).shape == (0, 2)
    lonely = lay_out(sparse.csr_array((2, 2)), np.zeros(2, np.int32))
    np.testing.assert_allclose(np.hypot(*lonely.T).max(), 1.0)


def test_what_is_small_or_alone_leaves_the_map_to_the_largest_component() -> None:
    weights, community = cliques([30, 20], alone=25)
    pairs = sparse.block_diag([sparse.csr_array([[0.0, 1.0], [1.0, 0.0]])] * 10)
    everything = sparse.csr_array(sparse.block_diag([weights, pairs], format="csr"))
    position = lay_out(
        everything, np.concatenate((community, np.repeat(range(3, 13), 2))).astype(np.int32)
    )
    far = np.hypot(*position.T)
    assert far.max() == pytest.approx(1.0)
    assert far[:50].max() > 0.5  # a ring of the others around it, and a part of a second one
    assert far[50:].min() > far[:50].max()
    between = np.linalg.norm(position[:, None] - position, axis=2) + np.eye(len(position))
    assert between.min() > 1e-3
