"""Factors in the basis in which their Gram matrix is diagonal.

Sums over many rows are made in blocks of a fixed size, by as many threads as there are cores, and
added in order and in double precision: the bits do not depend on the number of cores.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from graphrec.kernels.types import Matrix, Vector
from graphrec.spark.machine import cores
from graphrec.spark.threads import one_thread

_BLOCK = 4096  # rows


def rotate(factors: npt.NDArray[np.float32]) -> tuple[Matrix, Vector]:
    """Factors in the eigenbasis of their Gram matrix, and its eigenvalues.

    Scores do not change when both sides are rotated alike.

    Args:
        factors: (n, rank).

    Returns:
        (n, rank) whose Gram matrix is diagonal, and that diagonal, (rank,).
    """
    with one_thread(), ThreadPoolExecutor(cores()) as threads:
        basis, eigenvalue = _eigenbasis(threads, factors)
        rotated = np.empty_like(factors, order="C")

        def turn(first: int) -> None:
            rotated[first : first + _BLOCK] = factors[first : first + _BLOCK] @ basis

        list(threads.map(turn, range(0, factors.shape[0], _BLOCK)))
    return rotated, eigenvalue


def eigenbasis(factors: Matrix) -> tuple[Matrix, Vector]:
    """The eigenvectors of a Gram matrix as columns, (rank, rank), and its eigenvalues, (rank,).

    The sign of each direction is set by its largest entry, so that equal input gives equal bits.
    """
    with one_thread(), ThreadPoolExecutor(cores()) as threads:
        return _eigenbasis(threads, factors)


def _eigenbasis(threads: ThreadPoolExecutor, factors: Matrix) -> tuple[Matrix, Vector]:
    def gram_of(first: int) -> Matrix:
        block = factors[first : first + _BLOCK]
        return block.T @ block

    rank = factors.shape[1]
    gram = np.zeros((rank, rank))
    for part in threads.map(gram_of, range(0, factors.shape[0], _BLOCK)):
        gram += part
    eigenvalue, basis = np.linalg.eigh(gram)
    largest = np.abs(basis).argmax(axis=0)
    basis *= np.where(basis[largest, np.arange(rank)] < 0, -1.0, 1.0)
    return basis.astype(np.float32), np.maximum(eigenvalue, 0.0).astype(np.float32)
