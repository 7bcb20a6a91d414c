"""Power laws fitted to the tail of whole numbers.

Clauset, Shalizi and Newman, "Power-law distributions in empirical data", 2009: the exponent by
maximum likelihood on the discrete distribution `p(x) = x^-α / ζ(α, x_min)`, the beginning of the
tail where the distribution of the data is nearest to the fitted one (Kolmogorov-Smirnov). A fit is
no proof; Vuong's test against an exponential tail of the same beginning says whether the tail is
heavier than that at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, zeta

from graphrec.kernels.rounding import is_rounding

Counts = npt.NDArray[np.int64]

_EXPONENT_RANGE: Final = (1.01, 8.0)  # where α is looked for
_MIN_TAIL: Final = 10  # values in a tail: below, anything fits
_MAX_CANDIDATES: Final = 500


@dataclass(frozen=True)
class PowerLaw:
    """A power law and how well it fits.

    Attributes:
        alpha: the exponent α of p(x) ~ x^-α.
        standard_error: of alpha, from the curvature of the likelihood.
        x_min: where the tail begins.
        ks: the Kolmogorov-Smirnov distance between data and fit in the tail, 0 to 1.
        tail: how many values are in the tail.
        ratio: Vuong's normalised log-likelihood ratio against an exponential tail; above 0 the
            power law is nearer to the data.
        exponential_p: how likely a ratio so far from 0 is if neither is nearer.
    """

    alpha: float
    standard_error: float
    x_min: int
    ks: float
    tail: int
    ratio: float
    exponential_p: float


def fit_power_law(values: Counts, counts: Counts) -> PowerLaw | None:
    """Fit a power law to the tail of a distribution.

    Args:
        values: (n,), whole numbers above 0, ascending and distinct.
        counts: (n,), how often each occurs.

    Returns:
        The law, or None if no tail has 10 values, two of them different.
    """
    in_tail = np.cumsum(counts[::-1])[::-1]
    candidates = np.flatnonzero((in_tail >= _MIN_TAIL) & (np.arange(values.size) < values.size - 1))
    if candidates.size == 0:
        return None
    if candidates.size > _MAX_CANDIDATES:  # evenly by index: the high ones hold few values each
        positions = np.linspace(0, candidates.size - 1, _MAX_CANDIDATES).round().astype(int)
        candidates = candidates[positions]
    fits = [_fit_from(values[first:], counts[first:]) for first in candidates]
    best = int(np.argmin([distance for _, distance in fits]))
    first, (alpha, ks) = candidates[best], fits[best]
    tail, weights = values[first:], counts[first:]
    ratio, p = _against_exponential(tail, weights, alpha)
    return PowerLaw(
        alpha=alpha,
        standard_error=_standard_error(alpha, int(tail[0]), int(weights.sum())),
        x_min=int(tail[0]),
        ks=ks,
        tail=int(weights.sum()),
        ratio=ratio,
        exponential_p=p,
    )


def _fit_from(values: Counts, counts: Counts) -> tuple[float, float]:
    """The exponent of a tail, and the distance of the fit to it."""
    first, size = float(values[0]), int(counts.sum())
    logs = float((counts * np.log(values)).sum())

    def unlikeliness(alpha: float) -> float:
        return size * np.log(zeta(alpha, first)) + alpha * logs

    alpha = float(minimize_scalar(unlikeliness, bounds=_EXPONENT_RANGE, method="bounded").x)
    fitted = 1.0 - zeta(alpha, values + 1.0) / zeta(alpha, first)  # P(X <= x)
    found = np.cumsum(counts) / size
    # Between two values that occur, the data stand still and the law goes on.
    fitted_before = 1.0 - zeta(alpha, values.astype(np.float64)) / zeta(alpha, first)
    found_before = found - counts / size
    distance = max(np.abs(fitted - found).max(), np.abs(fitted_before - found_before).max())
    return alpha, float(distance)


def _standard_error(alpha: float, first: int, size: int) -> float:
    """`1 / √(n·(ζ''/ζ - (ζ'/ζ)²))`, the derivatives of ln ζ taken numerically."""
    step = 1e-3
    below, here, above = (np.log(zeta(alpha + d, float(first))) for d in (-step, 0.0, step))
    return float(1.0 / np.sqrt(size * (below - 2.0 * here + above) / step**2))


def _against_exponential(values: Counts, counts: Counts, alpha: float) -> tuple[float, float]:
    """Vuong's ratio against a geometric tail, and its two-sided p."""
    first, size = float(values[0]), int(counts.sum())
    beyond = float((counts * (values - first)).sum()) / size
    by_law = -alpha * np.log(values) - np.log(zeta(alpha, first))
    stay = beyond / (1.0 + beyond)  # the geometric distribution's maximum likelihood
    by_exponential = (values - first) * np.log(stay) + np.log1p(-stay)
    each = by_law - by_exponential
    total = float((counts * each).sum())
    deviation = float(np.sqrt((counts * (each - total / size) ** 2).sum() / size))
    if is_rounding(deviation, float(np.abs(each).max())):
        return 0.0, 1.0
    ratio = total / (np.sqrt(size) * deviation)
    return float(ratio), float(2.0 * ndtr(-abs(ratio)))
