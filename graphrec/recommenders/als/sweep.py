"""One sweep of alternating least squares: all rows of one side are solved, the other held fixed.

A side is the matrix of interactions by rows: of the users, or of the items. An iteration is a sweep
over the users and one over the items.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrec.kernels.csr import CSR, csr, keep_entries
from graphrec.kernels.types import Matrix, Vector, read_only
from graphrec.recommenders.als.solver import FINAL_PRECISION, solve_rows

INTERMEDIATE_PRECISION = 1e-3  # of all iterations but the last; one step of CG of five is saved


class Objective(NamedTuple):
    """What is minimised, see `graphrec.recommenders.als.solver`."""

    unobserved: float  # a0
    regularization: float  # λ
    explicit: bool  # True: the weights are targets of equal confidence; False: confidences

    @staticmethod
    def implicit(alpha: float, reg_param: float) -> Objective:
        """MLlib's objective for implicit feedback, divided by alpha."""
        return Objective(1.0 / alpha, reg_param / alpha, explicit=False)


def precisions(iterations: int) -> list[float]:
    """The precision of each iteration: only the factors of the last one are kept."""
    return [INTERMEDIATE_PRECISION] * (iterations - 1) + [FINAL_PRECISION] * (iterations > 0)


def preferred(side: CSR, objective: Objective) -> CSR:
    """The entries that the objective takes for a preference; an implicit one of weight 0 is none.

    Hu, Koren and Volinsky (2008): the preference is 1 where r > 0 and else 0. An entry of
    confidence 0 and preference 0 is what an absent pair is, so it is left out, and is not counted.
    """
    kept = side.data > 0.0
    return side if objective.explicit or kept.all() else keep_entries(side, kept)


def solve_side(
    side: CSR,
    fixed: Matrix,
    eigenvalue: Vector,
    objective: Objective,
    precision: float = FINAL_PRECISION,
) -> Matrix:
    """The factors of some rows, (rows, rank), the other side held fixed.

    Args:
        side: (rows, columns), the weights of some rows of this side.
        fixed: (columns, rank), the other side's factors in the eigenbasis of their Gram matrix.
        eigenvalue: (rank,), of that matrix.
        objective: what is minimised.
        precision: see `graphrec.recommenders.als.solver.solve_rows`.
    """
    side = preferred(side, objective)
    weight = side.data
    return solve_rows(
        csr(side.indptr, side.indices, np.ones_like(weight) if objective.explicit else weight),
        read_only(weight if objective.explicit else weight[:0]),
        read_only(fixed),
        read_only(eigenvalue),
        objective.unobserved,
        objective.regularization,
        precision,
    )
