import shutil
from pathlib import Path

import pytest

from graphrec.errors import JavaError
from graphrec.spark.java import MIN_VERSION, require_java


def fake_java(folder: Path, answer: str) -> Path:
    """A `java` command that only says its version; the folder can serve as JAVA_HOME."""
    command = folder / "bin" / "java"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{answer}\nEND\n")
    command.chmod(0o755)
    return folder


def test_the_java_of_this_machine_is_found() -> None:
    java = require_java()
    assert java.version >= MIN_VERSION
    assert shutil.which(java.path) == java.path


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('openjdk version "25-ea" 2025-09-16', 25),
        ('Picked up JAVA_TOOL_OPTIONS: -Da="b"\njava version "17.0.1" 2021-10-19 LTS', 17),
    ],
)
def test_java_home_comes_first(
    answer: str, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, answer)))
    java = require_java()
    assert (java.version, Path(java.path)) == (version, tmp_path / "bin" / "java")
    assert java.build == answer.splitlines()[-1] + "\n"


@pytest.mark.parametrize(
    ("answer", "version"),
    [('openjdk version "11.0.22" 2024-01-16', 11), ('java version "1.8.0_402"', 8)],
)
def test_an_old_java_is_refused(
    answer: str, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, answer)))
    with pytest.raises(
        JavaError, match=f"needs {MIN_VERSION} or newer; found version {version} at"
    ):
        require_java()


def test_a_java_that_does_not_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = fake_java(tmp_path, "Unable to locate a Java Runtime.")  # macOS without Java
    monkeypatch.setenv("JAVA_HOME", str(stub))
    with pytest.raises(JavaError, match=r"does not run; found .*Unable to locate a Java Runtime"):
        require_java()


def test_a_java_home_without_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(JavaError, match=f"JAVA_HOME={tmp_path}; install Java"):
        require_java()


def test_no_java_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JavaError, match=r"not found.*apt-get install openjdk.*adoptium\.net"):
        require_java()
