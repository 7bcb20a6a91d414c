"""Chi-square tests for what has one row per user: converted or not, returned or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from graphrec.errors import EmptyInputError, ParameterError
from graphrec.experiments.assignment import shares


class ChiSquare(NamedTuple):
    """A chi-square test.

    Attributes:
        statistic: χ².
        p_value: of as much or more without any difference.
        degrees: of freedom.
    """

    statistic: float
    p_value: float
    degrees: int


def chi_square(counts: Sequence[Sequence[int]], *, yates: bool = False) -> ChiSquare:
    """Test whether an outcome depends on the arm (Pearson's chi-square).

    Each user may be counted once only. Counts of impressions or sessions are no input for it: a
    user's own are alike, so at 5 % it finds a difference in every fifth pair of equal arms. For
    these take `ratio_difference`.

    Args:
        counts: (arms, outcomes), the numbers of users.
        yates: Yates' correction for continuity, for two arms and two outcomes; it makes the test
            more cautious.

    Raises:
        ParameterError: fewer than two arms or outcomes, a negative count, or a row or a column
            of zeros.
    """
    table = np.asarray(counts)
    if table.ndim != 2 or min(table.shape) < 2 or (table < 0).any():
        raise ParameterError(
            "a chi-square test needs counts of at least two arms and two outcomes",
            found=str([list(row) for row in counts]),
        )
    if not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        raise ParameterError(
            "an arm or an outcome without users cannot be tested",
            found=str(table.tolist()),
            fix="leave it out",
        )
    statistic, p_value, degrees, _ = stats.chi2_contingency(table, correction=yates)
    return ChiSquare(float(statistic), float(p_value), int(degrees))


def sample_ratio(
    users: Sequence[int], arms: Sequence[str], weights: Sequence[float] | None = None
) -> ChiSquare:
    """Test whether the arms have the shares of the users that they were to have.

    A mismatch (p below .001) says that users were lost or counted twice on one side, and no metric
    of such an experiment can be trusted (Fabijan et al. 2019,
    https://doi.org/10.1145/3292500.3330722).

    Args:
        users: their number in each arm.
        arms: the names of the arms.
        weights: the planned shares, in any unit; None: equal ones.

    Raises:
        ParameterError: fewer than two arms, or weights that do not fit them.
        EmptyInputError: no users.
    """
    planned = np.asarray(shares(arms, weights))
    total = sum(users)
    if not total:
        raise EmptyInputError("no user is in any arm", found=", ".join(arms))
    statistic, p_value = stats.chisquare(np.asarray(users), planned * total)
    return ChiSquare(float(statistic), float(p_value), len(arms) - 1)
