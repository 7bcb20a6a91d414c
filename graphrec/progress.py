"""Progress of the library: stages begin and end, and listeners are called.

    with listen(print):
        HybridRecommender().fit(ratings)

prints each stage of the fit when it begins and when it ends, and which step of how many it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Final


@dataclass(frozen=True)
class Event:
    """The begin or the end of a stage; as text, one line.

    Attributes:
        name: what is done, in one or two words.
        within: the stages that it is part of, the outermost first.
        purpose: what it is for, where the name does not say so.
        step: 1 for the first of the planned stages; a part of a stage belongs to its step. None
            where nothing was planned.
        steps: how many there are; None where that is not known.
        seconds: that it took; None when it begins.
        counts: whole numbers by what they count, such as {"rows": 18000, "accepted": 17965}.
    """

    name: str
    within: tuple[str, ...] = ()
    purpose: str = ""
    step: int | None = None
    steps: int | None = None
    seconds: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The name behind those of the stages that it is a part of."""
        return " / ".join((*self.within, self.name))

    @property
    def step_text(self) -> str:
        """`step 3 of 8`, as far as it is known."""
        if self.step is None:
            return ""
        return f"step {self.step}" + (f" of {self.steps}" if self.steps else "")

    @property
    def counted(self) -> str:
        """The counts in words."""
        return ", ".join(f"{number:,} {what}" for what, number in self.counts.items())

    def __str__(self) -> str:
        if self.seconds is None:
            parts = [f"{self.path} ..." if not self.purpose else f"{self.path}: {self.purpose}"]
        else:
            parts = [self.path, *([self.counted] if self.counts else []), f"{self.seconds:.1f} s"]
        return ", ".join(([self.step_text] if self.step_text else []) + parts)


Callback = Callable[[Event], object]
_listeners: Final[list[Callback]] = []


@dataclass
class _Plan:
    """Stages that are to come, and how many of them have begun."""

    names: Sequence[str] | None
    begun: int = 0

    def begin(self, name: str) -> tuple[int, int | None]:
        """The step that a stage is, and of how many.

        Stages that were planned before it were not needed; a plan that it is not in is dropped.
        """
        to_come = [] if self.names is None else [*self.names[self.begun :]]
        if self.names is not None and name in to_come:
            self.names = [*self.names[: self.begun], *to_come[to_come.index(name) :]]
        else:
            self.names = None
        self.begun += 1
        return self.begun, None if self.names is None else len(self.names)


# Of the thread: models that are fitted side by side do not count one another's stages.
_plan: Final[ContextVar[_Plan | None]] = ContextVar("plan", default=None)
_running: Final[ContextVar[Event | None]] = ContextVar("running", default=None)


@contextmanager
def listen(callback: Callback) -> Iterator[None]:
    """Receive the stages of the library's work, of every thread, while the block lasts.

    Args:
        callback: called with an event when a stage begins and when it ends; a stage that fails
            does not end.
    """
    _listeners.append(callback)
    try:
        yield
    finally:
        _listeners.remove(callback)


@contextmanager
def planned(names: Sequence[str] | None) -> Iterator[None]:
    """Announce the stages of the block, so that their events number them as steps.

    Inside a stage, or a larger plan, it has no effect.

    Args:
        names: of the stages in their order; None where they depend on the data: events then have
            a step, but no number of steps.
    """
    if _plan.get() is not None or _running.get() is not None:
        yield
        return
    token = _plan.set(_Plan(names))
    try:
        yield
    finally:
        _plan.reset(token)


@contextmanager
def stage(name: str, purpose: str = "") -> Iterator[dict[str, int]]:
    """Report to the listeners that a stage of the work begins, and how long it took when it ends.

    Args:
        name: what is done, in one or two words.
        purpose: what it is for, where the name does not say so.

    Yields:
        a dictionary for what the stage counts; it may stay empty.
    """
    counts: dict[str, int] = {}
    event = _begun(name, purpose)
    token = _running.set(event)
    try:
        _notify(event)
        begun = time.perf_counter()
        yield counts
        seconds = time.perf_counter() - begun
    finally:
        _running.reset(token)
    _notify(replace(event, seconds=seconds, counts=counts))


def _begun(name: str, purpose: str) -> Event:
    around, plan = _running.get(), _plan.get()
    if around is not None:
        within = (*around.within, around.name)
        return Event(name, within, purpose, around.step, around.steps)
    step, steps = plan.begin(name) if plan else (None, None)
    return Event(name, (), purpose, step, steps)


def _notify(event: Event) -> None:
    for callback in tuple(_listeners):
        callback(event)
