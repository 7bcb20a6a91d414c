"""An experiment from sums alone, without Spark: for verdicts and pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graphrec.experiments.analysis import Analysis, Design, tested
from graphrec.experiments.checks import Check, State
from graphrec.experiments.event_figures import EventFigures
from graphrec.experiments.metrics import parse_metrics
from graphrec.experiments.moments import Moments

METRIC_NAMES = "ctr,arpu,return-rate"
FIRST_DAY = 20_000


def sums(
    lifts: dict[str, float], *, days: int = 14, users: int = 120, segments: Sequence[str] = ("all",)
) -> pd.DataFrame:
    """(arm, segment, day, users, x_0 ...): users come on one day each, rates are lifted."""
    draw = np.random.default_rng(0)
    rows = []
    for arm, lift in lifts.items():
        for segment in segments:
            for day in range(FIRST_DAY, FIRST_DAY + days):
                seen = 1.0 + draw.poisson(9, users)
                clicks = draw.binomial(seen.astype(int), draw.beta(2, 8, users) * 0.9) * lift
                paid = draw.gamma(0.5, 20, users)
                back = draw.random(users) < 0.4
                row: dict[str, object] = {"arm": arm, "segment": segment, "day": day}
                made = (Moments.of(clicks, seen), Moments.of(paid), Moments.of(back))
                for number, one in enumerate(made):
                    row |= {f"{part}_{number}": float(value) for part, value in vars(one).items()}
                rows.append(row | {"users": float(users)})
    return pd.DataFrame(rows)


def experiment(
    lifts: dict[str, float] | None = None,
    *,
    design: Design | None = None,
    checks: Sequence[Check] = (),
    names: Sequence[str] = (),
    segments: Sequence[str] = ("all",),
    users: int = 120,
) -> Analysis:
    """An analysis; the first arm is the control."""
    lifts = {"old": 1.0, "new": 1.15} if lifts is None else lifts
    table = sums(lifts, segments=segments, users=users)
    counted = table.groupby("arm").users.sum().astype(int).to_dict()
    return tested(
        table,
        list(lifts),
        {str(arm): n for arm, n in counted.items()},
        names,
        list(checks) or [Check("sample ratio", State.OK, "users equal; p 1")],
        EventFigures(1234, {}, {"click": 1234}, {}),
        design or Design(metrics=parse_metrics(METRIC_NAMES)),
    )
