"""Learning a tower and item embeddings together, on the driver or on several tasks.

The objective, the negatives and the items' steps are those of the embeddings
(`graphrec.recommenders.embedding.softmax`): the tower is what comes between a history's mean and
the user's vector. Its parameters are moved by Adam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Matrix
from graphrec.recommenders.embedding.peers import ALONE, Peers
from graphrec.recommenders.embedding.softmax import Training, learn
from graphrec.recommenders.neural.fold_in import TowerFoldIn
from graphrec.recommenders.neural.tower import Layer, Tower, first_layers
from graphrec.serving.eigenbasis import eigenbasis, rotate
from graphrec.serving.item_factors import ItemFactors


@dataclass(frozen=True)
class NetworkTraining:
    """How a network is learned."""

    softmax: Training  # of the item vectors
    hidden: Sequence[int] = (256,)  # widths of the hidden layers
    layer_rate: float = 0.001  # about how far a step moves a parameter of a layer


class Network(NamedTuple):
    """What is learned."""

    vector: Matrix  # (items, rank), of length 1, or 0 for an item that no step has seen
    layers: list[Layer]  # of the tower


def learn_network(
    histories: CSR, items: int, training: NetworkTraining, peers: Peers = ALONE
) -> Network:
    """Learn; the same histories and seed give the same bits, however many take part.

    Args:
        histories: (users, items), the weights; each of at least two items.
        items: number of items.
        training: how.
        peers: who takes part.
    """
    rng = np.random.default_rng([training.softmax.seed, len(training.hidden)])
    tower = Tower(first_layers(training.softmax.rank, training.hidden, rng), training.layer_rate)
    return Network(learn(histories, items, training.softmax, tower, peers), tower.layers)


def as_factors(network: Network) -> ItemFactors:
    """A network as a factor leg has it: in the basis in which items' vectors are uncorrelated."""
    basis, _ = eigenbasis(network.vector)
    vector, eigenvalue = rotate(network.vector)
    return ItemFactors(vector, eigenvalue, TowerFoldIn.of(network.layers, basis))
