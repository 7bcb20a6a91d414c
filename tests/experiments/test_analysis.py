"""From events to a verdict: against pandas, and on what is planted or wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from graphrec.errors import ColumnError, EmptyInputError, InputError
from graphrec.experiments.analysis import Analysis, Design, analyse, plan_from
from graphrec.experiments.checks import State
from graphrec.experiments.metrics import METRICS, parse_metrics
from graphrec.experiments.verdict import Decision
from tests.experiments.planted import DAY, START, planted_events

METRIC_NAMES = "ctr,arpu,winsorised-arpu,return-rate,-quits=quit/user"
DESIGN = Design(metrics=parse_metrics(METRIC_NAMES), control="old", days=6)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return planted_events(users=240)


@pytest.fixture(scope="module")
def found(spark: SparkSession, table: pd.DataFrame) -> Analysis:
    return analyse(spark.createDataFrame(table), DESIGN)


def by_user(table: pd.DataFrame, until: float = np.inf) -> pd.DataFrame:
    """(arm, ctr, arpu ...) of each user from the first impression with an arm, by pandas."""
    shown = table[(table.kind == "impression") & table.arm.notna()]
    first = shown.groupby("user_id").agg(exposed=("time", "min"), arm=("arm", "first"))
    rows = table.drop(columns="arm").join(first, on="user_id", how="inner")
    rows = rows[(rows.time >= rows.exposed) & (rows.time < until)]
    paid = rows.value.where(rows.kind == "purchase", 0.0)
    rows = rows.assign(
        paid=paid,
        later=rows.time // DAY > rows.exposed // DAY,
        **{kind: rows.kind == kind for kind in ("click", "impression")},
    )
    sums = rows.groupby(["user_id", "arm"]).agg(
        {"paid": "sum", "later": "max", "click": "sum", "impression": "sum"}
    )
    return sums.astype(float).reset_index()


def test_every_figure_is_that_of_pandas(found: Analysis, table: pd.DataFrame) -> None:
    users = by_user(table)
    assert found.users == users.groupby("arm").size()[["old", "new"]].to_dict()
    by_metric = {one.metric: one for one in found.final}
    old, new = (users[users.arm == arm] for arm in ("old", "new"))
    cap = np.quantile(users.paid[users.paid > 0], 0.99, method="inverted_cdf")
    for name, above, below in (
        ("ctr", "click", "impression"),
        ("arpu", "paid", None),
        ("winsorised-arpu", "paid", None),
        ("return-rate", "later", None),
    ):
        one, ratios, variances = by_metric[name], [], []
        for arm in (old, new):
            x = arm[above].clip(upper=cap) if name.startswith("wins") else arm[above]
            y = arm[below] if below else pd.Series(1.0, arm.index)
            r = x.sum() / y.sum()
            ratios.append(r)
            variances.append((x - r * y).var() / y.mean() ** 2 / len(arm))
        assert (one.control_value, one.value) == pytest.approx(tuple(ratios)), name
        plain = one.variance / (1 - one.cuped_gain)
        assert plain == pytest.approx(sum(variances)), name
        assert (0.02 if name == "ctr" else 0) <= one.cuped_gain < 0.9
    assert np.isnan(by_metric["quits"].p_value)


def test_a_day_is_what_there_was_until_then(found: Analysis, table: pd.DataFrame) -> None:
    users = by_user(table, until=START + 3 * DAY)
    old = users[users.arm == "old"]
    [third] = [one for one in found.days if one.metric == "ctr" and one.day == START / DAY + 2]
    assert third.control_users == len(old)
    assert third.control_value == pytest.approx(old.click.sum() / old.impression.sum())
    last = [one for one in found.days if one.day == START / DAY + 5]
    assert [one.value for one in last] == [one.value for one in found.final]


def test_the_planted_arm_is_found(found: Analysis) -> None:
    assert found.verdict.decision == Decision.SHIP
    assert found.verdict.arm == "new"
    assert {check.state for check in found.checks} == {State.OK}
    assert found.horizon.days == 6
    assert found.days[0].always_low < found.days[0].low


def mismatched(table: pd.DataFrame) -> pd.DataFrame:
    """Every second user of one arm is lost."""
    lost = table.user_id.str[1:].astype(int) % 2 == 0
    arm = table.groupby("user_id").arm.transform("last")
    return table[~(lost & (arm == "new"))]


def switched(table: pd.DataFrame) -> pd.DataFrame:
    again = table[(table.kind == "impression") & table.arm.notna()].groupby("user_id").head(1)
    again = again.head(10).assign(arm=lambda rows: rows.arm.map({"old": "new", "new": "old"}))
    return pd.concat([table, again.assign(time=again.time + 9000)])


def early(table: pd.DataFrame) -> pd.DataFrame:
    tagged = table[(table.kind == "click") & table.arm.notna()].head(200)
    return pd.concat([table, tagged.assign(time=START - 5 * DAY)])


def overclicked(table: pd.DataFrame) -> pd.DataFrame:
    shown = (table.kind == "impression") & table.user_id.isin([f"u{n}" for n in range(60)])
    first = table.groupby(["user_id", "kind", "arm"], dropna=False).cumcount() == 0
    return pd.concat([table[~shown | first], *[table[table.kind == "click"]] * 2])


def with_bad_rows(table: pd.DataFrame) -> pd.DataFrame:
    bad = [
        ("u1", START + 9, "purchase", -5.0, "list", "new"),
        ("u1", START + 9, "scroll", None, "list", "new"),
        (None, START + 9, "click", None, "list", "new"),
        ("u1", None, "click", None, "list", "new"),
    ]
    return pd.concat([table, pd.DataFrame(bad, columns=table.columns)])


def test_a_broken_experiment_says_why_and_has_no_verdict(
    spark: SparkSession, table: pd.DataFrame
) -> None:
    damaged = with_bad_rows(overclicked(early(switched(mismatched(table)))))
    design = replace(DESIGN, metrics=parse_metrics("ctr"))
    found = analyse(spark.createDataFrame(damaged), design)
    checks = {check.name: check for check in found.checks}
    for name, text in (
        ("sample ratio", "alarm below 0.001"),
        ("users in two arms", "10 of "),
        ("events before exposure", "events of the experiment precede"),
        ("clicks without impressions", "more clicks than impressions"),
    ):
        assert checks[name].state == State.BROKEN, name
        assert text in checks[name].text
        assert name in found.verdict.sentence
    assert found.verdict.decision == Decision.NONE
    assert checks["kinds of events"].text == "unknown kinds count for nothing: scroll (1)"
    assert found.figures.rejected == {
        "time is missing or cannot be read": 1,
        "user id is missing": 1,
        "value is negative": 1,
    }


def test_crossed_experiments_from_assignments_and_segments(
    spark: SparkSession, table: pd.DataFrame
) -> None:
    users = table.groupby("user_id").arm.last().reset_index()
    users["sort"] = np.where(users.index % 2, "plain", "mixed")
    land = np.where(users.index % 3, "DK", "SE")
    given = pd.concat(
        pd.DataFrame(
            {
                "user": users.user_id,
                "experiment": name,
                "arm": users[own],
                "time": START,
                "land": land,
            }
        )
        for name, own in (("list", "arm"), ("sort", "sort"))
    )
    design = replace(
        DESIGN,
        metrics=parse_metrics("ctr"),
        experiments=("list", "sort"),
        control="old / plain",
        weights=None,
    )
    events = table.drop(columns=["experiment", "arm"])
    found = analyse(
        spark.createDataFrame(events),
        design,
        assignments=spark.createDataFrame(given),
        segment="land",
    )
    assert found.arms[0] == "old / plain"
    assert len(found.arms) == 4
    assert [one.name for one in found.effects] == [
        "list: new",
        "sort: mixed",
        "list: new x sort: mixed",
    ]
    assert [one.p_value < 0.05 for one in found.effects] == [True, False, False]
    assert {(one.segment, one.arm) for one in found.segments} == {
        (land, arm) for land in ("DK", "SE") for arm in found.arms[1:]
    }
    assert sum(found.users.values()) == 240


def test_what_is_no_experiment_is_one_error(spark: SparkSession) -> None:
    names = "user time kind experiment arm value"

    def run(*arms: str, design: Design = DESIGN, columns: str = names, value: float = 1.0) -> None:
        rows = [(f"u{n}", START, "impression", "list", arm, value) for n, arm in enumerate(arms)]
        analyse(spark.createDataFrame(rows, columns.split()), design)

    with pytest.raises(InputError, match="at least two arms; found new"):
        run("new", "new")
    with pytest.raises(EmptyInputError, match="nobody is in the experiment"):
        run(" ", " ")
    with pytest.raises(InputError, match="no experiment 'other'; found list"):
        run("new", "old", design=replace(DESIGN, experiments=("other",)))
    with pytest.raises(InputError, match="no arm 'none'; found new, old"):
        run("new", "old", design=replace(DESIGN, control="none"))
    with pytest.raises(ColumnError, match="for the kind of an event"):
        run("new", columns="user time x experiment arm value")
    with pytest.raises(EmptyInputError, match="no row is an event; found 1 rows: value"):
        run("new", value=-1.0)


def test_a_plan_is_made_of_past_events(spark: SparkSession, table: pd.DataFrame) -> None:
    plans = plan_from(spark.createDataFrame(table), METRICS["ctr"])
    assert [one.days for one in plans] == list(range(1, 9))
    assert plans[-1].users == 240
    users = table.groupby("user_id").kind
    clicks, shown = (users.apply(lambda k, n=n: (k == n).sum()) for n in ("click", "impression"))
    assert plans[-1].value == pytest.approx(clicks.sum() / shown.sum())
    assert plans[-1].detectable < plans[0].detectable
