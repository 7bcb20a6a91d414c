"""Solving small symmetric positive definite systems inside compiled code."""

import numpy as np

from graphrec.kernels.jit import compiled, compiled_with_reordered_sums
from graphrec.kernels.types import Matrix, Vector


@compiled
def solve_positive_definite(matrix: Matrix, right: Vector) -> Vector:
    """Solve `matrix · x = right` by Cholesky's factorisation (LAPACK potrf).

    Args:
        matrix: (n, n), symmetric positive definite, C-contiguous.
        right: (n,).

    Returns:
        x, (n,).

    Raises:
        numpy.linalg.LinAlgError: the matrix is not positive definite.
    """
    n = right.size
    lower = np.linalg.cholesky(matrix)  # (n, n)
    x = right.copy()
    for i in range(n):
        x[i] = (x[i] - np.dot(lower[i, :i], x[:i])) / lower[i, i]
    for i in range(n - 1, -1, -1):
        x[i] /= lower[i, i]
        for j in range(i):  # row by row: lower is C-contiguous
            x[j] -= lower[i, j] * x[i]
    return x


@compiled_with_reordered_sums
def product(a: Vector, b: Vector) -> np.float32:
    """The product a·b of float32; for a few hundred numbers a call of BLAS costs more."""
    total = np.float32(0.0)
    for i in range(a.size):
        total += a[i] * b[i]
    return total
