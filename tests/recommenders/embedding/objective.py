"""The objective of the sampled softmax once more, user by user, in double precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from graphrec.recommenders.embedding.softmax_gradient import Batch

TEMPERATURE = 0.3

Doubles = npt.NDArray[np.float64]


def direction(vector: Doubles) -> Doubles:
    """The vector brought to length 1."""
    return np.asarray(vector / np.linalg.norm(vector))


def loss(
    batch: Batch, vector: Doubles, user_vector: Callable[[Doubles], Doubles] = direction
) -> float:
    """What is minimised.

    Args:
        batch: users with targets and negatives.
        vector: (items, rank).
        user_vector: makes a user's vector of the sum of the history's vectors.
    """
    total = 0.0
    indptr, indices, data = batch.histories
    for user in range(indptr.size - 1):
        own = slice(indptr[user], indptr[user + 1])
        item, weight, target = indices[own], data[own], batch.target[own]
        mean = (weight[~target, None] * vector[item[~target]]).sum(axis=0)
        if not target.any() or not np.linalg.norm(mean):
            continue
        cosine = vector @ user_vector(mean)
        others = ~np.isin(batch.negative, item)
        odds = np.exp(cosine[batch.negative[others]] / TEMPERATURE)
        against = (batch.share[others] * odds).sum()
        odds = np.exp(cosine[item[target]] / TEMPERATURE)
        total -= float((weight[target] * np.log(odds / (against + odds))).sum())
    return total
