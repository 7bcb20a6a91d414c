"""Checks of soundness that need no Spark."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from graphrec.experiments import checks
from graphrec.experiments.checks import State
from graphrec.experiments.metrics import METRICS
from graphrec.experiments.moments import Moments

CTR = METRICS["ctr"]


def periods(rates: dict[tuple[str, str], float]) -> pd.DataFrame:
    """(arm, period, users, x_0 ...) of 2,000 users each."""
    draw = np.random.default_rng(0)
    rows = []
    for (arm, period), rate in rates.items():
        seen = 1.0 + draw.poisson(9, 2000)
        made = Moments.of(draw.binomial(seen.astype(int), rate), seen)
        sums = {f"{name}_0": float(v) for name, v in vars(made).items() if name != "users"}
        rows.append({"arm": arm, "period": period, "users": 2000.0} | sums)
    return pd.DataFrame(rows)


def test_a_sample_ratio_is_held_against_what_was_planned() -> None:
    assert checks.ratio_check({"a": 600, "b": 400}, None).state == State.BROKEN
    planned = checks.ratio_check({"a": 600, "b": 400}, [0.6, 0.4])
    assert planned.state == State.OK
    assert "a 600, b 400; by chance with shares of 0.6 : 0.4 p 1" in planned.text


@pytest.mark.parametrize(("wrong", "state"), [(0, State.OK), (10, State.WARNING), (11, "broken")])
def test_a_hundredth_is_tolerated(wrong: int, state: str) -> None:
    assert checks.switching_check(wrong, 1000).state == state
    assert checks.early_check(wrong, 1000).state == state
    assert checks.clicks_check(wrong, 1000).state == state


def test_arms_that_differed_before_are_told() -> None:
    alike = periods({("a", "before"): 0.1, ("b", "before"): 0.1})
    assert checks.past_check(alike, [CTR], ["a", "b"]).state == State.OK
    unlike = periods({("a", "before"): 0.1, ("b", "before"): 0.13})
    found = checks.past_check(unlike, [CTR, METRICS["winsorised-arpu"]], ["a", "b"])
    assert found.state == State.BROKEN
    assert "ctr of b" in found.text
    nothing = checks.past_check(alike[alike.arm == "none"], [CTR], ["a", "b"])
    assert nothing.text == "no events from before the exposure"


def test_a_difference_that_fades_is_told() -> None:
    same = {("a", "first"): 0.1, ("a", "second"): 0.1}
    lasting = periods(same | {("b", "first"): 0.13, ("b", "second"): 0.13})
    fading = periods(same | {("b", "first"): 0.13, ("b", "second"): 0.1})
    assert checks.novelty_check(lasting, CTR, ["a", "b"]).state == State.OK
    found = checks.novelty_check(fading, CTR, ["a", "b"])
    assert found.state == State.WARNING
    assert "in the first half" in found.text
    first = fading[fading.period == "first"]
    assert checks.novelty_check(first, CTR, ["a", "b"]).state == State.OK


def test_few_users_with_many_events_are_told() -> None:
    assert checks.bots_check(0.999, 500, 4, 0.2).state == State.WARNING
    assert checks.bots_check(0.999, 50, 4, 0.01).state == State.OK


def test_kinds_that_a_metric_counts_are_known() -> None:
    assert checks.kinds_check({"scroll": 3}, [CTR]).state == State.WARNING
    counted = METRICS["ctr"].__class__("s", "scroll", "user")
    assert checks.kinds_check({"scroll": 3, "click": 1}, [counted]).state == State.OK
