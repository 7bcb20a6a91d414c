"""The k highest scores of many, with ties broken the same way everywhere."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector

_BUCKET_BITS = 11  # of a float32: its sign, the exponent and the first two of the fraction


@compiled
def best(items: Indices, scores: Vector, count: int) -> Indices:
    """Indices of the `count` highest scores, best first; ties go to the smaller item.

    A bounded heap with the worst of the kept ones at its root: n comparisons, and a few moves for
    each entry that is better than the worst so far.

    Args:
        items: (n,), distinct.
        scores: (n,), aligned with items.
        count: how many to choose.

    Returns:
        (min(count, n),), indices into items and scores.
    """
    size = max(min(count, items.size), 0)
    heap = np.arange(size)
    for root in range(size // 2 - 1, -1, -1):
        _sift_down(heap, root, size, items, scores)
    if size > 0:
        for index in range(size, items.size):
            if _worse(heap[0], index, items, scores):
                heap[0] = index
                _sift_down(heap, 0, size, items, scores)
    for last in range(size - 1, 0, -1):  # the worst goes to the end, and so on
        heap[0], heap[last] = heap[last], heap[0]
        _sift_down(heap, 0, last, items, scores)
    return heap


@compiled
def best_unordered(items: Indices, scores: Vector, count: int) -> Indices:
    """The same indices as `best`, ascending; found by a threshold, which is quicker for long lists.

    Args:
        items: (n,), distinct.
        scores: (n,), float32, aligned with items.
        count: how many to choose.

    Returns:
        (min(count, n),), indices into items and scores.
    """
    size = items.size
    if count >= size:
        return np.arange(size)
    if count <= 0:
        return np.empty(0, np.int64)
    threshold = _highest_but(count - 1, scores)
    tied = np.flatnonzero(scores == threshold)
    tied_items = np.sort(items[tied])
    last = tied_items[count - np.sum(scores > threshold) - 1]  # of those tied, the smaller items
    chosen = np.empty(count + 1, np.int64)
    found = np.uint64(0)
    for index in range(size):
        chosen[found] = index  # overwritten by the next if it is not to be kept
        above, equal = scores[index] > threshold, scores[index] == threshold
        found += np.uint64(above | (equal & (items[index] <= last)))
    return chosen[:count]


@compiled
def _highest_but(skipped: int, scores: Vector) -> np.float32:
    """The highest score after the `skipped` highest: an order statistic, as of `np.partition`.

    Scores are first counted by bucket, four to a power of two, so that few are left to compare.
    """
    bits = scores.view(np.uint32)
    tally = np.zeros(1 << _BUCKET_BITS, np.int64)
    for index in range(bits.size):
        tally[_bucket(bits[index])] += 1
    bucket = np.uint32(tally.size - 1)
    while tally[bucket] <= skipped:
        skipped -= tally[bucket]
        bucket -= np.uint32(1)
    near = np.empty(tally[bucket] + 1, np.float32)
    found = np.uint64(0)
    for index in range(bits.size):
        near[found] = scores[index]  # overwritten likewise
        found += np.uint64(_bucket(bits[index]) == bucket)
    index = tally[bucket] - 1 - skipped
    return np.partition(near[:found], index)[index]


@compiled
def _bucket(bits: np.uint32) -> np.uint32:
    """The leading bits of a float32, mapped so that their order is that of the floats."""
    negative = bits >> np.uint32(31) != 0
    turned = ~bits if negative else bits | np.uint32(1 << 31)
    return np.uint32(turned) >> np.uint32(32 - _BUCKET_BITS)


@compiled
def _worse(a: int, b: int, items: Indices, scores: Vector) -> bool:
    """Whether the entry at index a ranks behind the one at index b."""
    if scores[a] != scores[b]:
        return bool(scores[a] < scores[b])
    return bool(items[a] > items[b])


@compiled
def _sift_down(heap: Indices, root: int, size: int, items: Indices, scores: Vector) -> None:
    """Restore the heap below a root that may be better than its children."""
    while True:
        child = 2 * root + 1
        if child >= size:
            return
        if child + 1 < size and _worse(heap[child + 1], heap[child], items, scores):
            child += 1
        if _worse(heap[root], heap[child], items, scores):
            return
        heap[root], heap[child] = heap[child], heap[root]
        root = child
