"""Oracles for factorisation: the objective and its exact sweeps, dense, in double precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Feedback:
    """Confidences (users, items) of implicit feedback; 0 where there is no interaction."""

    confidence: Matrix
    unobserved: float = 0.05  # a0
    regularization: float = 0.05  # λ

    @property
    def has(self) -> npt.NDArray[np.bool_]:
        return self.confidence > 0

    def histories(self, spark: SparkSession) -> DataFrame:
        """(user: string, items, weights)."""
        held = [np.flatnonzero(row) for row in self.has]
        weights = [row[items].tolist() for row, items in zip(self.confidence, held, strict=True)]
        return spark.createDataFrame(
            pa.table(
                {
                    "user": [f"u{user:03}" for user in range(len(held))],
                    "items": pa.array([items.tolist() for items in held], pa.list_(pa.int32())),
                    "weights": pa.array(weights, pa.list_(pa.float32())),
                }
            )
        )

    def users_given(self, items: Matrix) -> Matrix:
        """The users' factors that minimise the objective, (users, rank)."""
        return self._sweep(self.confidence, items)

    def items_given(self, users: Matrix) -> Matrix:
        """The items' factors that minimise the objective, (items, rank)."""
        return self._sweep(self.confidence.T, users)

    def objective(self, users: Matrix, items: Matrix) -> float:
        """`Σ w·(t - x·v)² + λ·(Σ n_u·|x_u|² + Σ n_i·|v_i|²)`, w = a0 + c, t = 1 where observed."""
        error = (self.has - users @ items.T) ** 2
        penalty = self.has.sum(axis=1) @ (users**2).sum(axis=1)
        penalty += self.has.sum(axis=0) @ (items**2).sum(axis=1)
        total = ((self.unobserved + self.confidence) * error).sum()
        return float(total + self.regularization * penalty)

    def _sweep(self, confidence: Matrix, fixed: Matrix) -> Matrix:
        return np.array(
            [
                normal_equations(
                    row, (row > 0) * 1.0, row > 0, fixed, self.unobserved, self.regularization
                )
                for row in confidence
            ]
        )


def normal_equations(
    confidence: Matrix,
    target: Matrix,
    observed: npt.NDArray[np.bool_],
    fixed: Matrix,
    unobserved: float,
    regularization: float,
) -> Matrix:
    """`(Vᵀ·W·V + λ·n·I)⁻¹ · Vᵀ·W·t` for one row, W = a0 + c where observed and a0 elsewhere."""
    weight = unobserved + np.where(observed, confidence, 0.0)
    system = fixed.T @ (weight[:, np.newaxis] * fixed)
    system += regularization * observed.sum() * np.eye(fixed.shape[1])
    return np.asarray(np.linalg.solve(system, fixed.T @ (weight * np.where(observed, target, 0.0))))


def random_feedback(seed: int, users: int = 60, items: int = 25) -> Feedback:
    """Users of two tastes, with weights; nobody and nothing is without an interaction."""
    rng = np.random.default_rng(seed)
    same_taste = (np.arange(users)[:, np.newaxis] + np.arange(items)) % 2 == 0
    has = rng.random((users, items)) < np.where(same_taste, 0.6, 0.1)
    has[np.arange(users), np.arange(users) % items] = True
    confidence = rng.uniform(0.5, 3.0, has.shape).astype(np.float32)
    return Feedback(np.where(has, confidence.astype(np.float64), 0.0))
