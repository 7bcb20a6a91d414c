"""A user's bias that forgets: an Ornstein-Uhlenbeck process over the times of the ratings.

Its values at two times have the covariance s²·exp(-|t - t'| / τ). At n ascending times the inverse
T of that matrix is tridiagonal, because the process is Markov (Rasmussen and Williams, "Gaussian
processes for machine learning", 2006, appendix B). So everything here takes O(n): with noise of
variance σ² on each rating, the values at the times have the posterior covariance (T + I/σ²)⁻¹ and
the mean (T + I/σ²)⁻¹·residuals/σ².
"""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Matrix, Vector

_MAX_CORRELATION = 1 - 1e-5  # of ratings at one time: T exists


@compiled
def correlation(apart: float, memory: float) -> float:
    """Of the values at two times, `apart` seconds from each other; memory is τ in seconds."""
    return min(np.exp(-apart / memory), _MAX_CORRELATION)


@compiled
def factorise(time: Vector, variance: float, memory: float, noise: float) -> tuple[Vector, Vector]:
    """L·D·Lᵀ = T + I/σ².

    Args:
        time: (n,), ascending, in seconds.
        variance: s².
        memory: τ, in seconds.
        noise: σ².

    Returns:
        the subdiagonal of L, (n,), whose first entry is not used, and D, (n,).
    """
    size = time.size
    lower, pivot = np.zeros(size), np.full(size, 1.0 / noise)
    for at in range(size):
        along = correlation(time[at] - time[at - 1], memory) if at > 0 else 0.0
        pull = 1.0 / (variance * (1.0 - along * along))
        pivot[at] += pull
        if at > 0:
            pivot[at - 1] += along * along * pull
            lower[at] = -along * pull
    for at in range(1, size):
        beside = lower[at]
        lower[at] = beside / pivot[at - 1]
        pivot[at] -= lower[at] * beside
    return lower, pivot


@compiled
def solve(lower: Vector, pivot: Vector, right: Matrix) -> None:
    """(T + I/σ²)⁻¹·right in the place of `right`, (n, k)."""
    size, columns = right.shape
    for at in range(1, size):
        for column in range(columns):
            right[at, column] -= lower[at] * right[at - 1, column]
    for at in range(size - 1, -1, -1):
        for column in range(columns):
            right[at, column] /= pivot[at]
            if at + 1 < size:
                right[at, column] -= lower[at + 1] * right[at + 1, column]


@compiled
def covariances(lower: Vector, pivot: Vector) -> Matrix:
    """Of (T + I/σ²)⁻¹: the diagonal, and the entry of each time and the one before, (n, 2)."""
    size = lower.size
    found = np.zeros((size, 2))
    for at in range(size - 1, -1, -1):
        found[at, 0] = 1.0 / pivot[at]
        if at + 1 < size:
            found[at, 0] += lower[at + 1] * lower[at + 1] * found[at + 1, 0]
            found[at + 1, 1] = -lower[at + 1] * found[at + 1, 0]
    return found


@compiled
def between(time: Vector, when: float, memory: float) -> tuple[int, float, float, float]:
    """What the values before and after a time say of the value then.

    Args:
        time: (n,), ascending.
        when: the time.
        memory: τ.

    Returns:
        the position of the first later time, the weights of the values before it and at it (0
        where there is none), and the variance that is left, as a share of s².
    """
    after = np.searchsorted(time, when, side="right")
    old = correlation(when - time[after - 1], memory) if after > 0 else 0.0
    new = correlation(time[after] - when, memory) if after < time.size else 0.0
    both = 1.0 - old * old * new * new
    weight_old, weight_new = old * (1.0 - new * new) / both, new * (1.0 - old * old) / both
    return int(after), weight_old, weight_new, 1.0 - weight_old * old - weight_new * new
