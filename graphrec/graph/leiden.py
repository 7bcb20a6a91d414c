"""Communities by modularity: the Leiden algorithm, deterministic to the bit.

Traag, Waltman and van Eck, "From Louvain to Leiden: guaranteeing well-connected communities",
2019. The published algorithm visits the nodes, and merges them while it refines, at random. Here
nodes are visited by their index, and a node joins the best community there is, ties going to the
smaller number: nothing is random. The graph is as large as the catalogue and stands on
the driver; label propagation on Spark would depend on the order in which messages arrive.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Mask, Vector

_MAX_ROUNDS: Final = 20  # of the whole algorithm; it stops long before
_MIN_GAIN: Final = 1e-12  # less is rounding, and nodes would move to and fro for ever

Labels = npt.NDArray[np.int64]


def leiden(graph: sparse.csr_array, *, resolution: float = 1.0) -> Labels:
    """Find communities of high modularity.

    Args:
        graph: (nodes, nodes), symmetric, weights above 0, no node with itself.
        resolution: γ; above 1 the communities are smaller, below 1 larger.

    Returns:
        (nodes,), the community of each node, numbered from 0. Each community is connected; a node
        without neighbours is one of its own.
    """
    label: Labels = np.arange(graph.shape[0], dtype=np.int64)
    found = modularity(graph, label, resolution=resolution)
    for _ in range(_MAX_ROUNDS):
        other = _connected_parts(graph, _one_round(graph, label, resolution))
        better = modularity(graph, other, resolution=resolution)
        if better <= found + _MIN_GAIN:
            break
        label, found = other, better
    return label


def modularity(graph: sparse.csr_array, label: Labels, *, resolution: float = 1.0) -> float:
    """Newman and Girvan's modularity of a partition.

    `Q = Σ_c (W_c / W - γ·(S_c / W)²)`, with W the sum of all weights in both directions, W_c the
    part of it inside community c and S_c the sum of the strengths of its nodes. 0 without edges.

    Args:
        graph: (nodes, nodes), symmetric.
        label: (nodes,), the community of each node, numbered from 0.
        resolution: γ.
    """
    total = float(graph.sum())
    if total == 0.0:
        return 0.0
    inside, strength = inside_and_strength(graph, label)
    return float((inside / total - resolution * (strength / total) ** 2).sum())


def inside_and_strength(
    graph: sparse.csr_array, label: Labels
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Of each community: the weight inside, in both directions, and the strength of its nodes."""
    row = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    same = label[row] == label[graph.indices]
    communities = int(label.max(initial=-1)) + 1
    inside = np.bincount(label[row[same]], graph.data[same], communities)
    strength = np.bincount(label[row], graph.data, communities)
    return inside.astype(np.float64), strength.astype(np.float64)


def _one_round(graph: sparse.csr_array, label: Labels, resolution: float) -> Labels:
    """Move nodes, refine, merge what was refined into nodes, and so on until nothing moves."""
    total = float(graph.sum())
    if total == 0.0:
        return label
    level, node_of = graph, np.arange(graph.shape[0])  # node_of: (nodes,), in the merged graph
    label = label.copy()
    while True:
        indptr, neighbour, weight = _arrays(level)
        strength = np.asarray(level.sum(axis=1), np.float64)
        _move_nodes(indptr, neighbour, weight, strength, label, resolution / total)
        refined = _numbered(_refine(indptr, neighbour, weight, strength, label, resolution / total))
        merged = int(refined.max()) + 1
        if merged == level.shape[0]:
            return _numbered(label)[node_of]
        own = np.empty(merged, np.int64)
        own[refined] = label
        level, node_of, label = _merged(level, refined, merged), refined[node_of], _numbered(own)


def _arrays(graph: sparse.csr_array) -> tuple[Indices, Indices, Vector]:
    return graph.indptr.astype(np.int64), graph.indices.astype(np.int64), graph.data


def _merged(graph: sparse.csr_array, label: Labels, communities: int) -> sparse.csr_array:
    """The graph of the communities; what is inside one becomes its weight with itself."""
    row = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    entries = (graph.data, (label[row], label[graph.indices]))
    return sparse.coo_array(entries, shape=(communities, communities)).tocsr()


def _numbered(label: Labels) -> Labels:
    """The same communities, renumbered from 0 without gaps."""
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _connected_parts(graph: sparse.csr_array, label: Labels) -> Labels:
    """Communities cut into their connected parts, which only ever raises the modularity."""
    row = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    same = label[row] == label[graph.indices]
    entries = (graph.data[same], (row[same], graph.indices[same]))
    inside = sparse.coo_array(entries, shape=graph.shape).tocsr()
    return csgraph.connected_components(inside, directed=False)[1].astype(np.int64)


