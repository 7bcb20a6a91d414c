"""`graphrec doctor`: what the environment is like, and an exit code that says so."""

from __future__ import annotations

import pytest

from graphrec.cli import main
from graphrec.environment import check_environment


def test_a_line_per_check(capfd: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor"])
    told = capfd.readouterr()
    checks = list(check_environment())
    for check in checks:
        assert f"{'ok' if check.ok else '!!'}  {check.name:<18}" in told.out
        assert check.ok or str(check.fix) in told.out
    failed = [check.name for check in checks if not check.ok]
    assert code == (1 if failed else 0)
    assert told.err == (f"graphrec: not as it should be: {', '.join(failed)}\n" if failed else "")


def test_no_java_is_said_with_how_to_get_it(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert main(["doctor"]) == 1
    told = capfd.readouterr()
    assert "!!  Java" in told.out
    assert "install Java 17 or newer" in told.out
    assert "Java" in told.err
