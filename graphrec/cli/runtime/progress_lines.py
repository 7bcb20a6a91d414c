"""The progress of a run on standard error: a line per finished stage, and what is going on.

A terminal has a live line with the time that has passed. Elsewhere, as in a log, nothing is silent
for long either: a line says what is at work after ten seconds without one, and every half minute
from then on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.status import Status
from rich.text import Text

from graphrec.progress import Event, listen

_NAME_WIDTH: Final = 24
_COUNTS_WIDTH: Final = 44
_INDENT: Final = "  "
_BETWEEN_STAGES: Final = Event("at work between two steps")
_AFTER_STAGES: Final = Event("reading what is shown of the result")
_FIRST_HEARTBEAT: Final = 10.0  # seconds without a line, after which one says what is going on
_NEXT_HEARTBEAT: Final = 30.0


@dataclass(frozen=True)
class _AtWork:
    """A stage that has begun, as the live line shows it whenever it is drawn."""

    event: Event
    begun: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        named = (
            f"{self.event.step_text}: {self.event.path}"
            if self.event.step_text
            else self.event.path
        )
        return f"{named}, {_passed(time.monotonic() - self.begun)}"

    def __rich__(self) -> Text:
        return Text(str(self))


class Report:
    """Prints stages as they end, and keeps their seconds.

    Attributes:
        seconds: by stage, in the order in which they ended; a part of a stage has its name behind
            that of the whole, `self-training / ease`.
    """

    def __init__(
        self,
        *,
        quiet: bool,
        first_heartbeat: float = _FIRST_HEARTBEAT,
        next_heartbeat: float = _NEXT_HEARTBEAT,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._running: list[_AtWork] = []  # a stage may have stages in it
        self._between = _AtWork(_BETWEEN_STAGES)  # what there is to show where no stage runs
        self._over = False
        self._status = Status("", console=self._console)
        self._last_line = time.monotonic()  # when the last line was printed
        self._heartbeats = (first_heartbeat, next_heartbeat)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Print the stages that begin and end in the block."""
        with listen(self._on_event), self._heartbeat():
            self._show_running()
            try:
                yield
            finally:
                self.end()

    def end(self) -> None:
        """Show what is running no longer: the work is done, and others write to the terminal."""
        self._over, self._between = True, _AtWork(_AFTER_STAGES)
        self._status.stop()

    def line(self, text: str = "", style: str = "") -> None:
        """Print a line; only a terminal breaks it, so that a path in it can be copied whole."""
        self._console.print(Text(text, style), soft_wrap=True)
        self._last_line = time.monotonic()

    def _on_event(self, event: Event) -> None:
        if event.seconds is None:
            self._running.append(_AtWork(event))
            if event.purpose:
                self.line(f"{_INDENT * len(event.within)}{event.name}: {event.purpose}")
        else:
            self._print_end(event)
            if not self._running:
                self._between = _AtWork(_BETWEEN_STAGES)
        self._show_running()

    def _print_end(self, event: Event) -> None:
        assert event.seconds is not None  # it is the end of a stage
        self.seconds[event.path] = self.seconds.get(event.path, 0.0) + event.seconds
        ended = [work for work in self._running if work.event.path == event.path]
        self._running.remove(ended[-1])
        name = _INDENT * len(event.within) + event.name
        line = f"{name:<{_NAME_WIDTH}}{event.counted:<{_COUNTS_WIDTH}}{event.seconds:>8.1f} s"
        step = "" if event.within else event.step_text
        self.line(f"{line}   {step}" if step else line)

    def _show_running(self) -> None:
        """The spinner, for people at a terminal."""
        if self._console.is_terminal and not self._over:
            self._status.update(self._at_work())
            self._status.start()

    # --- signs of life where there is no terminal -------------------------------------------------

    @contextmanager
    def _heartbeat(self) -> Iterator[None]:
        """Say what is going on now and then, from a thread, while the block lasts."""
        if self._console.is_terminal or self._console.quiet:
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self._print_heartbeats, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _print_heartbeats(self, over: threading.Event) -> None:
        first, following = self._heartbeats
        wait, seen = first, self._last_line
        while not over.wait(max(0.0, self._last_line + wait - time.monotonic())):
            if seen != self._last_line:  # a line came in between
                wait, seen = first, self._last_line
            if time.monotonic() >= self._last_line + wait:
                self.line(f"... {self._at_work()}")
                wait, seen = following, self._last_line

    def _at_work(self) -> _AtWork:
        return self._running[-1] if self._running else self._between


def _passed(seconds: float) -> str:
    """`48 s`, `3 min 05 s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
