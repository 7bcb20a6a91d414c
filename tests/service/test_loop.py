"""The whole loop: lists are served by arms, users click by planted taste, the events are analysed.

No address is asked, but what answers it: `tests/service/test_experiments.py` asks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from graphrec.experiments.analysis import Design, analyse
from graphrec.experiments.off_policy import off_policy
from graphrec.service.events import Event, EventStore, export_events, impressions
from graphrec.service.feedback import Earnings
from graphrec.service.recommending import Wanted, history_now, live
from graphrec.service.served import Current
from graphrec.service.settings import Settings
from tests.documents import ROOT
from tests.service.test_experiments import written

FILE = """
[list.arms.old]
diversity = 0.9
[list.arms.new]
diversity = 0.0

[slots.arms.fixed]
explore = 0.0
[slots.arms.curious]
explore = 0.5
"""
SLOTS = 4
LIKED, OTHER = 0.4, 0.1  # chances of a click


@dataclass
class Log:
    """One row for each explored slot: what the fixed arm would have shown there."""

    clicked: list[bool]
    propensity: list[float]
    is_ranked: list[float]
    truth: list[float]


@pytest.fixture(scope="module")
def chance() -> dict[tuple[str, str], float]:
    """Of a click, by user and film."""
    folder = ROOT / "sample_data" / "truth"
    taste = pd.read_csv(folder / "users.csv").set_index("userId").community
    films = pd.read_csv(folder / "films.csv").set_index("movieId").community
    return {
        (user, film): LIKED if kind == own else OTHER
        for user, own in taste.items()
        for film, kind in films.items()
    }


def simulated(current: Current, store: EventStore, chance: dict[Any, float]) -> Log:
    """Every second user asks for a list, and clicks."""
    random, earnings = np.random.default_rng(2), Earnings(current.exploration.policy)
    log = Log([], [], [], [])
    for user in list(current.served.scorer.model.users)[::2]:
        treatment = current.experiments.treatment(user)
        served = current.of(treatment)
        wanted = Wanted(k=SLOTS).under(treatment.settings, current.exploration)
        history = history_now(served, store, user)
        rows = [{"propensity": 1.0} | row for row in live(served, history, wanted, earnings)]
        clicked = [random.random() < chance[user, row["item"]] for row in rows]
        events = list(impressions(user, treatment.arms, rows))
        for row, one in zip(rows, clicked, strict=True):
            events += [Event(user, row["item"], events[0].time + 1, "click")] if one else []
        store.add(events).result()
        if treatment.arms == {"list": "new", "slots": "curious"}:
            ranking = [one.item for one in served.scorer.recommend(history, 50, diversity=0.0)]
            for row, one in zip(rows, clicked, strict=True):
                log.clicked.append(one)
                log.propensity.append(row["propensity"])
                log.is_ranked.append(float(row["item"] == ranking[0]))
                log.truth.append(chance[user, ranking[0]])
                ranking.remove(row["item"])
    return log


def test_the_better_arm_is_found_and_the_log_judges_another_policy(
    saved: Path, tmp_path: Path, chance: dict[Any, float], spark: SparkSession
) -> None:
    settings = Settings(
        model=str(saved), events=str(tmp_path / "e.db"), experiments=written(tmp_path, FILE)
    )
    store, current = EventStore(settings.events), Current(settings)
    log = simulated(current, store, chance)
    store.close()
    columns = current.served.scorer.model.description["columns"]
    export_events(settings.events, tmp_path, columns, whole_ids={"user": False, "item": False})
    path = f"{tmp_path}/events.parquet"
    design = Design(experiments=("list", "slots"), control="old / fixed", days=1)
    found = analyse(spark.read.parquet(path), design)
    table = pd.read_parquet(path)
    clicks = table[table.kind == "click"].groupby("user").size()
    shown = table[table.kind == "impression"].drop_duplicates("id")
    arm = table.groupby(["user", "experiment"]).arm.first().unstack()
    by_arm = arm["list"] + " / " + arm["slots"]
    for one in found.final:
        users = by_arm.index[by_arm == one.arm]
        expected = clicks.reindex(users).sum() / shown.user.isin(users).sum()
        assert one.value == pytest.approx(expected), one.arm
    assert found.verdict.arm in ("new / fixed", "new / curious")
    [better] = [one for one in found.effects if one.name == "list: new"]
    assert better.p_value < 0.001
    judged = off_policy(log.clicked, log.propensity, log.is_ranked)
    for estimate in judged.estimates.values():
        assert estimate.low < np.mean(log.truth) < estimate.high
    assert judged.warnings == []
