"""The exact least-squares factor of one row, without a rank x rank system where it can be avoided.

Implicit feedback (Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback
datasets", 2008), with the regularisation scaled by the row's count (Zhou et al., "Large-scale
parallel collaborative filtering for the Netflix prize", 2008): the factor x of a row with entries
(j, confidence c_j, target t_j) minimises

    Σ_j∈row (a0 + c_j)·(t_j - x·v_j)² + a0·Σ_j∉row (x·v_j)² + λ·n·|x|²

so that `(a0·VᵀV + Σ_row c_j·v_j·v_jᵀ + λ·n·I)·x = Σ_row (a0 + c_j)·t_j·v_j`. Implicit feedback has
all targets 1; ratings are the case a0 = 0, c = 1. The fixed side V comes rotated into the
eigenbasis of VᵀV, where the part that all rows share is a diagonal D. A row with n < rank entries
then needs an n x n system only (Woodbury):

    Z = C^½·V_row·D^-½,   (I + Z·Zᵀ)·y = C^-½·(a0 + c)·t,   x = D^-½·Zᵀ·y
"""

import numpy as np

from graphrec.jit import compiled
from graphrec.linear import solve_positive_definite
from graphrec.types import Indices, Matrix, Vector

LEAST_CONFIDENCE = 1e-6  # an entry of confidence 0 still pulls towards its target with weight a0
_GATHERED = 1024  # entries gathered at a time, so that a hub's history is never copied whole


@compiled
def solve_rows(
    start: Indices,
    column: Indices,
    confidence: Vector,
    target: Vector,
    fixed: Matrix,
    eigenvalue: Vector,
    unobserved: float,
    regularization: float,
) -> Matrix:
    """The factors of a block of rows, the other side held fixed.

    Args:
        start: (rows + 1,), the entries of row r stand at start[r]:start[r + 1].
        column: (entries,), rows of `fixed`.
        confidence: (entries,), c >= 0, on top of the weight a0 that every pair has.
        target: (entries,), t; (0,) stands for all 1.
        fixed: (columns, rank), V with VᵀV diagonal.
        eigenvalue: (rank,), the diagonal of VᵀV.
        unobserved: a0 >= 0, the weight of an absent pair.
        regularization: λ > 0, per entry of the row.

    Returns:
        (rows, rank); a row without entries is 0.
    """
    rank = fixed.shape[1]
    factors = np.zeros((start.size - 1, rank), np.float32)
    for row in range(start.size - 1):
        first, last = start[row], start[row + 1]
        size = last - first
        if size == 0:
            continue
        diagonal = (unobserved * eigenvalue + regularization * size).astype(np.float32)
        columns = column[first:last]
        root = np.sqrt(np.maximum(confidence[first:last], LEAST_CONFIDENCE))
        right = (unobserved + confidence[first:last]) / root
        if target.size > 0:
            right = right * target[first:last]
        if size < rank:
            factors[row] = _solve_few(columns, root, right, fixed, diagonal)
        else:
            factors[row] = _solve_many(columns, root, right, fixed, diagonal)
    return factors


@compiled
def _solve_few(
    columns: Indices, root: Vector, right: Vector, fixed: Matrix, diagonal: Vector
) -> Vector:
    """By Woodbury: an n x n system for n entries."""
    size, rank = columns.size, diagonal.size
    inverse_root = (1.0 / np.sqrt(diagonal)).astype(np.float32)
    scaled = np.empty((size, rank), np.float32)  # Z
    for entry in range(size):
        scaled[entry] = root[entry] * fixed[columns[entry]] * inverse_root
    system = np.dot(scaled, scaled.T)  # (n, n)
    for entry in range(size):
        system[entry, entry] += 1.0
    y = solve_positive_definite(system, right.astype(np.float32))
    return inverse_root * np.dot(y, scaled)


@compiled
def _solve_many(
    columns: Indices, root: Vector, right: Vector, fixed: Matrix, diagonal: Vector
) -> Vector:
    """The normal equations themselves, scaled so that the shared part is the identity."""
    rank = diagonal.size
    inverse_root = (1.0 / np.sqrt(diagonal)).astype(np.float32)
    system = np.eye(rank).astype(np.float32)
    total = np.zeros(rank, np.float32)
    for first in range(0, columns.size, _GATHERED):
        last = min(first + _GATHERED, columns.size)
        scaled = np.empty((last - first, rank), np.float32)
        for entry in range(first, last):
            scaled[entry - first] = root[entry] * fixed[columns[entry]] * inverse_root
        system += np.dot(scaled.T, scaled)
        total += np.dot(right[first:last].astype(np.float32), scaled)
    return inverse_root * solve_positive_definite(system, total)
