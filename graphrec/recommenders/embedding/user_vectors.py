"""From the direction of a history's mean to the user's vector, and gradients the way back.

For embeddings that is the direction itself; a neural network may stand in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from graphrec.kernels.types import Matrix

Parameters: TypeAlias = tuple[Matrix, ...]  # arrays of any shape: what is learned, or its gradient
Back: TypeAlias = Callable[[Matrix], tuple[Matrix, Parameters]]
"""From the loss's derivatives by users' vectors, (users, rank), which are overwritten, to those by
their means, (users, rank), and by the parameters."""


class UserVectors(Protocol):
    """A function of directions with parameters that are learned."""

    def forward(self, means: Matrix) -> tuple[Matrix, Back]:
        """The vectors of length 1 of some users, (users, rank), and the way back.

        Args:
            means: (users, rank), of length 1; 0 for a user without items.
        """

    def descend(self, gradient: Parameters, rate: float) -> None:
        """Move the parameters against a gradient.

        Args:
            gradient: by each of them.
            rate: of this step, in units of that of the first.
        """


class Means:
    """The directions themselves."""

    def forward(self, means: Matrix) -> tuple[Matrix, Back]:
        """See `UserVectors`."""
        return means, lambda by_user: (by_user, ())

    def descend(self, gradient: Parameters, rate: float) -> None:
        """There is nothing to move."""


MEANS = Means()
