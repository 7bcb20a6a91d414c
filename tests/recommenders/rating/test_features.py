"""Features against the dense singular value decomposition."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.types import Matrix, read_only
from graphrec.recommenders.rating.features import features_of_users, learn_features

RANK = 4


class SidesInMemory:
    """What `learn_features` asks of the ratings."""

    def __init__(self, rated: Matrix) -> None:
        self._rated = rated

    def user_features(self, parts: Matrix) -> Matrix:
        return features_of_users(_rows(self._rated), read_only(parts))

    def item_features(self, parts: Matrix) -> Matrix:
        return features_of_users(_rows(self._rated.T), read_only(parts))


def _rows(matrix: Matrix) -> CSR:
    sparse = csr_matrix(matrix)
    return csr(sparse.indptr.astype(np.int64), sparse.indices, sparse.data)


def test_features_are_rows_and_columns_in_the_space_of_the_first_singular_vectors() -> None:
    random = np.random.default_rng(2)
    taste, kind = random.integers(0, 4, 60), random.integers(0, 4, 30)
    rated = random.random((60, 30)) < np.where(taste[:, None] == kind, 0.8, 0.15)
    rated = rated[:, rated.any(axis=0)][rated.any(axis=1)].astype(np.float32)
    users, items = rated.sum(axis=1), rated.sum(axis=0)
    sides = SidesInMemory(rated)
    found = learn_features(sides, items.astype(np.int64), RANK, seed=0)
    of_users = sides.user_features(found.parts)
    np.testing.assert_allclose(of_users[:, 1], np.log1p(users), rtol=1e-6)
    np.testing.assert_allclose(found.items[:, 1], np.log1p(items), rtol=1e-6)

    left, _, right = np.linalg.svd(rated / np.sqrt(np.outer(users, items)), full_matrices=False)
    for features, exact in (
        (of_users[:, 2:], left[:, :RANK] * np.sqrt(users.size)),
        (found.items[:, 2:], right[:RANK].T * np.sqrt(items)[:, None]),
    ):
        error = np.abs(features) - np.abs(exact[:, ::-1])  # ascending, of either sign
        assert np.linalg.norm(error) < 0.02 * np.linalg.norm(exact)
