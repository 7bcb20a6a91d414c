"""Reasons: the liked items of the history that contribute most to the score of a listed one."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.linear import product
from graphrec.kernels.types import Indices, Vector
from graphrec.serving.factor_scores import item_vectors
from graphrec.serving.kernel_types import Factors, Histories, Neighbours
from graphrec.serving.neighbour_scores import weighted


@compiled
def name_by_neighbours(
    histories: Histories,
    user: int,
    neighbours: Neighbours,
    scale: Vector,
    listed: Indices,
    because: Indices,
) -> None:
    """Name the history items with the largest part in the neighbour legs' blended scores.

    Args:
        histories: the histories.
        user: whose list it is.
        neighbours: the neighbour legs.
        scale: (neighbour legs,), what one unit of a weight of the table adds to the blend.
        listed: (k,), the listed items, -1 past the end.
        because: (k, reasons), written: the best history items, descending; -1 where none helps.
    """
    best_part = np.zeros((listed.size, because.shape[1]), np.float32)
    found = np.empty(listed.size, np.uint32)
    items, weights = histories.items, neighbours.weights
    for entry in range(items.indptr[user], items.indptr[user + 1]):
        if not histories.liked[entry]:
            continue
        item = items.indices[entry]
        first, last = weights.indptr[item], weights.indptr[item + 1]
        row = weights.indices[first:last]
        if row.size == 0:
            continue
        _search(row, listed, found)  # rows are longer than lists
        for rank in range(listed.size):
            position = np.int64(found[rank])
            if row[position] == listed[rank]:
                worth = weighted(scale, weights.data, first + position)
                part = worth * items.data[entry]
                _insert(part, item, best_part[rank], because[rank])


@compiled
def _search(row: Indices, listed: Indices, found: Indices) -> None:
    """The position of each listed item in an ascending row, if it is there: a binary search.

    A search waits for memory at each step, so all take a step before any takes the next; and it
    has no branch that the processor could mispredict.

    Args:
        row: (n,), n > 0, ascending.
        listed: (k,), items.
        found: (k,), written: the only position at which the item may be.
    """
    found[:] = 0
    size = np.uint32(row.size)
    while size > np.uint32(1):
        half = size >> np.uint32(1)
        for rank in range(listed.size):
            middle = np.uint32(found[rank] + half)
            found[rank] = middle if row[middle] <= listed[rank] else found[rank]
        size = np.uint32(size - half)


@compiled
def name_by_factors(
    histories: Histories,
    user: int,
    factors: Factors,
    scale: Vector,
    listed: Indices,
    because: Indices,
) -> None:
    """Name the history items whose vectors agree most with the listed: `weight · q_h·q_j`.

    Args:
        histories: the histories.
        user: whose list it is.
        factors: the factor legs.
        scale: (legs,), what one unit of a leg's score adds to the blend.
        listed: (k,), the listed items, -1 past the end.
        because: (k, reasons), written: the best history items, descending; -1 where none helps.
    """
    best_part = np.zeros((listed.size, because.shape[1]), np.float32)
    items = histories.items
    for entry in range(items.indptr[user], items.indptr[user + 1]):
        if not histories.liked[entry]:
            continue
        item = items.indices[entry]
        for rank in range(listed.size):
            if listed[rank] >= 0:
                agreement = np.float32(0.0)
                for leg in range(scale.size):
                    if factors.rank[leg] == 1:  # in one dimension nothing can be compared
                        continue
                    vectors = item_vectors(factors, leg)
                    agreement += scale[leg] * product(vectors[item], vectors[listed[rank]])
                part = items.data[entry] * agreement

                _insert(part, item, best_part[rank], because[rank])


@compiled
def _insert(part: float, item: int, parts: Vector, items: Indices) -> None:
    """Insert into a short descending list; only a positive part is a reason."""
    last = parts.size - 1
    if part <= parts[last]:
        return
    while last > 0 and part > parts[last - 1]:
        parts[last] = parts[last - 1]
        items[last] = items[last - 1]
        last -= 1
    parts[last] = part
    items[last] = item
