"""Stages of work, told to whoever listens."""

from __future__ import annotations

import pytest

from graphrec.progress import listen, stage


def test_begin_counts_and_end_are_told_in_this_order() -> None:
    told: list[tuple[object, ...]] = []
    with (
        listen(lambda *event: told.append(event), counts=lambda *event: told.append(event)),
        stage("read") as counts,
    ):
        counts["rows"] = 3
    name, seconds = told.pop()
    assert name == "read"
    assert isinstance(seconds, float)
    assert seconds >= 0
    assert told == [("read", None), ("read", {"rows": 3})]


def test_all_listeners_hear_and_only_while_they_listen() -> None:
    one: list[str] = []
    two: list[str] = []
    with listen(lambda name, _: one.append(name)):
        with listen(lambda name, _: two.append(name)), stage("a"):
            pass
        with stage("b"):
            pass
    with stage("c"):
        pass
    assert one == ["a", "a", "b", "b"]
    assert two == ["a", "a"]


def test_a_failed_stage_does_not_end() -> None:
    told: list[tuple[str, float | None]] = []

    def fail() -> None:
        with listen(lambda *event: told.append(event)), stage("read"):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert told == [("read", None)]
