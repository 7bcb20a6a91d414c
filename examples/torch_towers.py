"""A module of PyTorch for `gr.torch_distributor`: a vector for each item, and a tower for users."""

from __future__ import annotations

import torch
from torch.nn import functional

from graphrec.recommenders.neural.torch_training import HistoryBatch

_TEMPERATURE = 0.15  # scores are cosines, divided by it


class Towers(torch.nn.Module):  # type: ignore[misc] # where PyTorch is missing
    """Cosines of item vectors and what a perceptron makes of a history's mean.

    Args:
        items: number of items.
        rank: length of the vectors.
        hidden: width of the hidden layer.
    """

    def __init__(self, items: int, rank: int, hidden: int) -> None:
        super().__init__()
        self.vectors = torch.nn.Embedding(items, rank)
        self.tower = torch.nn.Sequential(
            torch.nn.Linear(rank, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, rank)
        )

    def item_vectors(self, items: torch.Tensor) -> torch.Tensor:
        """Of some items, (items, rank)."""
        return functional.normalize(self.vectors(items))

    def user_vectors(self, histories: HistoryBatch) -> torch.Tensor:
        """Of some users, (users, rank)."""
        items, offsets, weights = histories
        sums = functional.embedding_bag(
            items, self.vectors.weight, offsets, mode="sum", per_sample_weights=weights
        )
        means = functional.normalize(sums)
        return functional.normalize(means + self.tower(means))

    def forward(self, histories: HistoryBatch, candidates: torch.Tensor) -> torch.Tensor:
        """The scores, (users, candidates)."""
        return self.user_vectors(histories) @ self.item_vectors(candidates).T / _TEMPERATURE
