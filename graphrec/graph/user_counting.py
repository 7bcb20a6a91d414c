"""The compiled kernel of `similar_users`: compare a block of users with all who share an item."""

from typing import NamedTuple

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.top_k import best
from graphrec.kernels.types import Indices, Vector

_MIN_FOR_PEARSON = 3  # two points are always on a line


class Compared(NamedTuple):
    """Similar users, grouped by user and best first."""

    indptr: Indices  # (rows + 1,)
    neighbour: Indices  # (pairs,)
    together: Indices  # (pairs,)
    cosine: Vector  # (pairs,)
    pearson: Vector  # (pairs,), NaN where there is none


@compiled
def compare_users(
    row_indptr: Indices,
    row_item: Indices,
    row_entry: Indices,
    row_user: Indices,
    indptr: Indices,
    user: Indices,
    weight: Vector,
    norm: Vector,
    length: int,
    min_together: int,
) -> Compared:
    """Add up, for each pair of users, the products of their weights over the items of both.

    Args:
        row_indptr: (rows + 1,), the entries of row r's user.
        row_item: (row entries,), whose audience an entry is in.
        row_entry: (row entries,), which entry of all audiences it is.
        row_user: (rows,), the user of each row.
        indptr: (audiences + 1,), the users of audience a stand at indptr[a]:indptr[a + 1].
        user: (entries,).
        weight: (entries,).
        norm: (users,), the length of each user's vector of weights.
        length: how many similar users a user gets at most; by cosine, ties to the smaller one.
        min_together: items that two users need in common.
    """
    rows, users = row_user.size, norm.size
    together = np.zeros(users, np.int32)
    sums = np.zeros((users, 5), np.float64)  # Σ x·y, Σ x, Σ y, Σ x², Σ y²
    met = np.empty(users, np.int64)
    alike = np.empty(users, np.float64)
    room = rows * min(length, users)
    out = Compared(
        np.zeros(rows + 1, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.float64),
        np.empty(room, np.float64),
    )
    for row in range(rows):
        count = 0
        for at in range(row_indptr[row], row_indptr[row + 1]):
            mine = np.float64(weight[row_entry[at]])
            for entry in range(indptr[row_item[at]], indptr[row_item[at] + 1]):
                other, theirs = user[entry], np.float64(weight[entry])
                if together[other] == 0:
                    met[count] = other
                    count += 1
                together[other] += 1
                sums[other, 0] += mine * theirs
                sums[other, 1] += mine
                sums[other, 2] += theirs
                sums[other, 3] += mine * mine
                sums[other, 4] += theirs * theirs
        kept = 0
        norm_of_row = norm[row_user[row]]
        for entry in range(count):
            other = met[entry]
            product = norm_of_row * norm[other]
            if other != row_user[row] and together[other] >= min_together and product > 0.0:
                alike[kept] = sums[other, 0] / product
                met[entry], met[kept] = met[kept], other
                kept += 1
        end = out.indptr[row]
        for entry in best(met[:kept], alike[:kept], length):
            other = met[entry]
            out.neighbour[end] = other
            out.together[end] = together[other]
            out.cosine[end] = min(alike[entry], 1.0)
            out.pearson[end] = _pearson(together[other], sums[other])
            end += 1
        out.indptr[row + 1] = end
        for other in met[:count]:
            together[other] = 0
            sums[other] = 0.0
    used = out.indptr[rows]
    return Compared(
        out.indptr,
        out.neighbour[:used],
        out.together[:used],
        out.cosine[:used],
        out.pearson[:used],
    )


@compiled
def _pearson(together: int, sums: Vector) -> float:
    """The correlation over the common items, NaN where it is not defined."""
    if together < _MIN_FOR_PEARSON:
        return np.nan
    mine = together * sums[3] - sums[1] * sums[1]
    theirs = together * sums[4] - sums[2] * sums[2]
    # Weights that are all equal leave no more than rounding.
    if mine <= 1e-9 * together * sums[3] or theirs <= 1e-9 * together * sums[4]:
        return np.nan
    correlation = (together * sums[0] - sums[1] * sums[2]) / np.sqrt(mine * theirs)
    return max(min(correlation, 1.0), -1.0)
