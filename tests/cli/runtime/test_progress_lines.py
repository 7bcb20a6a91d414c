"""Stages of the library as lines on standard error."""

from __future__ import annotations

import re
import time

import pytest

from graphrec.cli.runtime.progress_lines import Report
from graphrec.progress import planned, stage


def test_a_line_per_finished_stage(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(quiet=False)
    with report.listening(), planned(["read", "fit", "fit"]):
        with stage("read") as counts:
            counts.update({"rows": 18000, "rejected": 35})
        with stage("fit", "to know more"), stage("item pairs"):
            pass
        with stage("fit"):
            pass
    with stage("unheard"):
        pass
    lines = capsys.readouterr().err.splitlines()
    assert [re.split(r"\b  ", line)[0] for line in lines] == [
        "read",
        "fit: to know more",
        "  item pairs",
        "fit",
        "fit",
    ]
    assert "18,000 rows, 35 rejected  " in lines[0]
    ends = [line for line in lines if "know" not in line]
    assert [line.partition("0.0 s")[2] for line in ends] == [
        "   step 1 of 3",
        "",
        "   step 2 of 3",
        "   step 3 of 3",
    ]
    assert len({line.index("0.0 s") for line in ends}) == 1
    assert list(report.seconds) == ["read", "fit / item pairs", "fit"]


def test_quiet_still_takes_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(quiet=True, first_heartbeat=0.01)
    with report.listening(), stage("read"):
        time.sleep(0.05)
    report.line("done")
    assert capsys.readouterr() == ("", "")
    assert report.seconds["read"] >= 0


def test_data_is_never_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Report(quiet=False).line("[red]text[/red] :smile:")
    assert capsys.readouterr().err == "[red]text[/red] :smile:\n"


def test_a_log_is_never_silent_for_long(capsys: pytest.CaptureFixture[str]) -> None:
    """What takes long is told while it runs; what is quick is told once."""
    report = Report(quiet=False, first_heartbeat=0.1, next_heartbeat=0.2)
    with report.listening(), planned(["quick", "slow"]):
        with stage("quick"):
            pass
        with stage("slow"), stage("part"):
            time.sleep(1.0)
        time.sleep(0.5)
    lines = capsys.readouterr().err.splitlines()
    slow = lines[1 : lines.index(next(line for line in lines if line.startswith("  part")))]
    assert 2 <= len(slow) <= 5  # after .1, .3, .5, .7 and .9 seconds, on an idle machine
    assert {re.sub(r"\d+ s", "N s", line) for line in slow} == {"... step 2 of 2: slow / part, N s"}
    assert re.fullmatch(r"\.\.\. at work between two steps, \d+ s", lines[-1])
    time.sleep(0.3)
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_the_time_that_passes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    monkeypatch.setenv("TERM", "xterm")
    report = Report(quiet=False, first_heartbeat=0.1)
    with report.listening():
        time.sleep(0.3)
        with planned(["ease"]), stage("ease"):
            time.sleep(1.3)
        report.end()
        shown = capsys.readouterr().err
        time.sleep(0.3)
        assert capsys.readouterr().err == ""  # others write to the terminal now
    assert "at work between two steps, 0 s" in shown
    assert {"step 1 of 1: ease, 0 s", "step 1 of 1: ease, 1 s"} <= set(
        re.findall(r"step 1 of 1: ease, \d+ s", shown)
    )
    assert "..." not in shown
