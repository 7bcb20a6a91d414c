"""A user's vector by a tower over the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Indices, Matrix, Vector, read_only
from graphrec.recommenders.embedding.fold_in import mean_directions
from graphrec.recommenders.neural.tower import Layer, activations, normalised
from graphrec.serving.dense_scores import score_all_items


@dataclass(frozen=True)
class TowerFoldIn:
    """The user's vector is what a tower makes of the direction of the history's mean."""

    weights: Sequence[Sequence[Sequence[float]]]  # of each layer, (inputs, outputs)
    biases: Sequence[Sequence[float]]  # of each layer, (outputs,)

    takes_given = False

    @staticmethod
    def of(layers: Sequence[Layer], basis: Matrix) -> TowerFoldIn:
        """For item vectors that have been rotated.

        Args:
            layers: of the tower, over vectors in their old basis.
            basis: (rank, rank), by which they were multiplied.
        """
        if not layers:
            return TowerFoldIn((), ())
        weights, biases = [layer.weights for layer in layers], [layer.bias for layer in layers]
        weights[0] = basis.T @ weights[0]
        weights[-1], biases[-1] = weights[-1] @ basis, biases[-1] @ basis
        return TowerFoldIn([w.tolist() for w in weights], [b.tolist() for b in biases])

    def users(self, histories: CSR, vector: Matrix, eigenvalue: Vector) -> Matrix:
        """Vectors of some users, (users, rank); each has the same bits beside any others."""
        means, length = mean_directions(histories, read_only(vector))
        users, _ = normalised(self._sums(means))
        users[length == 0.0] = 0.0
        return users

    def of_given(self, given: Matrix) -> Matrix:
        """As they are."""
        return given

    def parts(
        self, item: Indices, weight: Vector, target: int, vector: Matrix, eigenvalue: Vector
    ) -> npt.NDArray[np.float64]:
        """What each item of a history adds to a score, (n,).

        With the hidden values that are above 0 for this history, the tower is linear: each item
        adds what its vector leads to, and the biases are divided among all.
        """
        weighted = vector[item].astype(np.float64) * np.asarray(weight)[:, np.newaxis]
        length = np.linalg.norm(weighted.sum(axis=0))
        means = (weighted / (length if length > 0.0 else 1.0)).astype(np.float32)
        mean = means.sum(axis=0, keepdims=True)
        of_items, of_biases = self._linear(mean, means)
        scale = np.linalg.norm(self._sums(mean).astype(np.float64))
        towards = vector[target].astype(np.float64) / (scale if scale > 0.0 else 1.0)
        return of_items @ towards + (of_biases @ towards) / max(item.size, 1)

    def _sums(self, means: Matrix) -> Matrix:
        """`m + MLP(m)`, (users, rank)."""
        if not self._layers:
            return means
        return np.asarray(means + activations(self._layers, means, score_all_items)[-1])

    def _linear(
        self, mean: Matrix, means: Matrix
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The tower with the hidden values that are above 0 for a mean, and no others.

        Args:
            mean: (1, rank), the sum of the following.
            means: (n, rank), of the items.

        Returns:
            what each item leads to (n, rank), and what the biases do (rank,).
        """
        values = activations(self._layers, mean, score_all_items)
        of_items, of_biases = means.astype(np.float64), np.zeros(means.shape[1])
        for number, layer in enumerate(self._layers):
            is_open = values[number][0] > 0.0 if number > 0 else True
            of_items = (of_items * is_open) @ layer.weights
            of_biases = (of_biases * is_open) @ layer.weights + layer.bias
        return (of_items + means if self._layers else of_items), of_biases

    @cached_property
    def _layers(self) -> list[Layer]:
        return [
            Layer(read_only(np.array(weights, np.float32)), np.array(bias, np.float32))
            for weights, bias in zip(self.weights, self.biases, strict=True)
        ]
