"""The progress of a run on standard error: one line per finished stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.status import Status
from rich.text import Text

from graphrec.progress import listen

_NAME_WIDTH: Final = 14
_COUNTS_WIDTH: Final = 52


class Report:
    """Prints stages as they end, and keeps their seconds.

    Attributes:
        seconds: by stage, in the order in which they ended.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._counts: dict[str, str] = {}
        self._running: list[str] = []  # a stage may have stages in it
        self._status = Status("", console=self._console)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Print the stages that begin and end in the block."""
        with listen(self._on_stage, counts=self._on_counts):
            try:
                yield
            finally:
                self._status.stop()

    def line(self, text: str = "", style: str = "") -> None:
        """Print a line; only a terminal breaks it, so that a path in it can be copied whole."""
        self._console.print(Text(text, style), soft_wrap=True)

    def _on_stage(self, name: str, seconds: float | None) -> None:
        if seconds is None:
            self._running.append(name)
        else:
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
            self._running.remove(name)
            counts = self._counts.pop(name, "")
            self.line(f"{name:<{_NAME_WIDTH}}{counts:<{_COUNTS_WIDTH}}{seconds:>8.1f} s")
        self._show_running()

    def _on_counts(self, name: str, counts: Mapping[str, int]) -> None:
        self._counts[name] = ", ".join(f"{number:,} {what}" for what, number in counts.items())

    def _show_running(self) -> None:
        """The spinner, for people at a terminal."""
        if self._running and self._console.is_terminal:
            self._status.update(Text(" / ".join(self._running)))
            self._status.start()
        else:
            self._status.stop()
