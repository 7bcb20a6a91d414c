"""The least-squares factor of one row, without its system of equations being built.

Implicit feedback (Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback
datasets", 2008), with the regularisation scaled by the row's count (Zhou et al., "Large-scale
parallel collaborative filtering for the Netflix prize", 2008): the factor x of a row with entries
(j, confidence c_j, target t_j) minimises

    Σ_j∈row (a0 + c_j)·(t_j - x·v_j)² + a0·Σ_j∉row (x·v_j)² + λ·n·|x|²

so that `(a0·VᵀV + Σ_row c_j·v_j·v_jᵀ + λ·n·I)·x = Σ_row (a0 + c_j)·t_j·v_j`. Implicit feedback has
all targets 1; ratings are the case a0 = 0, c = 1. The fixed side V comes rotated into the
eigenbasis of VᵀV, where the part that all rows share is a diagonal D. With y = D^½·x that is

    (I + D^-½·V_rowᵀ·C·V_row·D^-½)·y = D^-½·V_rowᵀ·(a0 + c)·t

which conjugate gradients (Hestenes and Stiefel, 1952; for ALS: Takács, Pilászy and Tikk, 2011)
solve to the precision of floats in some five steps of n·rank work each: far from the identity are
only a few of its eigenvalues.
"""

import numpy as np

from graphrec.kernels.csr import CSR
from graphrec.kernels.jit import compiled, compiled_with_reordered_sums
from graphrec.kernels.types import Indices, Matrix, Vector

FINAL_PRECISION = 1e-5  # the residual, relative to the right side: what single precision can hold
MAX_STEPS = 200  # for rows of ratings with hardly any regularisation
SUM_ENTRIES = 1 << 16  # summed at a time, so that a hub's sum does not outgrow its addends


@compiled
def solve_rows(
    confidence: CSR,
    target: Vector,
    fixed: Matrix,
    eigenvalue: Vector,
    unobserved: float,
    regularization: float,
    precision: float,
) -> Matrix:
    """The factors of a block of rows, the other side held fixed.

    Args:
        confidence: (rows, columns), c >= 0, on top of the weight a0 that every pair has.
        target: (entries,), t; (0,) stands for all 1.
        fixed: (columns, rank), V with VᵀV diagonal.
        eigenvalue: (rank,), the diagonal of VᵀV.
        unobserved: a0 >= 0, the weight of an absent pair.
        regularization: λ > 0, per entry of the row.
        precision: the norm of the residual to stop at, relative to that of the right side; at
            least `FINAL_PRECISION`.

    Returns:
        (rows, rank); a row without entries is 0.
    """
    rank = fixed.shape[1]
    rows = confidence.indptr.size - 1
    factors = np.zeros((rows, rank), np.float32)
    scale = np.empty(rank, np.float32)  # D^-½
    work = np.empty((5, rank), np.float32)
    for row in range(rows):
        entries = slice(confidence.indptr[row], confidence.indptr[row + 1])
        columns, weight = confidence.indices[entries], confidence.data[entries]
        if columns.size == 0:
            continue
        pull = (unobserved + weight).astype(np.float32)
        if target.size > 0:
            pull *= target[entries]
        for dimension in range(rank):
            shared = unobserved * eigenvalue[dimension] + regularization * columns.size
            scale[dimension] = 1.0 / np.sqrt(shared)
        _solve(columns, weight, pull, fixed, scale, precision, work, factors[row])
    return factors


@compiled_with_reordered_sums
def _solve(
    columns: Indices,
    confidence: Vector,
    pull: Vector,
    fixed: Matrix,
    scale: Vector,
    precision: float,
    work: Matrix,
    solution: Vector,
) -> None:
    """Conjugate gradients from 0: x into `solution`, (rank,)."""
    residual, direction, scaled, image, part = work[0], work[1], work[2], work[3], work[4]
    _sum_rows(columns, pull, fixed, residual, part)
    error = np.float32(0.0)
    for dimension in range(scale.size):
        residual[dimension] *= scale[dimension]
        direction[dimension] = residual[dimension]
        error += residual[dimension] * residual[dimension]
    enough = np.float32(precision * precision) * error
    for _ in range(MAX_STEPS):
        if error <= enough:
            break
        for dimension in range(scale.size):
            scaled[dimension] = scale[dimension] * direction[dimension]
        _multiply(columns, confidence, fixed, scaled, image, part)
        curvature = np.float32(0.0)
        for dimension in range(scale.size):
            image[dimension] = direction[dimension] + scale[dimension] * image[dimension]
            curvature += direction[dimension] * image[dimension]
        if not curvature > 0.0:  # numbers too small for single precision: this is the solution
            break
        length = error / curvature
        smaller = np.float32(0.0)
        for dimension in range(scale.size):
            solution[dimension] += length * direction[dimension]
            residual[dimension] -= length * image[dimension]
            smaller += residual[dimension] * residual[dimension]
        for dimension in range(scale.size):
            direction[dimension] = residual[dimension] + (smaller / error) * direction[dimension]
        error = smaller
    for dimension in range(scale.size):
        solution[dimension] *= scale[dimension]


@compiled_with_reordered_sums
def _sum_rows(columns: Indices, weight: Vector, fixed: Matrix, total: Vector, part: Vector) -> None:
    """V_rowᵀ·weight into `total`, (rank,)."""
    total[:] = 0.0
    for first in range(0, columns.size, SUM_ENTRIES):
        part[:] = 0.0
        for entry in range(first, min(first + SUM_ENTRIES, columns.size)):
            vector = fixed[columns[entry]]
            for dimension in range(total.size):
                part[dimension] += weight[entry] * vector[dimension]
        total += part


@compiled_with_reordered_sums
def _multiply(
    columns: Indices,
    confidence: Vector,
    fixed: Matrix,
    direction: Vector,
    image: Vector,
    part: Vector,
) -> None:
    """V_rowᵀ·C·V_row·direction into `image`, (rank,): each row of V is read once.

    Four rows at a time, so that the direction and the sum are read and written a quarter as often.
    """
    image[:] = 0.0
    for first in range(0, columns.size, SUM_ENTRIES):
        part[:] = 0.0
        last = min(first + SUM_ENTRIES, columns.size)
        fours = first + (last - first) // 4 * 4
        for entry in range(first, fours, 4):
            a, b = fixed[columns[entry]], fixed[columns[entry + 1]]
            c, d = fixed[columns[entry + 2]], fixed[columns[entry + 3]]
            along_a = along_b = along_c = along_d = np.float32(0.0)
            for dimension in range(direction.size):
                along_a += a[dimension] * direction[dimension]
                along_b += b[dimension] * direction[dimension]
                along_c += c[dimension] * direction[dimension]
                along_d += d[dimension] * direction[dimension]
            along_a *= confidence[entry]
            along_b *= confidence[entry + 1]
            along_c *= confidence[entry + 2]
            along_d *= confidence[entry + 3]
            for dimension in range(direction.size):
                part[dimension] += (
                    along_a * a[dimension]
                    + along_b * b[dimension]
                    + along_c * c[dimension]
                    + along_d * d[dimension]
                )
        for entry in range(fours, last):
            vector = fixed[columns[entry]]
            along = np.float32(0.0)
            for dimension in range(direction.size):
                along += vector[dimension] * direction[dimension]
            along *= confidence[entry]
            for dimension in range(direction.size):
                part[dimension] += along * vector[dimension]
        image += part
