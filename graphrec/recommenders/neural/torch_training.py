"""How a module of PyTorch is trained, and with what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from graphrec.params import at_least, checked, optional, positive
from graphrec.recommenders.embedding.params import SoftmaxParams
from graphrec.recommenders.embedding.softmax import Training

_CHECKS: Final = {
    "epochs": SoftmaxParams.epochs.check,
    "rate": positive(),
    "target_share": SoftmaxParams.targetShare.check,
    "negatives": SoftmaxParams.negatives.check,
    "batch_users": optional(at_least(1)),
    "seed": SoftmaxParams.seed.check,
}


@dataclass(frozen=True)
class TorchTraining:
    """How the module is trained; the defaults are those of `NeuralRecommender`, but for the rate.

    Attributes:
        epochs: passes over all histories; None: 15, more for few users, fewer for very many.
        rate: about how far a step of Adam moves a parameter.
        target_share: share of each history that is to be predicted from the rest.
        negatives: items that stand for all others in a step; all, if there are no more.
        batch_users: users of a step, of all processes together; None: a 60th of all, from 32 to
            512.
        seed: of all draws; first values are those of the given module.

    Raises:
        ParameterError: one of them is out of its range.
    """

    epochs: int | None = None
    rate: float = 0.01
    target_share: float = 0.5
    negatives: int = 2048
    batch_users: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            checked(name, getattr(self, name), check)

    @property
    def batches(self) -> Training:
        """What decides which batches are drawn."""
        return Training(
            epochs=self.epochs,
            target_share=self.target_share,
            negatives=self.negatives,
            seed=self.seed,
            batch_users=self.batch_users,
        )


class HistoryBatch(NamedTuple):
    """Some users' histories, as `torch.nn.functional.embedding_bag` takes them."""

    items: Any  # (entries,), int64, the indices of the items, user by user
    offsets: Any  # (users,), int64, where each history begins
    weights: Any  # (entries,), float32
