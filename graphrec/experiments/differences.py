"""The difference of a metric between two arms: interval and test, with CUPED where it helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from graphrec.evaluation.summary import normal_quantile
from graphrec.experiments.moments import Array, Moments

_LEAST_VARIANCE: Final = 1e-12  # of the covariate, relative to its mean square: else it is constant


@dataclass(frozen=True)
class Difference:
    """Arm b against arm a in one metric; arrays of one shape.

    Attributes:
        a: the metric of the first arm, the control.
        b: that of the other.
        difference: b - a; with CUPED the adjusted one.
        variance: of `difference`.
        low: of the interval.
        high: of the interval.
        p_value: two-sided, of no difference; NaN where there is nothing to test.
        relative_low: of the interval of `relative`.
        relative_high: of the interval of `relative`.
        users: of both arms.
    """

    a: Array
    b: Array
    difference: Array
    variance: Array
    low: Array
    high: Array
    p_value: Array
    relative_low: Array
    relative_high: Array
    users: Array

    @property
    def relative(self) -> Array:
        """The difference as a share of the first arm's metric."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.difference / self.a


def ratio_difference(
    a: Moments, b: Moments, *, confidence: float = 0.95, cuped: bool = False
) -> Difference:
    """Compare a ratio of sums between two arms, by the delta method over users.

    The z test: (r_b - r_a) / √(v_a + v_b). A chi-square test over impressions would take the
    impressions of a user for independent, and find differences where there are none.

    With CUPED (Deng et al. 2013, https://doi.org/10.1145/2433396.2433413) what the covariate
    explains is taken off: r - θ(z̄ - z̄ of all), θ = cov / var of the covariate over both arms. It
    changes nothing on average, for the arms were the same before, and narrows the interval.

    Args:
        a: of the control.
        b: of the other arm.
        confidence: of the intervals, in (0, 1).
        cuped: use the covariate.

    Raises:
        ParameterError: `confidence` is out of its range.
    """
    z = normal_quantile(confidence)
    r_a, r_b = a.ratio, b.ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        v_a, v_b = a.user_variance / a.users, b.user_variance / b.users
    difference = r_b - r_a
    if cuped:
        theta = _theta(a, b)
        with np.errstate(divide="ignore", invalid="ignore"):  # an arm without users
            difference = difference - theta * (b.z / b.users - a.z / a.users)
        v_a, v_b = _reduced(a, theta), _reduced(b, theta)
    variance = v_a + v_b
    half = z * np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * stats.norm.sf(np.abs(difference) / np.sqrt(variance))
        # The delta method for r_b / r_a: the control's own error is in it.
        relative = difference / r_a
        half_relative = z * np.sqrt(v_b + (1 + relative) ** 2 * v_a) / np.abs(r_a)
    return Difference(
        r_a,
        r_b,
        difference,
        variance,
        difference - half,
        difference + half,
        np.asarray(p_value),
        relative - half_relative,
        relative + half_relative,
        a.users + b.users,
    )


def _theta(a: Moments, b: Moments) -> Array:
    """What a unit of the covariate adds, over both arms; 0 for a constant covariate."""
    weight_a, weight_b = a.users - 1, b.users - 1
    cov = weight_a * a.covariate_covariance + weight_b * b.covariate_covariance
    var = weight_a * a.covariate_variance + weight_b * b.covariate_variance
    known = var > _LEAST_VARIANCE * (a.zz + b.zz)
    return np.where(known, cov / np.where(known, var, 1.0), 0.0)


def _reduced(m: Moments, theta: Array) -> Array:
    """The variance of the adjusted ratio of an arm."""
    explained = 2 * theta * m.covariate_covariance - theta**2 * m.covariate_variance
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(m.user_variance - explained, 0.0) / m.users
