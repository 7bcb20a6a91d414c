"""Negatives: the items that stand for all others in a step of learning embeddings.

Popular items are drawn more often, for they are more often predicted by mistake. An item that was
drawn n times and has the expected number of draws e stands for n / e items, so that sums over the
drawn items are unbiased estimates of sums over all.

Source: Horvitz and Thompson (1952) for the estimate. Draws are systematic, at one random point in
each of equal strata of the cumulated expectation, which has less variance than independent draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrec.kernels.types import Indices, Vector, read_only

_EXPONENT = 0.25  # of an item's support; 0: all alike


@dataclass(frozen=True)
class Negatives:
    """Draws negatives; all items each time if there are no more than `count`."""

    count: int  # how many are drawn
    expected: npt.NDArray[np.float64]  # (items,), how often each is drawn in a step; sums to count
    cumulative: npt.NDArray[np.float64]  # (items,)

    @staticmethod
    def of(column: Indices, items: int, count: int) -> Negatives:
        """To draw some items in each step.

        Args:
            column: the items of all histories.
            items: number of items.
            count: how many are drawn, at most.
        """
        frequency = (np.bincount(column, minlength=items) + 1.0) ** _EXPONENT
        expected = count * frequency / frequency.sum() if items > count else np.ones(items)
        return Negatives(min(count, items), expected, np.cumsum(expected))

    def draw(self, rng: np.random.Generator) -> tuple[Indices, Vector]:
        """Different items, at most `count`, and how many items each stands for; both (drawn,)."""
        if self.count == self.expected.size:
            every = np.arange(self.count, dtype=np.int32)
            return read_only(every), read_only(np.ones(self.count, np.float32))
        points = np.arange(self.count) + rng.random(self.count)
        points *= self.cumulative[-1] / self.count  # which sums to the count but for rounding
        drawn = np.searchsorted(self.cumulative, points, side="right")
        item, times = np.unique(np.minimum(drawn, self.expected.size - 1), return_counts=True)
        share = times / self.expected[item]
        return read_only(item.astype(np.int32)), read_only(share.astype(np.float32))
