"""What both ways of running alternating least squares share: a side, the objective, a half-step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrec.kernels.csr import Side
from graphrec.kernels.types import Matrix, Vector, read_only
from graphrec.recommenders.als.solver import EXACT, solve_rows

_ROUGH = 1e-3  # ranks as well as exact factors do, for a step less of five


class Objective(NamedTuple):
    """What is minimised, see `graphrec.recommenders.als.solver`."""

    unobserved: float  # a0
    regularization: float  # λ
    explicit: bool  # the weights are targets, each as trusted as the others; else confidences

    @staticmethod
    def implicit(alpha: float, reg_param: float) -> Objective:
        """MLlib's objective for implicit feedback, divided by alpha."""
        return Objective(1.0 / alpha, reg_param / alpha, explicit=False)


def precisions(iterations: int) -> list[float]:
    """How exactly the rows of each iteration are solved: what the next one replaces, roughly."""
    return [EXACT if number == iterations else _ROUGH for number in range(1, iterations + 1)]


def preferred(side: Side, objective: Objective) -> Side:
    """The entries that the objective takes for a preference; an implicit one of weight 0 is none.

    Hu, Koren and Volinsky (2008): the preference is 1 where r > 0 and else 0. An entry of
    confidence 0 and preference 0 is what an absent pair is, so it is left out, and is not counted.
    """
    kept = side.weight > 0.0
    if objective.explicit or kept.all():
        return side
    before = np.concatenate(([0], np.cumsum(kept)))
    return Side(before[side.start], side.column[kept], side.weight[kept])


def solve_side(
    side: Side,
    fixed: Matrix,
    eigenvalue: Vector,
    objective: Objective,
    precision: float = EXACT,
) -> Matrix:
    """The factors of some rows, (rows, rank), the other side held fixed in its eigenbasis."""
    side = preferred(side, objective)
    return solve_rows(
        read_only(side.start),
        read_only(side.column),
        read_only(np.ones_like(side.weight) if objective.explicit else side.weight),
        read_only(side.weight if objective.explicit else side.weight[:0]),
        read_only(fixed),
        read_only(eigenvalue),
        objective.unobserved,
        objective.regularization,
        precision,
    )
