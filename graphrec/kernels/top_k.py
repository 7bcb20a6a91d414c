"""Choosing the best of many, deterministically."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector

_BUCKET_BITS = 11  # of a float32: its sign, the exponent and the first two of the fraction


@compiled
def best(items: Indices, scores: Vector, count: int) -> Indices:
    """Places of the `count` highest scores, best first; ties go to the smaller item.

    A bounded heap with the worst of the kept ones at its root: n comparisons, and a few moves for
    each entry that is better than the worst so far.

    Args:
        items: (n,), distinct.
        scores: (n,), aligned with items.
        count: how many to choose.

    Returns:
        (min(count, n),), places in items and scores.
    """
    size = max(min(count, items.size), 0)
    heap = np.arange(size)
    for root in range(size // 2 - 1, -1, -1):
        _sift_down(heap, root, size, items, scores)
    if size > 0:
        for place in range(size, items.size):
            if _worse(heap[0], place, items, scores):
                heap[0] = place
                _sift_down(heap, 0, size, items, scores)
    for last in range(size - 1, 0, -1):  # the worst goes to the end, and so on
        heap[0], heap[last] = heap[last], heap[0]
        _sift_down(heap, 0, last, items, scores)
    return heap


@compiled
def best_unordered(items: Indices, scores: Vector, count: int) -> Indices:
    """The same places as `best`, ascending: by a threshold, which is quicker for long lists.

    Args:
        items: (n,), distinct.
        scores: (n,), float32, aligned with items.
        count: how many to choose.

    Returns:
        (min(count, n),), places in items and scores.
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
    for place in range(size):
        chosen[found] = place  # overwritten by the next if it is not to be kept
        above, equal = scores[place] > threshold, scores[place] == threshold
        found += np.uint64(above | (equal & (items[place] <= last)))
    return chosen[:count]


@compiled
def _highest_but(skipped: int, scores: Vector) -> np.float32:
    """The highest of the scores but so many that are higher.

    A count by buckets, four to a power of two, leaves few scores to compare.
    """
    bits = scores.view(np.uint32)
    tally = np.zeros(1 << _BUCKET_BITS, np.int64)
    for place in range(bits.size):
        tally[_bucket(bits[place])] += 1
    bucket = np.uint32(tally.size - 1)
    while tally[bucket] <= skipped:
        skipped -= tally[bucket]
        bucket -= np.uint32(1)
    near = np.empty(tally[bucket] + 1, np.float32)
    found = np.uint64(0)
    for place in range(bits.size):
        near[found] = scores[place]  # likewise
        found += np.uint64(_bucket(bits[place]) == bucket)
    place = tally[bucket] - 1 - skipped
    return np.partition(near[:found], place)[place]


@compiled
def _bucket(bits: np.uint32) -> np.uint32:
    """The leading bits of a float32, turned so that they rise with it."""
    negative = bits >> np.uint32(31) != 0
    turned = ~bits if negative else bits | np.uint32(1 << 31)
    return np.uint32(turned) >> np.uint32(32 - _BUCKET_BITS)


@compiled
def _worse(a: int, b: int, items: Indices, scores: Vector) -> bool:
    """Whether place a ranks behind place b."""
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
