"""Many comparisons at a time: p values and intervals that are corrected together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from graphrec.errors import ParameterError
from graphrec.evaluation.significance import holm
from graphrec.experiments.moments import Array

Correction = Literal["holm", "benjamini-hochberg", "bonferroni", "none"]
CORRECTIONS: Final = ("holm", "benjamini-hochberg", "bonferroni", "none")


class Corrected(NamedTuple):
    """Comparisons that were looked at together.

    Attributes:
        p_value: corrected for their number.
        low: of the interval, corrected in the same way: 0 is outside where the corrected p value
            is below alpha, and only there.
        high: of the interval.
    """

    p_value: Array
    low: Array
    high: Array


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Correct p values so that of all differences that are called real a share is false at most.

    Benjamini and Hochberg (1995): the r-th smallest of m times m / r, and none above one that was
    larger before.

    Args:
        p_values: of all tests that are looked at together.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    ranks = len(values) - np.arange(len(values))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(1.0, np.minimum.accumulate(values[order] * len(values) / ranks))
    return [float(value) for value in corrected]


def corrected(
    differences: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    method: Correction = "holm",
    alpha: float = 0.05,
) -> Corrected:
    """Correct tests and intervals of several differences for their number.

    bonferroni, holm: all intervals together hold the truths with the probability 1 - alpha. They
    are of the level 1 - alpha/m; where Holm finds a difference that Bonferroni does not, the
    interval ends at 0 (Strassburger and Bretz 2008, https://doi.org/10.1002/sim.3338).

    benjamini-hochberg: of the intervals of differences that are called real, a share of alpha is
    wrong at most: their level is 1 - alpha·R/m, R of them being real (Benjamini and Yekutieli
    2005, https://doi.org/10.1198/016214504000001907).

    Args:
        differences: m of them, normally distributed; NaN counts for no comparison.
        variances: of these.
        method: which correction.
        alpha: of all together.

    Raises:
        ParameterError: the method is unknown.
    """
    if method not in CORRECTIONS:
        raise ParameterError(
            "no such correction", found=repr(method), fix=f"choose of {', '.join(CORRECTIONS)}"
        )
    d, v = np.broadcast_arrays(
        np.asarray(differences, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    )
    known = np.isfinite(d) & (v > 0)
    found = [np.full(d.shape, np.nan) for _ in range(3)]
    for values, part in zip(
        found, _of_known(d[known], np.sqrt(v[known]), method, alpha), strict=True
    ):
        values[known] = part
    return Corrected(*found)


def _of_known(d: Array, error: Array, method: Correction, alpha: float) -> Corrected:
    raw = [float(p) for p in 2 * stats.norm.sf(np.abs(d) / error)]
    m = max(len(raw), 1)
    level = alpha / m
    if method == "holm":
        p = np.asarray(holm(raw))
    elif method == "bonferroni":
        p = np.minimum(1.0, np.asarray(raw) * m)
    elif method == "benjamini-hochberg":
        p = np.asarray(benjamini_hochberg(raw))
        level = alpha * max(int((p < alpha).sum()), 1) / m
    else:
        p, level = np.asarray(raw), alpha
    half = stats.norm.isf(level / 2) * error
    low, high = d - half, d + half
    real = p < alpha
    low = np.where(real & (d > 0), np.maximum(low, 0.0), low)
    high = np.where(real & (d < 0), np.minimum(high, 0.0), high)
    return Corrected(p, low, high)
