"""The same vector for every user: a score of the item alone, as that of the trend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Indices, Matrix, Vector


@dataclass(frozen=True)
class ConstantFoldIn:
    """Every history becomes the same vector, (1,): the score is the item's own."""

    takes_given = False

    def users(self, histories: CSR, vector: Matrix, eigenvalue: Vector) -> Matrix:
        """1 for each user with a history, 0 for one without, (users, 1)."""
        return (np.diff(histories.indptr) > 0).astype(np.float32)[:, np.newaxis]

    def of_given(self, given: Matrix) -> Matrix:
        """As they are."""
        return given

    def parts(
        self, item: Indices, weight: Vector, target: int, vector: Matrix, eigenvalue: Vector
    ) -> npt.NDArray[np.float64]:
        """An equal part of the score for each item of the history, (n,): none is the reason."""
        return np.full(item.size, np.float64(vector[target, 0]) / max(item.size, 1))
