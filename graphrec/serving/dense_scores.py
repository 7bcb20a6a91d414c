"""Scores of all items by factors; a user's have the same bits in every batch of users."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Matrix

_TILE = 512  # items whose sums stay in the processor's first cache


@compiled
def score_all_items(users: Matrix, items: Matrix) -> Matrix:
    """Products of factors.

    A library's matrix product is up to twice as fast, but the order in which it sums depends on
    the shape of the block and on the position in it, and so do the last bits of its results.

    Args:
        users: (users, rank).
        items: (rank, items), C-contiguous.

    Returns:
        (users, items), each summed over the rank in its order.
    """
    scores = np.zeros((users.shape[0], items.shape[1]), np.float32)
    for first in range(0, items.shape[1], _TILE):
        last = min(first + _TILE, items.shape[1])
        for user in range(users.shape[0]):
            total = scores[user, first:last]
            for dimension in range(users.shape[1]):
                factor = users[user, dimension]
                column = items[dimension, first:last]
                for item in range(total.size):
                    total[item] += factor * column[item]
    return scores
