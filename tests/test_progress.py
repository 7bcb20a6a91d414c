"""Stages of work, reported to listeners."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from graphrec.progress import Event, listen, planned, stage


def test_begin_counts_and_end_are_reported_in_this_order() -> None:
    events: list[Event] = []
    with listen(events.append), stage("read", "for a test") as counts:
        counts["rows"] = 3
    begin, end = events
    assert begin == Event("read", purpose="for a test")
    assert (end.name, end.counts) == ("read", {"rows": 3})
    assert end.seconds is not None
    assert end.seconds >= 0


def test_all_listeners_hear_and_only_while_they_listen() -> None:
    one: list[str] = []
    two: list[str] = []
    with listen(lambda event: one.append(event.name)):
        with listen(lambda event: two.append(event.name)), stage("a"):
            pass
        with stage("b"):
            pass
    with stage("c"):
        pass
    assert one == ["a", "a", "b", "b"]
    assert two == ["a", "a"]


def test_a_failed_stage_does_not_end_and_nothing_is_within_it() -> None:
    events: list[Event] = []

    def fail() -> None:
        with stage("read"):
            raise ValueError("no")

    with listen(events.append):
        with pytest.raises(ValueError, match="no"):
            fail()
        with stage("write"):
            pass
    assert [(event.path, event.seconds is None) for event in events] == [
        ("read", True),
        ("write", True),
        ("write", False),
    ]


def test_stages_know_their_step_and_parts_belong_to_that_of_the_whole() -> None:
    events: list[Event] = []
    with listen(events.append), planned(["read", "learn"]):
        with stage("read"):
            pass
        with stage("learn"), planned(["of", "another", "plan"]), stage("ease"):
            pass
    with listen(events.append), stage("unplanned"):
        pass
    assert [(event.path, event.step_text) for event in events if event.seconds is not None] == [
        ("read", "step 1 of 2"),
        ("learn / ease", "step 2 of 2"),
        ("learn", "step 2 of 2"),
        ("unplanned", ""),
    ]


def test_what_is_not_needed_leaves_the_plan() -> None:
    events: list[Event] = []
    with listen(events.append), planned(["read", "walk", "factors", "ease"]):
        for name in ("read", "factors", "ease"):
            with stage(name):
                pass
    steps = [event.step_text for event in events if event.seconds is not None]
    assert steps == ["step 1 of 4", "step 2 of 3", "step 3 of 3"]


@pytest.mark.parametrize("names", [["read", "ease"], ["read"], None])
def test_what_is_not_as_planned_claims_no_number_of_steps(names: list[str] | None) -> None:
    events: list[Event] = []
    with listen(events.append), planned(names):
        for name in ("read", "factors", "ease"):
            with stage(name):
                pass
    steps = [event.step_text for event in events if event.seconds is not None]
    assert steps[0] == ("step 1" if names is None else f"step 1 of {len(names)}")
    assert steps[1:] == ["step 2", "step 3"]


def test_a_plan_ends_with_its_block_even_if_it_fails() -> None:
    events: list[Event] = []
    with suppress(ValueError), planned(["read"]):
        raise ValueError
    with listen(events.append), stage("read"):
        pass
    assert {event.step_text for event in events} == {""}


def test_threads_count_their_own_steps() -> None:
    events: list[Event] = []

    def fit(name: str) -> None:
        with planned([name]), stage(name):
            pass

    with listen(events.append), stage("grid"), ThreadPoolExecutor(2) as pool:
        list(pool.map(fit, ["a", "b"]))
    fits = {(event.path, event.step_text) for event in events if event.name != "grid"}
    assert fits == {("a", "step 1 of 1"), ("b", "step 1 of 1")}


def test_as_text() -> None:
    assert str(Event("read")) == "read ..."
    assert str(Event("ease", ("again",), "to find more", 7, 11)) == (
        "step 7 of 11, again / ease: to find more"
    )
    assert str(Event("read", step=2, seconds=3.21, counts={"rows": 18000})) == (
        "step 2, read, 18,000 rows, 3.2 s"
    )
