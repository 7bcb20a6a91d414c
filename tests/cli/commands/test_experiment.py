"""`graphrec experiment` and `graphrec experiment plan`, from files to a verdict on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from graphrec.cli.commands.experiment import Options, design_of
from graphrec.errors import ParameterError
from tests.cli.conftest import Graphrec
from tests.experiments.planted import planted_events
from tests.reports.reading import Page


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with names of its own, a bad row and an unknown kind."""
    table = planted_events(users=160, lift=1.8)
    table = table.rename(columns={"user_id": "visitor", "kind": "what", "arm": "variant"})
    bad = pd.DataFrame(
        [("u1", 1.7e9, "purchase", -1.0, None, None), ("u1", 1.7e9, "scroll", None, None, None)],
        columns=table.columns,
    )
    path = tmp_path_factory.mktemp("events") / "events.csv"
    pd.concat([table, bad]).to_csv(path, index=False)
    return path


def test_an_experiment_becomes_a_verdict(graphrec: Graphrec, events: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = graphrec(
        *("experiment", events, "--out", out, "--columns", "kind=what", "--control", "old"),
        *("--metrics", "ctr,return-rate", "--days", "3", "--correction", "bonferroni"),
        *("--format", "csv"),
    )
    assert done.code == 0, done.err
    assert "Ship new: ctr +" in done.err
    assert "by the planned test" in done.err
    assert "1 row rejected: value is negative" in done.err
    assert "warning: kinds of events: unknown kinds count for nothing: scroll (1)" in done.err
    assert "click-through rate" in done.out
    table = pd.read_parquet(out)
    assert list(table.metric) == ["ctr", "return-rate"]
    [record] = [json.loads((out / "_run.json").read_text())]
    assert record["output"]["decision"] == "ship"
    assert record["input"]["rejected"] == {"value is negative": 1}
    assert record["output"]["users"] == {
        "old": table.control_users[0],
        "new": table.users[0],
    }
    rejected = pd.read_parquet(out / "_rejected")
    assert list(zip(rejected.what, rejected.value, rejected.reason, strict=True)) == [
        ("purchase", "-1.0", "value is negative")
    ]
    days = pd.read_parquet(out / "_days")
    assert len(days) == 2 * days.day.nunique()
    assert len(pd.read_parquet(out / "_checks")) == 8
    csv = pd.concat(pd.read_csv(file) for file in (out / "_csv").glob("*.csv"))
    assert len(csv) == 2
    page = Page((out / "_report.html").read_text())
    assert record["output"]["sentence"] in page.texts


def test_a_plan_says_how_long(graphrec: Graphrec, events: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    done = graphrec(
        *("experiment", "plan", events, "--out", out, "--columns", "kind=what"),
        *("--metric", "ctr", "--effect", "0.9"),
    )
    assert done.code == 0, done.err
    table = pd.read_parquet(out)
    assert list(table.columns) == ["days", "users", "value", "detectable"]
    enough = table[table.detectable <= 0.9].iloc[0]
    assert f"is found in {enough.days:.0f} days ({enough.users:.0f} users)" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to compare; give a file of events"),
        (["e.csv", "--metrics", "x"], "no such metric; found 'x'"),
        (["e.csv", "--effect", "2"], "--effect must lie between 0 and 1; found 2.0"),
        (["e.csv", "--shares", "a=x"], "--shares needs numbers; found a=x"),
        (["e.csv", "--columns", "who=x"], "no column of events; found who"),
        (["e.csv", "--columns", "user"], "--columns is a list of name=value"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    graphrec: Graphrec, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = graphrec("experiment", *arguments, "--out", tmp_path / "out")
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_options_become_a_design() -> None:
    given = Options(out="x", experiment="list, sort", shares="a=1,b=3", bots=0.99)
    design = design_of(given)
    assert design.experiments == ["list", "sort"]
    assert design.weights == {"a": 1.0, "b": 3.0}
    assert design.bots == 0.99
    with pytest.raises(ParameterError, match="names a twice"):
        design_of(Options(out="x", shares="a=1,a=3"))
