"""How many users an experiment needs, how small a difference it can find, and how long it runs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from graphrec.errors import ParameterError
from graphrec.experiments.moments import Array, Moments


def users_needed(
    difference: float, variance: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Return the users that each of two arms of equal size needs.

    2s²(z_{1-α/2} + z_power)² / difference², rounded up.

    Args:
        difference: the smallest that is to be found, in units of the metric.
        variance: s², of one user, see `Moments.user_variance`.
        power: the probability of finding it.
        alpha: 1 - confidence; divide it by the number of comparisons where there are several.

    Raises:
        ParameterError: a value is out of its range.
    """
    _check(power, alpha)
    if not (difference and math.isfinite(difference)):
        raise ParameterError("the difference to be found must not be 0", found=str(difference))
    return math.ceil(2 * variance * (_both(power, alpha) / difference) ** 2)


def detectable(
    variance: npt.ArrayLike,
    users_a: npt.ArrayLike,
    users_b: npt.ArrayLike,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
) -> Array:
    """Return the smallest difference that a test finds with a given power.

    Args:
        variance: of one user, the same in both arms.
        users_a: in one arm.
        users_b: in the other.
        power: the probability of finding it.
        alpha: 1 - confidence.

    Raises:
        ParameterError: a value is out of its range.
    """
    _check(power, alpha)
    one, other = (np.asarray(users, dtype=np.float64) for users in (users_a, users_b))
    return np.asarray(_both(power, alpha) * np.sqrt(np.asarray(variance) * (1 / one + 1 / other)))


def power_of(
    difference: float, variance: float, users_a: float, users_b: float, *, alpha: float = 0.05
) -> float:
    """Return the probability that a two-sided z test finds a difference.

    Args:
        difference: the true one.
        variance: of one user.
        users_a: in one arm.
        users_b: in the other.
        alpha: 1 - confidence.

    Raises:
        ParameterError: `alpha` is out of its range.
    """
    _check(0.5, alpha)
    shift = abs(difference) / math.sqrt(variance * (1 / users_a + 1 / users_b))
    z = stats.norm.isf(alpha / 2)
    return float(stats.norm.sf(z - shift) + stats.norm.cdf(-z - shift))


class Plan(NamedTuple):
    """What an experiment of a number of days can find, by what such days were like.

    Attributes:
        days: how long it runs.
        users: who would come in that time, all arms together.
        value: the metric.
        detectable: the smallest difference that is found, as a share of the metric.
    """

    days: int
    users: int
    value: float
    detectable: float


def plan(by_day: Moments, arms: int = 2, *, power: float = 0.8, alpha: float = 0.05) -> list[Plan]:
    """Return for each number of days what an experiment would find, from past data.

    A user's variance grows with the days, and the number of users does, too: both are those of the
    past, so neither a distribution nor a rate is assumed.

    Args:
        by_day: (days,), what each day has added, as `moments_by_day` returns.
        arms: of equal size; each is compared with the first one, and alpha shared by these.
        power: the probability of finding it.
        alpha: of all comparisons together.

    Raises:
        ParameterError: fewer than two arms, or a value out of its range.
    """
    if arms < 2:
        raise ParameterError("an experiment needs at least two arms", found=str(arms))
    until = by_day.cumulated()
    each = until.users / arms
    with np.errstate(divide="ignore", invalid="ignore"):
        least = detectable(until.user_variance, each, each, power=power, alpha=alpha / (arms - 1))
        relative = least / np.abs(until.ratio)
    return [
        Plan(day + 1, int(until.users[day]), float(until.ratio[day]), float(relative[day]))
        for day in range(len(until.users))
    ]


def _both(power: float, alpha: float) -> float:
    return float(stats.norm.isf(alpha / 2) + stats.norm.ppf(power))


def _check(power: float, alpha: float) -> None:
    for name, value in (("power", power), ("alpha", alpha)):
        if not 0 < value < 1:
            raise ParameterError(f"{name} must lie between 0 and 1", found=str(value))
