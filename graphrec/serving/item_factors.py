"""The item side of a factor leg: item vectors, and how a history is folded in.

No table of user factors is kept: known users, new ones and anonymous baskets all get theirs from
the history that they have when they are served.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Indices, Matrix, Vector


class FoldIn(Protocol):
    """How a history becomes a user's vector; each factor recommender has its own."""

    @property
    def takes_given(self) -> bool:
        """Whether a vector that was given for a user replaces the one of the history."""

    def users(self, histories: CSR, vector: Matrix, eigenvalue: Vector) -> Matrix:
        """Vectors of some users, (users, rank), from (items, rank) and (rank,)."""

    def of_given(self, given: Matrix) -> Matrix:
        """Given vectors, (users, any length), in the basis of the items', (users, rank)."""

    def parts(
        self, item: Indices, weight: Vector, target: int, vector: Matrix, eigenvalue: Vector
    ) -> npt.NDArray[np.float64]:
        """How much each item of a history contributes to the score of an item, (n,)."""


@dataclass(frozen=True)
class ItemFactors:
    """Item vectors, rotated so that QᵀQ is diagonal."""

    vector: npt.NDArray[np.float32]  # (items, rank), Q
    eigenvalue: npt.NDArray[np.float32]  # (rank,), the diagonal of QᵀQ
    fold_in: FoldIn  # how a history becomes a user's vector

    @property
    def rank(self) -> int:
        """Number of latent dimensions."""
        return self.vector.shape[1]

    def users(self, histories: CSR) -> Matrix:
        """Vectors of the users whose histories are given, (users, rank); 0 for an empty one."""
        return self.fold_in.users(histories, self.vector, self.eigenvalue)

    def history_parts(self, item: Indices, weight: Vector, target: int) -> npt.NDArray[np.float64]:
        """What each item of a history adds to the score of an item; the sum is the score.

        Args:
            item: (n,), the history.
            weight: (n,), its weights.
            target: the item j that is scored.
        """
        return self.fold_in.parts(item, weight, target, self.vector, self.eigenvalue)
