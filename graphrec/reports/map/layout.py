"""The layout of the map: items that go together are close together.

ForceAtlas2 (Jacomy et al., "ForceAtlas2, a continuous graph layout algorithm", 2014): all nodes
repel each other, edges attract their ends, with Noack's LinLog energy, which separates clusters,
and a node that oscillates moves more slowly. It begins from a map of the communities, so that a few
rounds suffice, and communities stay visible. It is deterministic: equal graphs give equal maps.
networkx' layouts hold a matrix of all pairs of nodes for each step, which takes minutes for
thousands of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector, read_only
from graphrec.reports.map.packing import Positions, packed

_GOLDEN_ANGLE: Final = np.pi * (3.0 - np.sqrt(5.0))
_ROUNDS: Final = 160
_BETWEEN_COMMUNITIES: Final = 0.3  # of its weight, what an edge between communities pulls with
_GRAVITY: Final = 1.0  # towards the middle, so that nothing drifts away
_ATTRACTION: Final = 0.5  # of edges, where nodes push with 1
_COMMUNITY_SPACING: Final = 2.2  # how far apart, in steps of the spiral, communities begin
_COMPONENT_SPACING: Final = 0.5  # between components, where a node alone has a radius of 1


def lay_out(weights: sparse.csr_array, community: npt.NDArray[np.int32]) -> Positions:
    """Find a position for each node.

    Args:
        weights: (n, n), symmetric, empty diagonal.
        community: (n,), of each node; 0 for none.

    Returns:
        (n, 2), within a circle of radius 1. A component takes room as it has nodes, and those that
        are small, or a node without an edge, stand close around the largest: pushed apart as far
        as they go they would make it small.
    """
    if not community.size:
        return np.zeros((0, 2))
    _, component = sparse.csgraph.connected_components(weights, directed=False)
    size = np.bincount(component)
    radius = np.sqrt(size.astype(np.float64))
    center = packed(radius + _COMPONENT_SPACING)
    positions = center[component]
    nodes = np.argsort(component, kind="stable")
    for members in np.split(nodes, np.cumsum(size)[:-1]):
        if members.size > 1:
            part = weights[members][:, members].tocsr()
            own = radius[component[members[0]]]
            positions[members] += own * _settled(part, community[members])
    return positions / max(float(np.hypot(*positions.T).max(initial=0.0)), 1e-9)


def _settled(weights: sparse.csr_array, community: npt.NDArray[np.int32]) -> Positions:
    """(n, 2), of a component, within a circle of radius 1."""
    position = _initial_positions(community)
    row = np.repeat(np.arange(community.size), np.diff(weights.indptr))
    across = community[row] != community[weights.indices]
    pull = np.where(across, _BETWEEN_COMMUNITIES, 1.0) * weights.data
    _pull_and_push(
        position,
        read_only(weights.indptr.astype(np.int64)),
        read_only(weights.indices.astype(np.int64)),
        read_only(pull / pull.mean()),
        read_only(1.0 + np.diff(weights.indptr).astype(np.float64)),
        _ROUNDS,
    )
    position -= position.mean(axis=0)
    # A few stragglers must not make all the others small.
    far = np.hypot(*position.T)
    limit = 1.15 * max(float(np.quantile(far, 0.98)), 1e-9)
    position *= (np.minimum(far, limit) / np.maximum(far, 1e-9))[:, None]
    return position / max(float(np.hypot(*position.T).max()), 1e-9)


def _initial_positions(community: npt.NDArray[np.int32]) -> Positions:
    """Communities on a spiral, the largest in the middle, and the nodes of each on its own one."""
    names, position, size = np.unique(community, return_inverse=True, return_counts=True)
    order = np.argsort(-size, kind="stable")
    rank = np.empty(names.size, np.int64)
    rank[order] = np.arange(names.size)
    # A community is as far out as those before it take room.
    before = np.cumsum(size[order]) - size[order] / 2.0
    center = _on_spiral(np.arange(names.size), before)[rank] * _COMMUNITY_SPACING
    within = np.zeros(community.size, np.int64)
    by_name = np.argsort(position, kind="stable")
    first = np.concatenate(([0], np.cumsum(size)[:-1]))
    within[by_name] = np.arange(community.size) - np.repeat(first, size)
    return center[position] + _on_spiral(within, within.astype(np.float64))


def _on_spiral(position: npt.NDArray[np.int64], before: Vector) -> Positions:
    """Points that fill a circle evenly (Vogel 1979).

    Args:
        position: (n,), in the order of the points.
        before: (n,), how much stands nearer to the middle than each of them.
    """
    angle, radius = position * _GOLDEN_ANGLE, np.sqrt(before + 0.5)
    return np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))


@compiled
def _pull_and_push(
    position: Matrix, indptr: Indices, neighbour: Indices, weight: Vector, mass: Vector, rounds: int
) -> None:
    """Move the nodes for some rounds; the work of one is the square of their number.

    Args:
        position: (n, 2), changed.
        indptr: (n + 1,), the edges of a node, each edge at both ends.
        neighbour: (edges,).
        weight: (edges,).
        mass: (n,), how strongly a node repels others.
        rounds: how many.
    """
    nodes = mass.size
    force = np.zeros((nodes, 2))
    before = np.zeros((nodes, 2))
    strength = np.sqrt(nodes) / mass.sum()  # so that the nodes stand about 1 apart
    speed = 1.0
    for _ in range(rounds):
        force[:] = 0.0
        for node in range(nodes):
            x, y, own = position[node, 0], position[node, 1], mass[node]
            push_x, push_y = 0.0, 0.0
            for other in range(node):
                dx, dy = x - position[other, 0], y - position[other, 1]
                push = strength * own * mass[other] / (dx * dx + dy * dy + 0.01)
                push_x += dx * push
                push_y += dy * push
                force[other, 0] -= dx * push
                force[other, 1] -= dy * push
            center = _GRAVITY * own / np.sqrt(nodes)
            force[node, 0] += push_x - x * center
            force[node, 1] += push_y - y * center
            for edge in range(indptr[node], indptr[node + 1]):
                dx, dy = x - position[neighbour[edge], 0], y - position[neighbour[edge], 1]
                apart = np.sqrt(dx * dx + dy * dy + 0.01)
                pull = _ATTRACTION * weight[edge] * np.log1p(apart) / apart
                force[node, 0] -= pull * dx
                force[node, 1] -= pull * dy
        swinging, traction = 0.0, 0.0
        for node in range(nodes):
            swing = np.hypot(force[node, 0] - before[node, 0], force[node, 1] - before[node, 1])
            along = np.hypot(force[node, 0] + before[node, 0], force[node, 1] + before[node, 1])
            swinging += mass[node] * swing
            traction += mass[node] * along / 2.0
        speed = min(traction / max(swinging, 1e-12), 1.5 * speed)
        for node in range(nodes):
            swing = np.hypot(force[node, 0] - before[node, 0], force[node, 1] - before[node, 1])
            step = 0.1 * speed / (1.0 + np.sqrt(speed * swing))
            position[node, 0] += step * force[node, 0]
            position[node, 1] += step * force[node, 1]
            before[node] = force[node]
