"""Counting item pairs inside one block of items: the compiled heart of the pair table."""

from typing import NamedTuple

import numpy as np

from graphrec.jit import compiled
from graphrec.selection import best
from graphrec.types import Indices, Matrix, Vector


class CountedPairs(NamedTuple):
    """Rows of the pair table; the neighbours of a row ascend."""

    start: Indices  # (rows + 1,)
    neighbour: Indices  # (pairs,)
    together: Indices  # (pairs,), users who have both
    after: Indices  # (pairs,), users who had the neighbour later; (0,) without times
    sums: Matrix  # (pairs, channels)


@compiled
def count_pairs(
    row_start: Indices,
    row_user: Indices,
    row_entry: Indices,
    row_item: Indices,
    user_start: Indices,
    user_item: Indices,
    user_weight: Vector,
    user_time: Vector,
    user_scale: Matrix,
    norm: Vector,
    max_partners: int,
    min_support: int,
) -> CountedPairs:
    """Sum the products of all pairs (row item, other item) and keep the best partners of each.

    For a pair (i, j) and each channel c the sum is `Σ_u scale_uc · r_ui · r_uj` over the users u
    who have both. The partners that are kept are the best by cosine in channel 0:
    `sum_0(i, j) / (norm_i · norm_j)`; ties go to the smaller item index. This is Gustavson's
    row-by-row sparse product with a dense accumulator; its cost is the pairs that are met.

    Args:
        row_start: (rows + 1,), the entries that name row r's item.
        row_user: (row entries,), whose history an entry is in.
        row_entry: (row entries,), which entry of all histories it is.
        row_item: (rows,), the item index of each row.
        user_start: (users + 1,), the history of user u stands at user_start[u]:user_start[u + 1].
        user_item: (entries,), item indices of the histories.
        user_weight: (entries,), r.
        user_time: (entries,), when; (0,) when the order does not matter.
        user_scale: (users, channels), the factor of each user in each channel.
        norm: (items,), the square root of each item's own sum in channel 0.
        max_partners: how many partners an item keeps at most.
        min_support: pairs with fewer common users are left out.
    """
    rows, channels = row_item.size, user_scale.shape[1]
    ordered = user_time.size > 0
    sums = np.zeros((norm.size, channels), np.float64)
    together = np.zeros(norm.size, np.int32)
    after = np.zeros(norm.size, np.int32)
    met = np.empty(norm.size, np.int32)
    room = rows * min(max_partners, norm.size)
    out = CountedPairs(
        np.zeros(rows + 1, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.empty(room if ordered else 0, np.int32),
        np.empty((room, channels), np.float32),
    )
    for row in range(rows):
        count = 0
        for at in range(row_start[row], row_start[row + 1]):
            user, entry = row_user[at], row_entry[at]
            for place in range(user_start[user], user_start[user + 1]):
                other = user_item[place]
                if together[other] == 0:
                    met[count] = other
                    count += 1
                together[other] += 1
                product = np.float64(user_weight[entry]) * user_weight[place]
                for channel in range(channels):
                    sums[other, channel] += user_scale[user, channel] * product
                if ordered and user_time[place] > user_time[entry]:
                    after[other] += 1
        kept = _best_partners(
            met[:count], together, sums, norm, row_item[row], max_partners, min_support
        )
        place = out.start[row]
        for other in kept:
            out.neighbour[place] = other
            out.together[place] = together[other]
            out.sums[place] = sums[other]
            if ordered:
                out.after[place] = after[other]
            place += 1
        out.start[row + 1] = place
        for other in met[:count]:
            together[other] = 0
            after[other] = 0
            sums[other] = 0.0
    used = out.start[rows]
    return CountedPairs(
        out.start,
        out.neighbour[:used],
        out.together[:used],
        out.after[:used] if ordered else out.after,
        out.sums[:used],
    )


@compiled
def _best_partners(
    met: Indices,
    together: Indices,
    sums: Matrix,
    norm: Vector,
    item: int,
    max_partners: int,
    min_support: int,
) -> Indices:
    """The best partners of an item by cosine, ascending by item index."""
    partners = np.empty(met.size, np.int32)
    cosine = np.empty(met.size, np.float32)
    count = 0
    if norm[item] == 0.0:  # nobody gave it any weight: it has a cosine with nothing
        return partners[:0]
    for other in met:
        if other != item and together[other] >= min_support and norm[other] > 0.0:
            partners[count] = other
            cosine[count] = sums[other, 0] / norm[other]
            count += 1
    return np.sort(partners[best(partners[:count], cosine[:count], max_partners)])
