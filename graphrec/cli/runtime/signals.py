"""SIGINT and SIGTERM as exceptions, so that `with` blocks clean up.

They can be held back where steps belong together.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or SIGTERM, which by itself would end the process without any clean-up."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number  # as shells have it


def code_of_interruption(error: BaseException | None) -> int | None:
    """The exit code if an interruption led to the error; None if none did.

    What an interruption cuts off may fail on the way out, so that another error arrives.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return None if error is None else getattr(error, "exit_code", 128 + signal.SIGINT)


@contextmanager
def interruptions_raise() -> Iterator[None]:
    """Raise Interrupted at Ctrl-C and SIGTERM while the block lasts.

    To be entered again once a Spark context is there, for that sets a handler of Ctrl-C of its
    own: it calls the JVM from within the call that it interrupts, and fails.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    if not _in_main_thread():
        yield
        return
    before = {number: signal.signal(number, interrupt) for number in _INTERRUPTIONS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Hold interruptions back until the end of the block, for steps that belong together."""
    if not _in_main_thread():
        yield
        return
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in _INTERRUPTIONS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if arrived:
        signal.raise_signal(arrived[0])


def _in_main_thread() -> bool:
    """Whether signals can be handled here: elsewhere they never interrupt anything."""
    return threading.current_thread() is threading.main_thread()
