"""A user's factor from the user's history alone: the same system that a sweep over users solves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.recommenders.als.sweep import Objective, solve_side


@dataclass(frozen=True)
class SolvedFoldIn:
    """The user's factor solves one system of equations, see `graphrec.recommenders.als.solver`."""

    unobserved: float  # a0, the weight of an absent pair
    regularization: float  # λ, per entry of the history
    takes_given: bool = False  # a factor that was given for the user is used instead

    def users(self, histories: CSR, vector: Matrix, eigenvalue: Vector) -> Matrix:
        """Factors of some users, (users, rank)."""
        objective = Objective(self.unobserved, self.regularization, explicit=False)
        return solve_side(histories, vector, eigenvalue, objective)

    def of_given(self, given: Matrix) -> Matrix:
        """As they are."""
        return given

    def parts(
        self, item: Indices, weight: Vector, target: int, vector: Matrix, eigenvalue: Vector
    ) -> npt.NDArray[np.float64]:
        """What each item of a history adds to the score of an item, (n,).

        The factor `A⁻¹·Σ_i (a0 + c_i)·q_i` is a sum over the history, and so is its product with
        q_j: item i adds `(a0 + c_i)·q_i·A⁻¹·q_j` (Hu, Koren and Volinsky, 2008, section 5), and
        nothing where c_i is 0, see `graphrec.recommenders.als.sweep.preferred`.
        """
        preferred = np.asarray(weight) > 0.0
        history = vector[item].astype(np.float64)  # (n, rank)
        confidence = weight.astype(np.float64)
        shared = self.unobserved * eigenvalue + self.regularization * preferred.sum()
        system = np.diag(shared.astype(np.float64)) + (history.T * confidence) @ history
        towards = linalg.solve(system, vector[target].astype(np.float64), assume_a="pos")
        return np.where(preferred, self.unobserved + weight, 0.0) * (history @ towards)
