"""Whether two samples of counts differ: by how much, and whether by more than chance.

The population stability index Σ (q - p)·ln(q / p) and the Jensen-Shannon divergence are never 0 of
two samples, however equal what they were drawn from: without a change PSI / (1/n + 1/m) has a χ²
distribution with B - 1 degrees of freedom for B bins and samples of n and m, so its expectation is
(B - 1)·(1/n + 1/m) (Yurdakul and Naranjo, "Statistical properties of the population stability
index", 2020). Rows of one user are alike, so n and m are those of independent rows that would vary
as much: the number of rows divided by the design effect (Rao and Scott, "On chi-squared tests for
multiway contingency tables", 1984).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from graphrec.kernels.types import Vector

_EMPTY = 0.5  # rows that each bin is counted with besides, so that shares of 0 have a logarithm


@dataclass(frozen=True)
class Sample:
    """How many rows are in each bin.

    Attributes:
        counts: (bins,).
        effect: the design effect, at least 1: by how much more the shares vary than those of
            independent rows.
    """

    counts: Vector
    effect: float = 1.0

    @property
    def size(self) -> float:
        """The number of independent rows that would vary as much."""
        return float(self.counts.sum()) / self.effect


@dataclass(frozen=True)
class Shift:
    """How far a sample is from another.

    Attributes:
        psi: the population stability index.
        expected: what it would be on the average without a change.
        divergence: Jensen-Shannon, with base 2: from 0 to 1.
        p_value: how often it would be as large without a change.
    """

    psi: float
    expected: float
    divergence: float
    p_value: float


def shift(old: Sample, new: Sample) -> Shift:
    """Compare two samples of the same bins; those that are empty in both do not count.

    Args:
        old: what is known.
        new: what is held against it.
    """
    there = (old.counts + new.counts) > 0
    before, after = old.counts[there], new.counts[there]
    freedom = max(int(there.sum()) - 1, 1)
    if not before.sum() or not after.sum():
        return Shift(0.0, 0.0, 0.0, 1.0)
    spread = 1.0 / old.size + 1.0 / new.size
    p, q = (_shares(counts + _EMPTY) for counts in (before, after))
    psi = float(((q - p) * np.log(q / p)).sum())
    p_value = float(special.chdtrc(freedom, psi / spread))
    return Shift(psi, freedom * spread, _jensen_shannon(_shares(before), _shares(after)), p_value)


def design_effect(
    totals: Sequence[float], squares: Sequence[float], products: Sequence[float], sizes: float
) -> float:
    """By how much more shares vary because rows come by user.

    Args:
        totals: by bin, the rows: Σ x over the users, who have x rows in the bin and n in all.
        squares: by bin, Σ x².
        products: by bin, Σ x·n.
        sizes: Σ n².
    """
    total, square, product = (np.asarray(one, float) for one in (totals, squares, products))
    rows, bins = total.sum(), int((total > 0).sum())
    if bins < 2:
        return 1.0
    share = total[total > 0] / rows
    variances = square[total > 0] - 2 * share * product[total > 0] + share**2 * sizes
    return max(float((variances / (rows * share)).sum() / (bins - 1)), 1.0)


def _shares(counts: Vector) -> Vector:
    shares: Vector = counts / counts.sum()
    return shares


def _jensen_shannon(p: Vector, q: Vector) -> float:
    middle = (p + q) / 2
    return float(sum(_relative_entropy(one, middle) for one in (p, q)) / 2)


def _relative_entropy(p: Vector, q: Vector) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())
