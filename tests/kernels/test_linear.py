"""Solutions are those of LAPACK's general solver, in double precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.kernels.linear import solve_positive_definite

Matrix = npt.NDArray[np.float32]


def positive_definite(size: int, seed: int) -> tuple[Matrix, Matrix]:
    """A well-conditioned system: (n, n) and (n,)."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(size, size))
    matrix = half @ half.T / size + np.eye(size)
    return matrix.astype(np.float32), rng.normal(size=size).astype(np.float32)


@given(size=st.integers(1, 40), seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_solves_positive_definite_systems(size: int, seed: int) -> None:
    matrix, right = positive_definite(size, seed)
    expected = np.linalg.solve(matrix.astype(np.float64), right.astype(np.float64))
    tolerance = 1e-5 * np.linalg.cond(matrix) * np.abs(expected).max()
    given_matrix, given_right = matrix.copy(), right.copy()
    solved = solve_positive_definite(given_matrix, given_right)
    np.testing.assert_allclose(solved, expected, atol=tolerance)
    np.testing.assert_array_equal(given_matrix, matrix)
    np.testing.assert_array_equal(given_right, right)


def test_an_indefinite_matrix_has_no_cholesky_factor() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        solve_positive_definite(
            np.array([[1, 2], [2, 1]], np.float32), np.array([1, 0], np.float32)
        )
