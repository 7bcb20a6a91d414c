"""Who computes which blocks of a batch's users: one process, or several that learn the same model.

All have the same model and draw the same batches. Each computes the gradients of its own blocks,
all exchange them, and each adds up all of them in the order of the blocks. So all take the same
step, which has the same bits whatever the number of processes.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from graphrec.kernels.types import Matrix, Vector
from graphrec.recommenders.embedding.user_vectors import Parameters


class Part(NamedTuple):
    """What a block of users adds to the gradient."""

    user: Matrix  # (users, rank), their vectors p
    by_mean: Matrix  # (users, rank), the derivative by the sum of the input items' vectors
    by_target: Vector  # (entries,), factor of p in a target's derivative
    by_negative: Matrix  # (negatives, rank), the derivative by the negatives' vectors
    parameters: Parameters  # the derivative by those that p is made with


class Peers(Protocol):
    """The processes that learn together, seen by one of them, which computes every n-th block."""

    @property
    def task(self) -> int:
        """The number of this one, from 0."""

    @property
    def tasks(self) -> int:
        """How many there are."""

    def exchange(self, own: list[Part]) -> list[list[Part]]:
        """What all have computed, by the number of the process."""


class Alone:
    """The only process."""

    task, tasks = 0, 1

    def exchange(self, own: list[Part]) -> list[list[Part]]:
        """There are no others."""
        return [own]


ALONE = Alone()
