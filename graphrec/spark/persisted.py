"""Persisted frames that are freed when their owner is no longer in use.

Spark keeps a persisted frame until `unpersist` is called, or the session ends. So every frame that
graphrec persists belongs to a `PersistedFrames`, and is freed by its `unpersist`, at the end of its
`with` block, or, at the latest, when nothing refers to the `PersistedFrames` any more. Frames that
were derived from it still work after that: they are computed from the source again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from queue import SimpleQueue
from threading import Event, Thread, current_thread
from typing import Self
from uuid import uuid4
from weakref import finalize

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

_PATIENCE = 10.0  # seconds for which a thread waits until what it dropped is freed


class PersistedFrames:
    """Owns persisted frames, and frees them at the latest when it is garbage itself."""

    def __init__(self) -> None:
        self._frames: list[DataFrame] = []
        _worker()
        at_last = finalize(self, _drop, self._frames, os.getpid())
        at_last.atexit = False  # the session ends as well

    def persist(self, frame: DataFrame) -> DataFrame:
        """Persist a frame, in memory as far as it fits, on disk otherwise.

        Returns:
            The frame to go on with.
        """
        kept = _distinct(frame).persist(StorageLevel.MEMORY_AND_DISK)
        self._frames.append(kept)
        return kept

    def unpersist(self) -> None:
        """Free all frames."""
        while self._frames:
            self._frames.pop().unpersist()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unpersist()


def _distinct(frame: DataFrame) -> DataFrame:
    """The same rows by a plan of its own.

    Spark finds persisted data by the plan. Two frames with equal plans, of two fits or one of the
    user's own, share a single copy, and freeing one frees the other. So a condition is added that
    makes the plan unique; it always holds, and Spark's optimizer removes it.
    """
    return frame.where(F.lit(uuid4().hex) != F.lit(""))


# --- when nobody refers to a `PersistedFrames` any more
# ------------------------------------------------------

_Dropped = tuple[list[DataFrame], Event]
_DROPPED: SimpleQueue[_Dropped] = SimpleQueue()  # may be put to while garbage is collected


def _drop(frames: list[DataFrame], process: int) -> None:
    """Free frames in a thread of its own.

    Garbage may be collected during a call to Spark, whose connection belongs to the calling thread.
    """
    if not frames or os.getpid() != process:  # a fork's frames are its parent's
        return
    done = Event()
    _DROPPED.put((frames, done))
    if current_thread() is not _worker():
        done.wait(_PATIENCE)


@cache
def _worker() -> Thread:
    worker = Thread(target=_free_dropped, name="graphrec-unpersist", daemon=True)
    worker.start()
    return worker


def _free_dropped() -> None:
    while True:
        frames, done = _DROPPED.get()
        while frames:
            with suppress(Exception):  # of a session that has ended nothing is kept
                frames.pop().unpersist()
        done.set()
