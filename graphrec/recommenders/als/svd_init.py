"""The initial factors of alternating least squares: approximate singular vectors, not random ones.

The randomised singular value decomposition (Halko, Martinsson and Tropp, "Finding structure with
randomness", 2011) costs a fifth of an iteration and saves three of eight: the targets R times
random vectors, made orthonormal, are a basis Q of the users, and RᵀQ holds the singular values and
the items' vectors. Both sides share a singular value equally, as they do at the optimum.
"""

from __future__ import annotations

import numpy as np

from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Matrix, read_only
from graphrec.recommenders.als.sweep import Objective, preferred
from graphrec.serving.eigenbasis import rotate

_ROUNDING = 1e-4  # relative to the longest column: shorter ones are rounding errors


def random_vectors(items: int, rank: int, seed: int) -> Matrix:
    """Random vectors whose images are a basis of the users, (items, rank): standard normal."""
    return np.random.default_rng(seed).standard_normal((items, rank), dtype=np.float32)


def multiply_side(side: CSR, fixed: Matrix, objective: Objective) -> Matrix:
    """Some rows of the targets, 0 where there is none, times the other side's vectors."""
    side = preferred(side, objective)
    target = side.data if objective.explicit else np.ones_like(side.data)
    return _multiply_rows(csr(side.indptr, side.indices, target), read_only(fixed))


def orthonormal(vectors: Matrix) -> Matrix:
    """A basis of the columns' span, (rows, rank); columns without a span of their own are 0."""
    return _with_lengths_to(vectors, -1.0)


def balanced(vectors: Matrix) -> Matrix:
    """The items' factors, (rows, rank), from RᵀQ.

    Its columns are made orthogonal, and each as long as the square root of its singular value.
    """
    return _with_lengths_to(vectors, -0.5)


def _with_lengths_to(vectors: Matrix, power: float) -> Matrix:
    """Orthogonal columns of the same span, each times a power of its length."""
    orthogonal, eigenvalue = rotate(vectors)
    length = np.sqrt(eigenvalue)
    spans = length > _ROUNDING * length.max(initial=0.0)
    scale = np.power(length, power, where=spans, out=np.zeros_like(length))
    return np.asarray(orthogonal * scale)


@compiled
def _multiply_rows(targets: CSR, fixed: Matrix) -> Matrix:
    """The product of a sparse and a dense matrix, (rows, rank)."""
    rows, rank = targets.indptr.size - 1, fixed.shape[1]
    product = np.zeros((rows, rank), np.float32)
    for row in range(rows):
        total = product[row]
        for entry in range(targets.indptr[row], targets.indptr[row + 1]):
            factor, vector = targets.data[entry], fixed[targets.indices[entry]]
            for dimension in range(rank):
                total[dimension] += factor * vector[dimension]
    return product
