"""Ship, don't, or go on: by what may be looked at, and never where the experiment is broken."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from graphrec.experiments.analysis import Design
from graphrec.experiments.checks import Check, State
from graphrec.experiments.metrics import parse_metrics
from graphrec.experiments.verdict import Decision, Horizon, verdict_of
from tests.experiments.summed import METRIC_NAMES, experiment

METRICS = parse_metrics(METRIC_NAMES)
OPEN = Horizon(days=14, planned=None, needed=40.2, effect=0.02)


def test_a_better_arm_is_shipped() -> None:
    found = experiment({"old": 1.0, "new": 1.2, "newer": 1.4})
    assert found.verdict.decision == Decision.SHIP
    assert found.verdict.arm == "newer"
    assert "a test that may be read on any day" in found.verdict.sentence


def test_a_fixed_test_counts_at_its_planned_end_only() -> None:
    """A difference that one look proves, and a hundred looks would not."""
    found = experiment({"old": 1.0, "new": 1.1})
    [one] = [one for one in found.final if one.metric == "ctr"]
    one = replace(one, low=0.001, always_low=-0.001)
    final = [one, *found.final[1:]]

    def decided(planned: int | None) -> Decision:
        return verdict_of(final, METRICS, [], replace(OPEN, planned=planned)).decision

    assert decided(14) == Decision.SHIP
    assert decided(15) == decided(None) == Decision.CONTINUE


def test_nothing_proven_goes_on_until_it_would_be() -> None:
    final = [
        replace(one, low=-0.1, high=0.1, always_low=-0.2, always_high=0.2)
        for one in experiment().final
    ]
    for planned, days in ((None, "until day 41 (27 more)"), (21, "until day 21 (7 more)")):
        found = verdict_of(final, METRICS, [], replace(OPEN, planned=planned))
        assert found.decision == Decision.CONTINUE
        assert days in found.sentence
    over = replace(OPEN, planned=14, needed=13.5)
    assert verdict_of(final, METRICS, [], over).decision == Decision.STOP
    never = verdict_of(final, METRICS, [], replace(OPEN, needed=math.inf))
    assert "too few events" in never.sentence


def test_a_better_arm_that_costs_something_else_is_not_shipped() -> None:
    found = experiment({"old": 1.0, "new": 1.3})
    worse = [
        replace(one, low=-3.0, high=-1.0, p_value=0.001) if one.metric == "arpu" else one
        for one in found.final
    ]
    verdict = verdict_of(worse, METRICS, [], OPEN)
    assert verdict.decision == Decision.STOP
    assert "but arpu got worse" in verdict.sentence
    less = [METRICS[0], replace(METRICS[1], less_is_better=True), METRICS[2]]
    assert verdict_of(worse, less, [], OPEN).decision == Decision.SHIP


def test_worse_is_not_shipped_unless_less_is_better() -> None:
    lifts = {"old": 1.3, "new": 1.0}
    assert experiment(lifts).verdict.sentence.startswith("Don't ship: ctr got worse")
    turned = Design(metrics=parse_metrics("-ctr,arpu,return-rate"))
    assert experiment(lifts, design=turned).verdict.decision == Decision.SHIP


@pytest.mark.parametrize("state", list(State))
def test_only_a_broken_experiment_has_no_verdict(state: State) -> None:
    found = experiment({"old": 1.0, "new": 1.4}, checks=[Check("sample ratio", state, "p 0")])
    broken = state == State.BROKEN
    assert found.verdict.decision == (Decision.NONE if broken else Decision.SHIP)
    assert ("sample ratio" in found.verdict.sentence) == broken
