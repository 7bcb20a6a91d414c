"""The parameters of what is learned by a softmax over all items."""

from __future__ import annotations

from graphrec.params import DefaultParams, at_least, between, optional, param, positive
from graphrec.recommenders.embedding.softmax import Training


class SoftmaxParams(DefaultParams):
    """See `graphrec.recommenders.embedding.softmax`."""

    rank = param(128, "number of latent dimensions", at_least(1))
    epochs = param(
        None,
        "passes over all histories; None: 15, more for few users, and fewer for more than 68,000",
        optional(at_least(1)),
    )
    temperature = param(
        0.06, "τ: cosines are divided by it; the lower, the more the best items count", positive()
    )
    targetShare = param(
        0.5, "share of each history that is to be predicted from the rest", between(0.05, 0.95)
    )
    negatives = param(
        2048,
        "items that stand for all others in a step; all of them, if there are no more",
        at_least(1),
    )
    learningRate = param(1.0, "length of an item's first step of Adagrad", positive())
    seed = param(0, "of the first vectors and of all draws", at_least(0))

    def training(self, batch_users: int | None = None) -> Training:
        """How items' vectors are learned, with a number of users in a step."""
        return Training(
            rank=self.value("rank"),
            epochs=self.value("epochs"),
            temperature=self.value("temperature"),
            target_share=self.value("targetShare"),
            negatives=self.value("negatives"),
            rate=self.value("learningRate"),
            seed=self.value("seed"),
            batch_users=batch_users,
        )
