"""Is the experiment sound? Each check is a line with its figure; a broken one has no verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from graphrec.data.event_names import ARM, KINDS
from graphrec.evaluation.significance import holm
from graphrec.experiments.differences import ratio_difference
from graphrec.experiments.independence import sample_ratio
from graphrec.experiments.metrics import OF_USERS, Metric, kinds_of
from graphrec.experiments.user_sums import BEFORE, FIRST_HALF, PERIOD, SECOND_HALF, moments

MISMATCH: Final = 0.001  # p value below which a sample ratio is no accident
_TOLERATED: Final = 0.01  # share of users or events that may be wrong without breaking anything
_BOT_EVENTS: Final = 0.05  # share of the events that the users beyond the quantile may have
_NOVELTY: Final = 0.01  # p value


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """One look at whether the experiment can be trusted.

    Attributes:
        name: what was looked at.
        state: ok, a warning, or broken: then no difference means anything.
        text: what was found, a sentence with its figure.
    """

    name: str
    state: State
    text: str


def ratio_check(users: Mapping[str, int], weights: Sequence[float] | None) -> Check:
    """Sample-ratio mismatch: have the arms the shares that they were to have?"""
    arms = list(users)
    p = sample_ratio(list(users.values()), arms, weights).p_value
    counts = ", ".join(f"{arm} {n:,}" for arm, n in users.items())
    planned = "equal shares" if weights is None else f"shares of {_weights(weights)}"
    return Check(
        "sample ratio",
        State.BROKEN if p < MISMATCH else State.OK,
        f"users {counts}; by chance with {planned} p {p:.2g} (alarm below {MISMATCH:g})",
    )


def switching_check(switched: int, users: int) -> Check:
    """Users who were in two arms; they are left out."""
    share, state = _tolerated(switched, users)
    return Check(
        "users in two arms",
        state,
        f"{switched:,} of {users:,} users ({share:.2%}), left out",
    )


def early_check(early: float, events: float) -> Check:
    """Events of the experiment before the user's exposure."""
    share, state = _tolerated(early, events)
    return Check(
        "events before exposure",
        state,
        f"{early:,.0f} events of the experiment precede the first impression ({share:.2%}), "
        "left out",
    )


def clicks_check(users_with_more: int, users: int) -> Check:
    """Users with more clicks than impressions."""
    share, state = _tolerated(users_with_more, users)
    return Check(
        "clicks without impressions",
        state,
        f"{users_with_more:,} users have more clicks than impressions ({share:.2%})",
    )


def bots_check(quantile: float, limit: float, users: int, share: float) -> Check:
    """Users with so many events that they may be no people."""
    return Check(
        "bots",
        State.WARNING if share > _BOT_EVENTS else State.OK,
        f"{users:,} users beyond the quantile {quantile:g} ({limit:,.0f} events) have "
        f"{share:.1%} of all events",
    )


def kinds_check(kinds: Mapping[str, int], metrics: Sequence[Metric]) -> Check:
    """Kinds of events that no metric counts, and nobody knows."""
    unknown = {kind: n for kind, n in kinds.items() if kind not in (*KINDS, *kinds_of(metrics))}
    if not unknown:
        return Check("kinds of events", State.OK, f"{len(kinds)} kinds, all of them known")
    listed = ", ".join(f"{kind} ({n:,})" for kind, n in list(unknown.items())[:5])
    return Check("kinds of events", State.WARNING, f"unknown kinds count for nothing: {listed}")


def past_check(periods: pd.DataFrame, metrics: Sequence[Metric], arms: Sequence[str]) -> Check:
    """A/A on past data: were the arms alike before the experiment?

    Args:
        periods: as `period_table` returns.
        metrics: of the experiment.
        arms: the control first.
    """
    past = periods[periods[PERIOD] == BEFORE]
    p_values: dict[str, float] = {}
    for number, metric in enumerate(metrics):
        if metric.numerator in OF_USERS or metric.cap is not None:
            continue
        own = {arm: moments(past[past[ARM] == arm], number) for arm in arms}
        for arm in arms[1:]:
            p = float(ratio_difference(own[arms[0]], own[arm]).p_value)
            if np.isfinite(p):
                p_values[f"{metric.name} of {arm}"] = p
    if not p_values:
        return Check("A/A on past data", State.OK, "no events from before the exposure")
    fixed = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    least = min(fixed, key=lambda name: fixed[name])
    return Check(
        "A/A on past data",
        State.BROKEN if fixed[least] < MISMATCH else State.OK,
        f"before the exposure the arms differ most in {least}: p {fixed[least]:.2g} of "
        f"{len(fixed)} comparisons (alarm below {MISMATCH:g})",
    )


def novelty_check(periods: pd.DataFrame, metric: Metric, arms: Sequence[str]) -> Check:
    """Does the difference in the primary metric fade, or grow, from the first half to the second?

    Users are in both halves, so the variance of the change is overstated, and the check cautious.

    Args:
        periods: as `period_table` returns, the metric being its first.
        metric: the primary one.
        arms: the control first.
    """
    worst: tuple[float, str] | None = None
    for arm in arms[1:]:
        first, second = (
            ratio_difference(
                *(
                    moments(periods[(periods[PERIOD] == half) & (periods[ARM] == one)], 0)
                    for one in (arms[0], arm)
                )
            )
            for half in (FIRST_HALF, SECOND_HALF)
        )
        change = float(second.difference - first.difference)
        error = float(np.sqrt(first.variance + second.variance))
        if not (np.isfinite(change) and error > 0):
            continue
        p = 2 * float(stats.norm.sf(abs(change) / error))
        text = (
            f"{metric.name} of {arm}: {float(first.relative):+.1%} in the first half of the days, "
            f"{float(second.relative):+.1%} in the second (p of the change {p:.2g})"
        )
        worst = min(worst or (2.0, ""), (p, text))
    if worst is None:
        return Check("novelty", State.OK, "too short to be split into two halves")
    return Check("novelty", State.WARNING if worst[0] < _NOVELTY else State.OK, worst[1])


def _tolerated(wrong: float, total: float) -> tuple[float, State]:
    """The share of users or events that is wrong, and what that means."""
    share = wrong / max(total, 1)
    if share > _TOLERATED:
        return share, State.BROKEN
    return share, State.WARNING if wrong else State.OK


def _weights(weights: Sequence[float]) -> str:
    return " : ".join(f"{weight:g}" for weight in weights)
