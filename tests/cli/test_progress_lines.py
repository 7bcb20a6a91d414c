"""Stages of the library as lines on standard error."""

from __future__ import annotations

import pytest

from graphrec.cli.report import Report
from graphrec.progress import stage


def test_a_line_per_finished_stage(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(quiet=False)
    with report.listening():
        with stage("read") as counts:
            counts.update({"rows": 18000, "set aside": 35})
        with stage("fit"), stage("item pairs"):
            pass
        with stage("fit"):
            pass
    with stage("unheard"):
        pass
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["read", "item pairs", "fit", "fit"]
    assert "18,000 rows, 35 set aside  " in lines[0]
    assert all(line.endswith("0.0 s") for line in lines)
    assert len({len(line) for line in lines}) == 1
    assert list(report.seconds) == ["read", "item pairs", "fit"]


def test_quiet_still_takes_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(quiet=True)
    with report.listening(), stage("read"):
        pass
    report.line("done")
    assert capsys.readouterr() == ("", "")
    assert report.seconds["read"] >= 0


def test_data_is_never_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Report(quiet=False).line("[red]text[/red] :smile:")
    assert capsys.readouterr().err == "[red]text[/red] :smile:\n"
