"""Events of an experiment with planted differences, as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphrec.experiments.assignment import assign

DAY = 86_400.0
START = 20_000 * DAY


def planted_events(
    users: int = 400, lift: float = 1.5, days: int = 6, seed: int = 0, experiment: str = "list"
) -> pd.DataFrame:
    """Impressions, clicks, purchases and sessions; arm `new` is clicked `lift` times as often.

    Each user has events of two days before the exposure, without an arm.
    """
    draw = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for number in range(users):
        user = f"u{number}"
        arm = assign(user, experiment, ["new", "old"])
        taste = draw.beta(2, 8)
        for day in (-2, -1, *sorted(draw.choice(days, 1 + number % 3, replace=False))):
            at = START + day * DAY + 1000.0
            tag = (experiment, arm) if day >= 0 else (None, None)
            rate = min(taste * (lift if arm == "new" and day >= 0 else 1.0), 0.95)
            rows.append((user, at, "session", float(60 + draw.poisson(60)), *tag))
            for shown in range(1 + draw.poisson(4)):
                rows.append((user, at + shown, "impression", None, *tag))
                if draw.random() < rate:
                    rows.append((user, at + shown + 0.5, "click", None, *tag))
                    if draw.random() < 0.3:
                        price = float(np.round(draw.lognormal(2, 1), 2))
                        rows.append((user, at + shown + 0.7, "purchase", price, *tag))
    table = pd.DataFrame(rows, columns=["user_id", "time", "kind", "value", "experiment", "arm"])
    # The first impression is the exposure, so the session of that day begins with it.
    table.loc[table.kind == "session", "time"] += 0.6
    return table.sort_values(["user_id", "time"], ignore_index=True)
