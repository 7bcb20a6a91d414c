"""What the handlers of a worker share: the model of this moment, events, threads."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

from fastapi import FastAPI

from graphrec.errors import GraphrecError
from graphrec.service import metrics
from graphrec.service.events import Event, EventStore, impressions
from graphrec.service.experiments import Treatment
from graphrec.service.feedback import REFRESH_SECONDS, Earnings
from graphrec.service.problems import ProblemError
from graphrec.service.served import Current, Served
from graphrec.service.settings import Settings

R = TypeVar("R")

_LOG = logging.getLogger("graphrec.service")
_POLL_SECONDS: Final = 0.5  # between looks whether another worker has taken a new model
_WATCH_SECONDS: Final = 2.0  # between looks whether the directory holds another model
_UNUSED_SECONDS: Final = 15.0  # after which requests are done with the version before


class Running:
    """A worker between its start and its end.

    Scoring runs in threads, while which the kernel needs no lock of Python; answers that would
    come too late are replaced by lists that need no scoring.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.earnings: Earnings
        self.store: EventStore
        self._current: Current | None = None
        self._threads: ThreadPoolExecutor

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Open everything, and close it after the last request was answered."""
        self.store = EventStore(self.settings.events)
        self._threads = ThreadPoolExecutor(2, "score")
        self._quick = ThreadPoolExecutor(1, "in-time")
        self._generation = self.store.taken[0]
        self._current = Current(self.settings)
        self.earnings = Earnings(self._current.exploration.policy)
        loop = asyncio.get_running_loop()
        with suppress(ValueError, NotImplementedError):  # not in the main thread, or Windows
            loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(self._on_hangup()))
        polling = [asyncio.create_task(self._follow())]
        if self.settings.watch:
            polling.append(asyncio.create_task(self._watch()))
        if self._explores:
            polling.append(asyncio.create_task(self._learn()))
        yield
        for task in polling:
            task.cancel()
        self._threads.shutdown()
        self._quick.shutdown()
        self.store.close()

    @property
    def current(self) -> Current:
        """The versions that are served.

        Raises:
            ProblemError: there are none yet.
        """
        if self._current is None:
            raise ProblemError(503, "no model is open yet", {"Retry-After": "1"})
        return self._current

    @property
    def served(self) -> Served:
        """The version of whoever is in no arm with another model."""
        return self.current.served

    def treated(self, user: str) -> tuple[Treatment, Served]:
        """What the user whom an address names is served under, and the model that is his."""
        current = self.current
        treatment = current.experiments.treatment(str(current.served.user(user)))
        return treatment, current.of(treatment)

    async def run(self, work: Callable[[], R]) -> R:
        """The result of some work, done in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def before_the_deadline(self, work: Callable[[], R], instead: Callable[[], R]) -> R:
        """The result of some work, or of what is quicker if it would come too late."""
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._threads, work)
        try:
            return await asyncio.wait_for(working, self.settings.deadline_ms / 1000)
        except TimeoutError:
            return await loop.run_in_executor(self._quick, instead)

    async def stored(self, events: Iterable[Event]) -> int:
        """How many are new, as soon as they are on disk."""
        try:
            new = await asyncio.wrap_future(self.store.add(events))
        except sqlite3.Error as error:
            _LOG.error("events were not stored: %s", error)
            is_full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
            status, cause = (507, ": the disk is full") if is_full else (503, "")
            detail = f"the events were not stored{cause}; try again later"
            raise ProblemError(status, detail, {"Retry-After": "5"}) from error
        metrics.EVENTS.inc(new)
        return new

    async def shown(
        self, user: str, treatment: Treatment, listed: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """A list of which the store has the impressions: what is not logged is not shown."""
        rows = [{"propensity": 1.0} | row for row in listed]
        await self.stored(impressions(user, treatment.arms, rows))
        return rows

    async def take_for_all(self) -> bool:
        """Take what the directory holds now, and let other workers know.

        Returns:
            whether it is another one.

        Raises:
            GraphrecError: it cannot be used; the one before stays.
        """
        changed = await self._take()
        path = self.served.path
        await self.run(lambda: self.store.announce(path))
        return changed

    async def _take(self, path: str | None = None) -> bool:
        assert self._current is not None
        try:
            changed = await asyncio.to_thread(self._current.reload, path)
        except GraphrecError:
            metrics.RELOADS.labels("refused").inc()
            raise
        metrics.RELOADS.labels("taken").inc()
        if changed:
            asyncio.get_running_loop().call_later(_UNUSED_SECONDS, self._clean)
        return changed

    def _clean(self) -> None:
        """Remove the files of versions that no request needs any more, nor another worker."""
        with suppress(RuntimeError):  # the service ends just now
            self._threads.submit(self.current.remove_unused)

    async def _on_hangup(self) -> None:
        with suppress(GraphrecError):  # logged
            await self._take()

    async def _follow(self) -> None:
        """Take the model that another worker has taken, wherever the link leads by now."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            with suppress(GraphrecError, sqlite3.Error):
                generation, path = await self.run(lambda: self.store.taken)
                if generation != self._generation:
                    self._generation = generation
                    await self._take(path)

    async def _watch(self) -> None:
        """Take what a directory holds when it is another model, and the same at two looks.

        A model that is still being written changes from look to look. One that was refused is
        tried again when it has changed.
        """
        before = tried = self.current.digests
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            with suppress(GraphrecError):  # none yet, or logged
                found = await self.run(self.current.digests_on_disk)
                is_new = found not in (tried, self.current.digests) and found == before
                before = found
                if is_new:
                    tried = found
                    await self._take()

    async def _learn(self) -> None:
        """Add up what listed items have earned, again and again."""
        while True:
            with suppress(sqlite3.Error):
                self.earnings = await asyncio.to_thread(self.earnings.with_new_events, self.store)
            await asyncio.sleep(REFRESH_SECONDS)

    @property
    def _explores(self) -> bool:
        """Whether anybody's list is explored."""
        current = self.current
        shares = [arm.explore for _, arm in current.experiments.of_arms()]
        return any((current.exploration.share, *shares))
