"""A user's vector as the direction of the mean of the history's item vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrec.kernels.csr import Side
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector, read_only


@dataclass(frozen=True)
class MeanFoldIn:
    """The user's vector is `Σ_i w_i·v_i`, brought to length 1: a product with it is a cosine."""

    takes_given = False

    def users(self, histories: Side, vector: Matrix, eigenvalue: Vector) -> Matrix:
        """Vectors of some users, (users, rank)."""
        start, item, weight = (read_only(array) for array in histories)
        return mean_directions(start, item, weight, read_only(vector))[0]

    def parts(
        self, item: Indices, weight: Vector, target: int, vector: Matrix, eigenvalue: Vector
    ) -> npt.NDArray[np.float64]:
        """What each item of a history adds to a score: `w_i·v_i·v_j / |Σ w·v|`, (n,)."""
        weighted = vector[item].astype(np.float64) * np.asarray(weight)[:, np.newaxis]
        length = np.linalg.norm(weighted.sum(axis=0))
        return weighted @ vector[target].astype(np.float64) / (length if length > 0 else 1.0)


@compiled
def mean_directions(
    start: Indices, item: Indices, weight: Vector, vector: Matrix
) -> tuple[Matrix, Vector]:
    """Directions of weighted sums of item vectors, (users, rank), and the sums' lengths, (users,).

    A sum of length 0, as of nothing, has no direction: it stays 0.
    """
    users = np.zeros((start.size - 1, vector.shape[1]), np.float32)
    length = np.zeros(start.size - 1, np.float32)
    for user in range(length.size):
        total = users[user]
        for entry in range(start[user], start[user + 1]):
            row = vector[np.uint32(item[entry])]
            for dimension in range(total.size):
                total[dimension] += weight[entry] * row[dimension]
        length[user] = np.sqrt(np.dot(total, total))
        if length[user] > 0.0:
            total /= length[user]
    return users, length
