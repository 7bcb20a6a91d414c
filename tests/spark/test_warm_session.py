"""A session that stays: when it is there, when it may be used, and who can read how to reach it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import graphrec
from graphrec.errors import ParameterError
from graphrec.spark import warm_session as module
from graphrec.spark.locks import take_lock
from graphrec.spark.warm_session import (
    SETTING,
    WarmSession,
    folder,
    is_switched_off,
    lock_file,
    made_by,
    now,
    recorded,
    running_session,
    start_warm_session,
    stop_warm_session,
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def session() -> Iterator[WarmSession]:
    """A session of this process, which nobody can connect to."""
    folder().mkdir(parents=True)
    held = take_lock(lock_file())
    assert held is not None
    session = WarmSession(os.getpid(), 1, "secret", "1g", 5, now(), made_by())
    with recorded(session):
        yield session
    os.close(held)


def test_it_is_found_as_long_as_its_process_lives(session: WarmSession) -> None:
    assert running_session() == session
    lock_file().unlink()  # as if nobody held it
    assert running_session() is None


def test_without_a_record_there_is_none(session: WarmSession) -> None:
    (folder() / "session.json").unlink()
    assert running_session() is None
    assert stop_warm_session() is None


@pytest.mark.usefixtures("session")
def test_nobody_else_can_read_its_token() -> None:
    (record,) = folder().glob("*.json")
    assert "secret" in record.read_text()
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


def test_a_second_one_is_refused(session: WarmSession) -> None:
    with pytest.raises(
        ParameterError, match=f"a session runs already; found process {session.pid}"
    ):
        start_warm_session(memory="1g", idle_minutes=1)


def test_it_is_used_by_the_same_packages_alone(
    session: WarmSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.obstacle is None
    other = replace(session, made_by="graphrec 0.0.1, Spark 4.1.0, /usr/bin/python3")
    assert other.obstacle == f"it is one of {other.made_by}, and this is {made_by()}"
    monkeypatch.setattr(graphrec, "__file__", str(tmp_path / "__init__.py"))
    source = tmp_path / "changed.py"
    source.touch()
    later = (now() + timedelta(seconds=5)).timestamp()
    os.utime(source, (later, later))
    assert session.obstacle == "graphrec's sources have changed since it started"


@pytest.mark.parametrize("value", ["off", "0", " No "])
def test_it_can_be_switched_off(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, value)
    assert is_switched_off()
    monkeypatch.delenv(SETTING)
    assert not is_switched_off()


def test_what_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SERVER", "graphrec.no_such_module")
    with pytest.raises(
        graphrec.errors.PlatformError, match=r"did not start; found .*no_such_module"
    ):
        start_warm_session(memory="1g", idle_minutes=1)
