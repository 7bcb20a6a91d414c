"""Tests that may be looked at every day: confidence sequences and the mixture SPRT.

A fixed test keeps its 5 % for one look. Of 100 looks at two equal arms, one in three experiments
shows a difference at some time, and whoever stops there ships noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrec.errors import ParameterError
from graphrec.experiments.moments import Array


def mixture_scale(users: float, alpha: float = 0.05) -> float:
    """Return ρ such that a confidence sequence is about narrowest at a number of users.

    ρ = √((-2 ln α + ln(1 - 2 ln α)) / users), as GrowthBook has it
    (https://docs.growthbook.io/statistics/sequential).

    Args:
        users: of both arms, at the look that matters most, such as the planned end.
        alpha: 1 - confidence.

    Raises:
        ParameterError: `users` is not above 0, or `alpha` not in (0, 1).
    """
    _check_alpha(alpha)
    if not users > 0:
        raise ParameterError("the users to tune a sequence for must be above 0", found=str(users))
    return math.sqrt((-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / users)


def half_width(
    users: npt.ArrayLike, variance: npt.ArrayLike, *, rho: float, alpha: float = 0.05
) -> Array:
    """Return half the width of an asymptotic confidence sequence of a mean.

    √(s²·2(nρ²+1)·ln(√(nρ²+1)/α)) / (nρ): the interval holds the truth at all times together with
    the probability 1 - α (Waudby-Smith et al., https://arxiv.org/abs/2103.06476).

    Args:
        users: n, so far.
        variance: s², of one user; of the difference of two arms n times its variance.
        rho: as `mixture_scale` returns.
        alpha: 1 - confidence.

    Raises:
        ParameterError: `alpha` is not in (0, 1).
    """
    _check_alpha(alpha)
    n = np.asarray(users, dtype=np.float64)
    spread = n * rho**2 + 1
    s2 = np.asarray(variance, dtype=np.float64)
    return np.asarray(np.sqrt(s2 * 2 * spread * np.log(np.sqrt(spread) / alpha)) / (n * rho))


@dataclass(frozen=True)
class Msprt:
    """The mixture sequential probability ratio test at each look.

    Attributes:
        likelihood_ratio: Λ, of some difference against none, at each look.
        p_value: always valid: the smallest 1/Λ until then, at most 1.
    """

    likelihood_ratio: Array
    p_value: Array


def msprt(difference: npt.ArrayLike, variance: npt.ArrayLike, tau2: float) -> Msprt:
    """Test a difference at every look (Johari, Pekelis and Walsh, https://arxiv.org/abs/1512.04922).

    Λ = √(V/(V+τ²)) · exp(τ²d²/(2V(V+τ²))), V the variance of the difference d: for two arms of n
    users each it is 2σ²/n.

    Args:
        difference: d, along the last axis one look after the other.
        variance: V at each look.
        tau2: the variance of the differences that are expected; a value of the size of the squared
            difference that one hopes for finds it soonest.

    Raises:
        ParameterError: `tau2` is not above 0.
    """
    if not tau2 > 0:
        raise ParameterError("tau2 must be above 0", found=str(tau2))
    d = np.asarray(difference, dtype=np.float64)
    v = np.asarray(variance, dtype=np.float64)
    with np.errstate(over="ignore"):  # a difference beyond all doubt
        ratio = np.sqrt(v / (v + tau2)) * np.exp(tau2 * d**2 / (2 * v * (v + tau2)))
    p_value = np.minimum(1.0, 1 / np.maximum(np.maximum.accumulate(ratio, axis=-1), 1e-300))
    return Msprt(np.asarray(ratio), np.asarray(p_value))


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ParameterError("alpha must lie between 0 and 1", found=str(alpha))
