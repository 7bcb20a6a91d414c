"""A user's factor from the user's history alone: the half-step of ALS that trains a user.

No table of user factors is kept: known users, new ones and anonymous baskets are all folded in
against the item factors when they are served, from whatever their history is by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrec.artifacts import read_only
from graphrec.factors.solver import solve_rows
from graphrec.types import Indices, Matrix, Vector

_ALL_ONE = read_only(np.empty(0, np.float32))  # targets of implicit feedback


@dataclass(frozen=True)
class ItemFactors:
    """The item side of a factorisation, rotated so that QᵀQ is diagonal."""

    vector: npt.NDArray[np.float32]  # (items, rank), Q
    eigenvalue: npt.NDArray[np.float32]  # (rank,), the diagonal of QᵀQ
    unobserved: float  # a0, the weight of an absent pair
    regularization: float  # λ, per entry of the history

    @property
    def rank(self) -> int:
        """Number of latent dimensions."""
        return self.vector.shape[1]


def fold_in(start: Indices, item: Indices, weight: Vector, factors: ItemFactors) -> Matrix:
    """Factors of the users whose histories are given, (users, rank)."""
    return solve_rows(
        read_only(start),
        read_only(item),
        read_only(weight),
        _ALL_ONE,
        read_only(factors.vector),
        read_only(factors.eigenvalue),
        factors.unobserved,
        factors.regularization,
    )
