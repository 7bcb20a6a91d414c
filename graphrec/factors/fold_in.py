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


def rotate(factors: npt.NDArray[np.float32]) -> tuple[Matrix, Vector]:
    """Factors in the eigenbasis of their Gram matrix, and its eigenvalues.

    Scores do not change when both sides are rotated alike.

    Args:
        factors: (n, rank).

    Returns:
        (n, rank) whose Gram matrix is diagonal, and that diagonal, (rank,).
    """
    basis, eigenvalue = eigenbasis(factors)
    return np.ascontiguousarray(factors @ basis), eigenvalue


def eigenbasis(factors: Matrix) -> tuple[Matrix, Vector]:
    """The eigenvectors of a Gram matrix as columns, (rank, rank), and its eigenvalues, (rank,).

    The sign of each direction is set by its largest entry, so that equal input gives equal bits.
    """
    gram = factors.T.astype(np.float64) @ factors.astype(np.float64)
    eigenvalue, basis = np.linalg.eigh(gram)
    largest = np.abs(basis).argmax(axis=0)
    basis *= np.where(basis[largest, np.arange(basis.shape[1])] < 0, -1.0, 1.0)
    return basis.astype(np.float32), np.maximum(eigenvalue, 0.0).astype(np.float32)


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
