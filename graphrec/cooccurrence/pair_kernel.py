"""Counting item pairs in compiled code: a row of the sparse product `Rᵀ · D_u^-e · R` per item.

Each row is summed in a dense accumulator (Gustavson, "Two fast algorithms for sparse matrices",
1978), for several exponents e at once, with the numbers of users beside it; the best neighbours of
the item are kept.
"""

from typing import NamedTuple

import numpy as np

from graphrec.kernels.csr import CSR
from graphrec.kernels.exact_sums import PARTS, add_parts
from graphrec.kernels.jit import compiled
from graphrec.kernels.top_k import best_unordered
from graphrec.kernels.types import Indices, Matrix, Vector

_TOGETHER, _AFTER, _COUNTS = 0, 1, 2  # columns of what is summed for a pair; behind them, channels


class Histories(NamedTuple):
    """Some users' histories, by user and by item."""

    by_user: CSR  # (users, items), the weights r
    time: Vector  # (entries,), when; (0,) where the order does not matter
    scale: Matrix  # (users, channels), s_u^-e
    by_item: CSR  # (items, users), as data the position of each entry in `by_user`, int64


class CountedPairs(NamedTuple):
    """Rows of the pair table: a CSR with several values for each entry."""

    indptr: Indices  # (rows + 1,)
    indices: Indices  # (pairs,), the neighbours, ascending within a row
    together: Indices  # (pairs,), users who have both
    after: Indices  # (pairs,), users who had the neighbour later; (0,) without times
    sums: Matrix  # (pairs, channels)


@compiled
def count_pairs(
    rows: Indices, histories: Histories, norm: Vector, max_neighbours: int, min_support: int
) -> CountedPairs:
    """Sum the products of all pairs (row item, other item) and keep the best neighbours of each.

    For a pair (i, j) and each channel c the sum is `Σ_u scale_uc · r_ui · r_uj` over the users u
    who have both. The neighbours that are kept are the best by cosine in channel 0:
    `sum_0(i, j) / (norm_i · norm_j)`; ties go to the smaller item index. The cost is the number of
    products.

    Args:
        rows: (rows,), the items that are counted.
        histories: of all users who have one of them.
        norm: (items,), the square root of each item's own sum in channel 0.
        max_neighbours: how many neighbours an item keeps at most.
        min_support: pairs with fewer common users are left out.
    """
    ordered = histories.time.size > 0
    touched = np.empty(norm.size + 1, np.int32)
    total = np.zeros((norm.size, _COUNTS + histories.scale.shape[1]), np.float64)
    room = rows.size * min(max_neighbours, norm.size)
    out = CountedPairs(
        np.zeros(rows.size + 1, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.empty(room if ordered else 0, np.int32),
        np.empty((room, histories.scale.shape[1]), np.float32),
    )
    for row in range(rows.size):
        count = _add_products(rows[row], histories, touched, total)
        kept = _best_neighbours(
            touched[:count], total, norm, rows[row], max_neighbours, min_support
        )
        pair = out.indptr[row]
        for other in kept:
            out.indices[pair] = other
            out.together[pair] = total[other, _TOGETHER]
            out.sums[pair] = total[other, _COUNTS:]
            if ordered:
                out.after[pair] = total[other, _AFTER]
            pair += 1
        out.indptr[row + 1] = pair
        for other in touched[:count]:
            total[other] = 0.0
    used = out.indptr[rows.size]
    return CountedPairs(
        out.indptr,
        out.indices[:used],
        out.together[:used],
        out.after[:used] if ordered else out.after,
        out.sums[:used],
    )


@compiled
def _add_products(item: int, histories: Histories, touched: Indices, total: Matrix) -> int:
    """Sum one item's products with all others.

    Args:
        item: whose.
        histories: of all users who have it.
        touched: (items + 1,), written: the items with a product, this one among them.
        total: (items, _COUNTS + channels), 0 everywhere; written. What belongs to a pair stands
            side by side: access is random, and this is one line of the processor's cache.

    Returns:
        How many items are touched.
    """
    by_user, by_item = histories.by_user, histories.by_item
    scale, weight, time = histories.scale, by_user.data, histories.time
    channels = scale.shape[1]
    ordered = time.size > 0
    count = np.uint64(0)
    for at in range(by_item.indptr[item], by_item.indptr[item + 1]):
        user, entry = by_item.indices[at], by_item.data[at]
        own, one, two = np.float64(weight[entry]), scale[user, 0], scale[user, channels - 1]
        first, last = by_user.indptr[user], by_user.indptr[user + 1]
        for other_entry in range(np.uint64(first), np.uint64(last)):
            other = np.uint32(by_user.indices[other_entry])
            touched[count] = other  # overwritten by the next if it is there already: no branch
            count += np.uint64(total[other, _TOGETHER] == 0.0)
            total[other, _TOGETHER] += 1.0
            if ordered:
                total[other, _AFTER] += time[other_entry] > time[entry]  # likewise: half of them
            product = own * weight[other_entry]
            if channels == 2:  # the rule, without a loop
                total[other, _COUNTS] += one * product
                total[other, _COUNTS + 1] += two * product
            else:
                for channel in range(channels):
                    total[other, _COUNTS + channel] += scale[user, channel] * product
    return int(np.int64(count))


@compiled
def _best_neighbours(
    touched: Indices,
    total: Matrix,
    norm: Vector,
    item: int,
    max_neighbours: int,
    min_support: int,
) -> Indices:
    """The best neighbours of an item by cosine, ascending by item index."""
    neighbours = np.empty(touched.size, np.int32)
    cosine = np.empty(touched.size, np.float32)
    count = 0
    if norm[item] == 0.0:  # nobody gave it any weight: it has a cosine with nothing
        return neighbours[:0]
    for other in touched:
        if other != item and total[other, _TOGETHER] >= min_support and norm[other] > 0.0:
            neighbours[count] = other
            cosine[count] = total[other, _COUNTS] / norm[other]
            count += 1
    return np.sort(neighbours[best_unordered(neighbours[:count], cosine[:count], max_neighbours)])


@compiled
def sum_items(histories: Histories) -> Indices:
    """The sums over each item's users, exactly (`graphrec.kernels.exact_sums`).

    Returns:
        (items, 1 + channels, PARTS) int64: `Σ_u r_ui`, and for each channel `Σ_u scale_uc · r_ui²`.
    """
    by_item, channels = histories.by_item, histories.scale.shape[1]
    items = by_item.indptr.size - 1
    total = np.zeros((items, 1 + channels, PARTS), np.int64)
    for item in range(items):
        for at in range(by_item.indptr[item], by_item.indptr[item + 1]):
            weight = np.float64(histories.by_user.data[by_item.data[at]])
            add_parts(total[item, 0], weight)
            for channel in range(channels):
                scale = histories.scale[by_item.indices[at], channel]

                add_parts(total[item, 1 + channel], scale * weight * weight)
    return total
