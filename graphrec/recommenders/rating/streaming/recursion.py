"""Stochastic gradient descent for one user, or one item, after the other.

A user's state is a bias and a factor (b, p), an item's likewise. Of a rating r, in units of the
ratings' deviation and without their mean, the error is ε = r - b - b' - p·p', where b' and p' are
of the other side, and then

    b ← b + γ (ε - λ b)    p ← p + γ_f (ε p' - λ p)

Within a batch the ratings of one user are taken in this way, each from the state that the one
before has left, so that the steps shrink geometrically; the other side is as it was before the
batch. Adding the gradients of a batch up instead diverges as soon as somebody has a few dozen
ratings in it. With one rating in a batch it is the usual descent, to the bit.
"""

from __future__ import annotations

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector


@compiled
def descend(
    start: Matrix, indptr: Indices, others: Matrix, ratings: Vector, settings: Vector
) -> Matrix:
    """The states of some users, or items, after their ratings of a batch.

    Args:
        start: (rows, 1 + rank), before the batch: the bias, then the factor.
        indptr: (rows + 1,), the ratings of each row, in the order in which they are taken.
        others: (ratings, 1 + rank), the states of the other side.
        ratings: (ratings,).
        settings: γ, γ_f and λ.
    """
    step, factor_step, regularization = settings
    after = start.copy()
    rank = start.shape[1] - 1
    for row in range(indptr.size - 1):
        state = after[row]
        for entry in range(indptr[row], indptr[row + 1]):
            other = others[entry]
            product = 0.0
            for d in range(1, rank + 1):
                product += state[d] * other[d]
            error = ratings[entry] - (state[0] + other[0] + product)
            state[0] += step * (error - regularization * state[0])
            for d in range(1, rank + 1):
                state[d] += factor_step * (error * other[d] - regularization * state[d])
    return after
