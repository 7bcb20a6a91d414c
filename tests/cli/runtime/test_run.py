"""Which session a verb uses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphrec.cli.options import RunOptions
from graphrec.cli.runtime import run as module
from graphrec.cli.runtime.progress_lines import Report
from graphrec.cli.runtime.run import usable_session
from graphrec.spark.warm_session import SETTING, WarmSession, made_by, now

WARM = WarmSession(1, 2, "secret", "1g", 5, now(), made_by())


@pytest.fixture(autouse=True)
def stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SETTING, "PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "is_defined_elsewhere", lambda: False)
    monkeypatch.setattr(module, "running_session", lambda: WARM)


def used(*, master: str | None = None) -> WarmSession | None:
    return usable_session(RunOptions(master=master), Report(quiet=False))


def test_the_one_that_stays_is_used() -> None:
    assert used() == WARM


def test_not_where_another_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert used(master="local[1]") is None
    monkeypatch.setattr(module, "is_defined_elsewhere", lambda: True)
    assert used() is None


def test_not_where_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "off")
    assert used() is None


def test_one_of_other_packages_is_left_aside_with_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "running_session", lambda: replace(WARM, made_by="graphrec 0.0.1"))
    assert used() is None
    assert "session` is not used: it is one of graphrec 0.0.1" in capsys.readouterr().err
