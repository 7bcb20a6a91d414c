"""The tower: a network that turns the direction of a history's mean into the user's vector.

`p = m + W_n·relu( … relu(W_1·m + b_1) … ) + b_n`, brought to length 1. The first term is what
generalised matrix factorisation (GMF) has, a product of two embeddings; the other one is a
multi-layer perceptron (MLP). Both share the item embeddings, and their sum meets an item in a
product, so that all items can be ranked: a perceptron over pairs of user and item would have to be
asked for each pair.

Sources: He et al., "Neural collaborative filtering" (2017) for the two towers; Rendle et al.,
"Neural collaborative filtering vs. matrix factorization revisited" (2020) for the product; He et
al., "Deep residual learning" (2016) for m as a term; "Delving deep into rectifiers" (2015) for the
first weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from graphrec.kernels.types import Matrix, Vector
from graphrec.recommenders.embedding.fold_in import through_normalisation
from graphrec.recommenders.embedding.user_vectors import Back, Parameters
from graphrec.recommenders.neural.adam import Adam


class Layer(NamedTuple):
    """`x·weights + bias`; between two layers negative values become 0."""

    weights: Matrix  # (inputs, outputs)
    bias: Vector  # (outputs,)


def first_layers(rank: int, hidden: Sequence[int], rng: np.random.Generator) -> list[Layer]:
    """Random layers, of which the last one gives 0: the tower begins as GMF alone.

    Args:
        rank: width of what goes in and comes out.
        hidden: widths of the hidden layers; none: there is no MLP.
        rng: draws.
    """
    widths = [rank, *hidden]
    layers = [
        Layer(
            rng.normal(0.0, np.sqrt(2.0 / inputs), (inputs, outputs)).astype(np.float32),
            np.zeros(outputs, np.float32),
        )
        for inputs, outputs in pairwise(widths)
    ]
    last = Layer(np.zeros((widths[-1], rank), np.float32), np.zeros(rank, np.float32))
    return [*layers, last] if hidden else []


def activations(
    layers: Sequence[Layer],
    means: Matrix,
    multiply: Callable[[Matrix, Matrix], Matrix] = np.matmul,
) -> list[Matrix]:
    """What goes into each layer, and what comes out of the last.

    Args:
        layers: of the MLP.
        means: (users, rank).
        multiply: two matrices.
    """
    values = [means]
    for layer in layers:
        values.append(multiply(values[-1], layer.weights) + layer.bias)
        if len(values) <= len(layers):
            np.maximum(values[-1], 0.0, out=values[-1])
    return values


def normalised(sums: Matrix) -> tuple[Matrix, Vector]:
    """Rows of length 1, and the lengths that they had; a row of zeros stays one."""
    length = np.sqrt(np.einsum("ur,ur->u", sums, sums))
    return sums / np.where(length > 0.0, length, 1.0)[:, np.newaxis], length


class Tower:
    """A tower that learns, see `graphrec.recommenders.embedding.user_vectors.UserVectors`."""

    def __init__(self, layers: list[Layer], rate: float) -> None:
        self.layers = layers
        self._adam = Adam([array for layer in layers for array in layer], rate)

    def forward(self, means: Matrix) -> tuple[Matrix, Back]:
        """The vectors of some users, and the way back."""
        values = activations(self.layers, means)
        users, length = normalised(means + values[-1]) if self.layers else normalised(means)

        def back(by_user: Matrix) -> tuple[Matrix, Parameters]:
            through_normalisation(by_user, users, length)
            return _back(self.layers, values, by_user)

        return users, back

    def descend(self, gradient: Parameters, rate: float) -> None:
        """A step of Adam."""
        self._adam.step(gradient, rate)


def _back(
    layers: Sequence[Layer], values: Sequence[Matrix], by_sum: Matrix
) -> tuple[Matrix, Parameters]:
    """From the derivative by `m + MLP(m)` to those by m, and by the layers' arrays."""
    gradient: list[Matrix] = []
    by_value = by_sum
    for number in range(len(layers) - 1, -1, -1):
        entering = values[number]
        gradient[:0] = [entering.T @ by_value, by_value.sum(axis=0)]
        by_value = by_value @ layers[number].weights.T
        if number > 0:
            by_value *= entering > 0.0
    return (by_sum + by_value if layers else by_sum), tuple(gradient)
