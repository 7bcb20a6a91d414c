"""Item vectors predicted from features: ridge regression, and an average over similar items.

The vectors V of a factor leg are regressed on the features X, an intercept among them:

    minimise  Σ_j √n_j · |v_j - b - x_j·B|² + λ·|B|²

where n_j users have item j: a vector that few users have shaped says little. The intercept makes
the prediction for an item of which nothing is special that of an average item that people have, and
not 0. The source of the map from content to factors is Gantner et al., "Learning attribute-to-
feature mappings for cold-start recommendations" (ICDM 2010); weights and blend were measured, see
`docs/decisions/new-items.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from graphrec.data.feature_encoding import Sparse
from graphrec.spark.threads import one_thread


@dataclass(frozen=True)
class Regression:
    """A linear map from features to vectors."""

    intercept: npt.NDArray[np.float64]  # (rank,)
    coefficients: npt.NDArray[np.float64]  # (columns, rank)

    def predict(self, features: Sparse) -> npt.NDArray[np.float64]:
        """Vectors, (n, rank), of (n, columns)."""
        return np.asarray(features @ self.coefficients) + self.intercept


def regress(
    features: Sparse,
    vectors: npt.NDArray[np.float32],
    support: npt.NDArray[np.int64],
    *,
    reg_param: float,
) -> Regression:
    """Fit the map.

    Args:
        features: (n, columns), of items with vectors.
        vectors: (n, rank).
        support: (n,), users who have each item; one that nobody has does not count.
        reg_param: λ.
    """
    weight = np.sqrt(support.astype(np.float64))
    weighted = features.multiply(weight[:, np.newaxis]).tocsr()
    targets = vectors.astype(np.float64)
    total = max(weight.sum(), 1.0)
    mean_x = np.asarray(weighted.sum(axis=0)).reshape(-1) / total
    mean_v = np.einsum("n,nd->d", weight, targets) / total
    gram = (features.T @ weighted).toarray() - total * np.outer(mean_x, mean_x)
    towards = np.asarray(weighted.T @ targets) - total * np.outer(mean_x, mean_v)
    gram[np.diag_indices_from(gram)] += reg_param
    with one_thread():
        coefficients = linalg.solve(gram, towards, assume_a="pos")
        return Regression(mean_v - mean_x @ coefficients, coefficients)