@compiled
def _move_nodes(
    indptr: Indices,
    neighbour: Indices,
    weight: Vector,
    strength: Vector,
    label: Labels,
    penalty: float,
) -> None:
    """Move nodes to the best community among their neighbours' until no move gains anything.

    A node that moves makes its neighbours outside its new community wait for another visit.

    Args:
        indptr: (nodes + 1,).
        neighbour: (edges,).
        weight: (edges,).
        strength: (nodes,), sums of the nodes' weights, those with themselves too.
        label: (nodes,), the communities, which are changed here.
        penalty: γ over the sum of all weights.
    """
    nodes = strength.size
    size = np.zeros(nodes, np.int64)
    total = np.zeros(nodes, np.float64)
    for node in range(nodes):
        size[label[node]] += 1
        total[label[node]] += strength[node]
    unused = np.flatnonzero(size == 0)[::-1].copy()  # numbers of empty communities
    unused = np.concatenate((unused, np.empty(nodes - unused.size, np.int64)))
    left = int((size == 0).sum())  # the last of them is next
    queue = np.arange(nodes)
    waits = np.ones(nodes, np.bool_)
    first, waiting = 0, nodes
    towards = np.zeros(nodes, np.float64)
    touched = np.empty(nodes, np.int64)
    while waiting > 0:
        node = queue[first]
        first = (first + 1) % nodes
        waiting -= 1
        waits[node] = False
        own = label[node]
        count = _weights_towards(indptr, neighbour, weight, label, node, towards, touched)
        total[own] -= strength[node]
        size[own] -= 1
        cost = penalty * strength[node]
        best = _best_community(own, touched[:count], towards, total, cost)
        if best < 0:  # better alone than with anybody
            best = own
            if size[own] > 0:
                left -= 1
                best = unused[left]
        elif size[own] == 0 and best != own:
            unused[left] = own
            left += 1
        total[best] += strength[node]
        size[best] += 1
        if best != own:
            label[node] = best
            waiting = _queue_neighbours(
                indptr, neighbour, label, node, queue, waits, first, waiting
            )


@compiled
def _best_community(own: int, touched: Indices, towards: Vector, total: Vector, cost: float) -> int:
    """Where a node gains most, -1 where it would lose anywhere; the weights become 0 again."""
    best, gain = own, towards[own] - cost * total[own] + _MIN_GAIN
    for other in touched:
        value = towards[other] - cost * total[other]
        if value > gain or (value == gain and other < best):
            best, gain = other, value
        towards[other] = 0.0
    return best if gain >= 0.0 else -1


@compiled
def _queue_neighbours(
    indptr: Indices,
    neighbour: Indices,
    label: Labels,
    node: int,
    queue: Indices,
    waits: Mask,
    first: int,
    waiting: int,
) -> int:
    """Let the neighbours in other communities wait for a visit; how many nodes wait then."""
    for entry in range(indptr[node], indptr[node + 1]):
        other = neighbour[entry]
        if not waits[other] and label[other] != label[node]:
            waits[other] = True
            queue[(first + waiting) % queue.size] = other
            waiting += 1
    return waiting


@compiled
def _weights_towards(
    indptr: Indices,
    neighbour: Indices,
    weight: Vector,
    label: Labels,
    node: int,
    towards: Vector,
    touched: Indices,
) -> int:
    """Sum a node's weights by the community of its neighbours; how many communities these are."""
    count = 0
    for entry in range(indptr[node], indptr[node + 1]):
        if neighbour[entry] == node:
            continue
        other = label[neighbour[entry]]
        if towards[other] == 0.0:
            touched[count] = other
            count += 1
        towards[other] += weight[entry]
    return count


@compiled
def _refine(
    indptr: Indices,
    neighbour: Indices,
    weight: Vector,
    strength: Vector,
    label: Labels,
    penalty: float,
) -> Labels:
    """Cut each community into parts that hold together well, beginning with single nodes.

    Args:
        indptr: (nodes + 1,).
        neighbour: (edges,).
        weight: (edges,).
        strength: (nodes,).
        label: (nodes,), the communities.
        penalty: γ over the sum of all weights.

    Returns:
        (nodes,), the part of each node, named by one of its nodes.
    """
    nodes = strength.size
    part = np.arange(nodes)
    alone = np.ones(nodes, np.bool_)
    part_total = strength.copy()
    total = np.zeros(nodes, np.float64)
    for node in range(nodes):
        total[label[node]] += strength[node]
    outward = _outward(indptr, neighbour, weight, label)
    towards = np.zeros(nodes, np.float64)
    touched = np.empty(nodes, np.int64)
    for node in range(nodes):
        whole = total[label[node]]
        if not alone[node] or not _holds(outward[node], strength[node], whole, penalty):
            continue
        count = _weights_towards(indptr, neighbour, weight, part, node, towards, touched)
        best, gain, shared = node, 0.0, 0.0
        for entry in range(count):
            other = touched[entry]
            value = towards[other] - penalty * strength[node] * part_total[other]
            if (
                label[other] == label[node]
                and (value > gain or (value == gain and value > 0.0 and other < best))
                and _holds(outward[other], part_total[other], whole, penalty)
            ):
                best, gain, shared = other, value, towards[other]
            towards[other] = 0.0
        if best != node:
            part[node] = best
            alone[best] = False
            part_total[best] += strength[node]
            outward[best] += outward[node] - 2.0 * shared
    return part


@compiled
def _outward(indptr: Indices, neighbour: Indices, weight: Vector, label: Labels) -> Vector:
    """The weight from each node to the rest of its community, (nodes,)."""
    outward = np.zeros(label.size, np.float64)
    for node in range(label.size):
        for entry in range(indptr[node], indptr[node + 1]):
            other = neighbour[entry]
            if other != node and label[other] == label[node]:
                outward[node] += weight[entry]
    return outward


@compiled
def _holds(outward: float, strength: float, whole: float, penalty: float) -> bool:
    """Whether a part is well connected: its edges to the rest of the community exceed chance."""
    return outward >= penalty * strength * (whole - strength)
