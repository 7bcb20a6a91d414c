"""A user's vector from the user's profile; a history adds nothing to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Indices, Matrix, Vector


@dataclass(frozen=True)
class ProfileFoldIn:
    """The given vector, an encoded profile, is brought into the basis of the items' vectors."""

    basis: Sequence[Sequence[float]]  # (width of a profile, rank)

    takes_given = True

    def users(self, histories: CSR, vector: Matrix, eigenvalue: Vector) -> Matrix:
        """Nothing, (users, rank): of users without a profile this leg knows nothing."""
        return np.zeros((histories.indptr.size - 1, vector.shape[1]), np.float32)

    def of_given(self, given: Matrix) -> Matrix:
        """Vectors of some profiles, (users, rank); each has the same bits beside any others."""
        return np.einsum("up,pr->ur", given, self._basis)

    def parts(
        self, item: Indices, weight: Vector, target: int, vector: Matrix, eigenvalue: Vector
    ) -> npt.NDArray[np.float64]:
        """Nothing for any item of a history, (n,)."""
        return np.zeros(item.size)

    @cached_property
    def _basis(self) -> npt.NDArray[np.float32]:
        return np.array(self.basis, np.float32)
