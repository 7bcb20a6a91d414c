"""The items nearest by their features: what a new item is compared with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphrec.data.feature_encoding import Sparse
from graphrec.spark.machine import cores

_BLOCK: Final = 512  # items that are compared at a time
_POWER: Final = 5  # of the similarity, in averages: measured in docs/decisions/new-items.md
MAX_REFERENCES: Final = 10_000  # items that others are compared with, the most popular


@dataclass(frozen=True)
class Nearest:
    """For each of some items the most similar of the reference items, best first.

    Attributes:
        items: (n, k) int32, indices of reference items; of equal ones the more popular.
        similarity: (n, k), cosines of the features, 0 where nothing is alike.
    """

    items: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float64]

    def weights(self, support: npt.NDArray[np.int64], references: int) -> Sparse:
        """Weights of the reference items in an average, (n, references), each row summing to 1.

        An item counts by a power of its similarity, and by the root of the number of users who have
        it, which is how surely its own place is known. A row without anything alike is empty.
        """
        weight = np.power(self.similarity, _POWER) * np.sqrt(support[self.items])
        total = weight.sum(axis=1, keepdims=True)
        weight = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        rows = np.repeat(np.arange(weight.shape[0]), weight.shape[1])
        shape = (weight.shape[0], references)
        found = Sparse((weight.reshape(-1), (rows, self.items.reshape(-1))), shape=shape)
        found.eliminate_zeros()
        return found


def nearest(features: Sparse, items: npt.NDArray[np.int64], references: int, k: int) -> Nearest:
    """Compare items with the first ones of the catalogue, the most popular.

    Args:
        features: (all items, columns).
        items: (n,), which are compared; none is compared with itself.
        references: how many items they are compared with, at most `MAX_REFERENCES` of them.
        k: how many are kept.
    """
    references = min(references, MAX_REFERENCES)
    k = min(k, references)
    length = np.sqrt(np.asarray(features.multiply(features).sum(axis=1)).reshape(-1))
    unit = sparse.diags_array(np.divide(1.0, length, out=np.zeros_like(length), where=length > 0))
    directions = Sparse(unit @ features.astype(np.float64))
    towards = sparse.csc_array(directions[:references].T)

    def compare(first: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        block = items[first : first + _BLOCK]
        cosine = (directions[block] @ towards).toarray()
        own = np.flatnonzero(block < references)
        cosine[own, block[own]] = 0.0
        return _best(cosine, k)

    with ThreadPoolExecutor(cores()) as threads:
        parts = list(threads.map(compare, range(0, items.size, _BLOCK)))
    return Nearest(
        np.concatenate([np.empty((0, k), np.int32), *(found for found, _ in parts)]),
        np.concatenate([np.empty((0, k)), *(cosine for _, cosine in parts)]),
    )


def _best(
    cosine: npt.NDArray[np.float64], k: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """The k largest of each row, best first, ties to the smaller index."""
    threshold = -np.partition(-cosine, k - 1, axis=1)[:, k - 1 : k]
    # What is above the threshold, and the first of those at it: ties do not depend on the sort.
    above = cosine > threshold
    tied = cosine == threshold
    wanted = k - above.sum(axis=1, keepdims=True)
    kept = above | (tied & (np.cumsum(tied, axis=1) <= wanted))
    columns = np.nonzero(kept)[1].reshape(-1, k)
    found = np.take_along_axis(cosine, columns, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return (
        np.take_along_axis(columns, order, axis=1).astype(np.int32),
        np.take_along_axis(found, order, axis=1),
    )
