"""`graphrec doctor`: what the environment is like, and whether it will do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from graphrec.cli import main
from graphrec.spark import environment
from graphrec.spark.jars import JAR_VARIABLE
from graphrec.spark.machine import GIBIBYTE


def test_what_is_not_needed_is_a_note(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine with Python, Java and Spark will do, even if it is a small one."""
    jar = tmp_path / "graphframes.jar"
    jar.touch()
    monkeypatch.setenv(JAR_VARIABLE, str(jar))  # so that no check uses the network
    monkeypatch.setattr(environment, "memory_bytes", lambda: GIBIBYTE)
    assert main(["doctor"]) == 0
    printed = capfd.readouterr()
    lines = printed.out.splitlines()
    assert re.fullmatch(rf"ok  Python +3\.\d+\.\d+ at {re.escape(sys.executable)}", lines[0])
    assert [line[4:].split("  ")[0] for line in lines if line.startswith("ok  ")][:6] == [
        *("Python", "Java", "Spark", "class archive", "pyarrow", "numba")
    ]
    place = lines.index("--  memory            1.0 GiB")
    assert lines[place + 1] == f"{'':<22}all but small data need 2 GiB or more"
    assert lines[-1] == "graphrec can be used here"
    assert printed.err == ""


def test_no_java_is_said_with_how_to_get_it(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert main(["doctor"]) == 1
    printed = capfd.readouterr()
    assert "!!  Java" in printed.out
    assert "install Java 17 or newer" in printed.out
    assert printed.err == "graphrec: cannot be used here: Java\n"
