"""A user's factor from the user's history alone: the half-step of ALS that trains a user.

No table of user factors is kept: known users, new ones and anonymous baskets are all folded in
against the item factors when they are served, from whatever their history is by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from graphrec.factors.half_step import Objective, Side, solve_side
from graphrec.types import Indices, Matrix, Vector


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
    objective = Objective(factors.unobserved, factors.regularization, explicit=False)
    return solve_side(Side(start, item, weight), factors.vector, factors.eigenvalue, objective)


def history_parts(
    item: Indices, weight: Vector, target: int, factors: ItemFactors
) -> npt.NDArray[np.float64]:
    """What each item of a history adds to the score of an item, by a factor that is folded in.

    The factor `A⁻¹·Σ_i (a0 + c_i)·q_i` is a sum over the history, and so is its product with q_j:
    item i adds `(a0 + c_i)·q_i·A⁻¹·q_j` (Hu, Koren and Volinsky, 2008, section 5). For A see
    `graphrec.factors.solver`.

    Args:
        item: (n,), the history.
        weight: (n,), its confidences c.
        target: the item j.
        factors: the item side.

    Returns:
        (n,), their sum is the score.
    """
    history = factors.vector[item].astype(np.float64)  # (n, rank)
    confidence = weight.astype(np.float64)
    shared = factors.unobserved * factors.eigenvalue + factors.regularization * item.size
    system = np.diag(shared.astype(np.float64)) + (history.T * confidence) @ history
    towards = linalg.solve(system, factors.vector[target].astype(np.float64), assume_a="pos")
    return (factors.unobserved + weight) * (history @ towards)
