"""A user's vector as the direction of the mean of the history's item vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrec.kernels.csr import CSR
from graphrec.kernels.jit import compiled
from graphrec.kernels.linear import product
from graphrec.kernels.types import Indices, Matrix, Vector, read_only


@dataclass(frozen=True)
class MeanFoldIn:
    """The user's vector is `Σ_i w_i·v_i`, brought to length 1: a product with it is a cosine."""

    takes_given = False

    def users(self, histories: CSR, vector: Matrix, eigenvalue: Vector) -> Matrix:
        """Vectors of some users, (users, rank)."""
        return mean_directions(histories, read_only(vector))[0]

    def of_given(self, given: Matrix) -> Matrix:
        """As they are."""
        return given

    def parts(
        self, item: Indices, weight: Vector, target: int, vector: Matrix, eigenvalue: Vector
    ) -> npt.NDArray[np.float64]:
        """What each item of a history adds to a score: `w_i·v_i·v_j / |Σ w·v|`, (n,)."""
        weighted = vector[item].astype(np.float64) * np.asarray(weight)[:, np.newaxis]
        length = np.linalg.norm(weighted.sum(axis=0))
        return weighted @ vector[target].astype(np.float64) / (length if length > 0 else 1.0)


@compiled
def mean_directions(histories: CSR, vector: Matrix) -> tuple[Matrix, Vector]:
    """Each user's weighted sum of item vectors, divided by its length.

    Args:
        histories: (users, items), the weights.
        vector: (items, rank).

    Returns:
        directions (users, rank) and the lengths of the sums (users,); a sum of length 0, as of
        no items, has no direction: it stays 0.
    """
    indptr, weight = histories.indptr, histories.data
    users = np.zeros((indptr.size - 1, vector.shape[1]), np.float32)
    length = np.zeros(indptr.size - 1, np.float32)
    for user in range(length.size):
        total = users[user]
        for entry in range(indptr[user], indptr[user + 1]):
            row = vector[np.uint32(histories.indices[entry])]
            for dimension in range(total.size):
                total[dimension] += weight[entry] * row[dimension]

        length[user] = np.sqrt(np.dot(total, total))
        if length[user] > 0.0:
            total /= length[user]
    return users, length


@compiled
def through_normalisation(by_direction: Matrix, directions: Matrix, length: Vector) -> None:
    """The chain rule through p = s / |s|: from derivatives by p to derivatives by the sum s.

    Project onto the tangent of the sphere at p, and divide by the norm: `(g - (g·p)·p) / |s|`.

    Args:
        by_direction: (users, rank), g; overwritten.
        directions: (users, rank), p.
        length: (users,), |s|; where it is 0, the derivative is 0.
    """
    for user in range(length.size):
        outward = product(by_direction[user], directions[user])
        for dimension in range(directions.shape[1]):
            tangent = by_direction[user, dimension] - outward * directions[user, dimension]
            by_direction[user, dimension] = tangent / length[user] if length[user] > 0.0 else 0.0
