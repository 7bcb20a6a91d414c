"""What the library is doing and how long it took, told to whoever listens.

    with listen(print):
        HybridRecommender().fit(ratings)

prints each stage of the fit when it begins and when it ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

Callback = Callable[[str, float | None], None]
CountsCallback = Callable[[str, Mapping[str, int]], None]


@dataclass(frozen=True, eq=False)
class _Listener:
    callback: Callback
    counts: CountsCallback | None


_listeners: Final[list[_Listener]] = []


@contextmanager
def listen(callback: Callback, *, counts: CountsCallback | None = None) -> Iterator[None]:
    """Be told of the stages of the library's work, in every thread, while the block lasts.

    Args:
        callback: called as (name, None) when a stage begins and (name, seconds) when it ends; a
            stage that fails does not end.
        counts: called as (name, counts) right before the end of a stage that counted something,
            with whole numbers by what they count, such as {"rows": 18000, "accepted": 17965}.
    """
    listener = _Listener(callback, counts)
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def stage(name: str) -> Iterator[dict[str, int]]:
    """Tell that a stage of the work begins, and how long it took when it ends.

    Args:
        name: what is done, in one or two words.

    Yields:
        a dictionary for what the stage counts; it may stay empty.
    """
    for listener in tuple(_listeners):
        listener.callback(name, None)
    counts: dict[str, int] = {}
    begun = time.perf_counter()
    yield counts
    seconds = time.perf_counter() - begun
    for listener in tuple(_listeners):
        if counts and listener.counts is not None:
            listener.counts(name, counts)
        listener.callback(name, seconds)
