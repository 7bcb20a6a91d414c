"""The application: which address answers what."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import unquote

from fastapi import Body, FastAPI, Path, Query
from fastapi.responses import PlainTextResponse, Response
from starlette.middleware import Middleware

import graphrec
from graphrec.cooccurrence.best_neighbours import DEFAULT_MEASURE
from graphrec.errors import GraphrecError
from graphrec.scorer.history import Interaction
from graphrec.service import metrics
from graphrec.service.events import Event, EventStore, impressions
from graphrec.service.experiments import Treatment
from graphrec.service.feedback import REFRESH_SECONDS, Earnings
from graphrec.service.messages import Basket, SentEvent
from graphrec.service.problems import PROBLEM, ProblemError, answer_by_problems
from graphrec.service.protection import Protection
from graphrec.service.recommending import Wanted, history_now, in_time, live
from graphrec.service.served import Current, Served
from graphrec.service.settings import Settings

R = TypeVar("R")

_LOG = logging.getLogger("graphrec.service")
_POLL_SECONDS: Final = 0.5  # between looks whether another worker has taken a new model

PathId = Annotated[str, Path(min_length=1, max_length=2000)]
OneOrMany = Annotated[SentEvent | list[SentEvent], Body()]


def create_app() -> FastAPI:
    """The application of a worker, from the settings that the environment holds."""
    return make_app(Settings.from_environment())


def make_app(settings: Settings) -> FastAPI:
    """The application by given settings."""
    service = Service(settings)
    app = FastAPI(
        title="graphrec",
        version=graphrec.__version__,
        lifespan=service.lifespan,
        responses=dict.fromkeys(("4XX", "5XX"), PROBLEM),
        middleware=[Middleware(metrics.Measured), Middleware(Protection, settings=settings)],
    )
    answer_by_problems(app)
    app.get("/healthz", summary="Whether the process lives")(service.health)
    app.get("/readyz", summary="Whether a model is there to answer by")(service.ready)
    app.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)(
        service.metrics
    )
    app.get("/model", summary="What the model is")(service.model)
    app.post("/reload", summary="Take the model that the directory holds now")(service.reload)
    app.get("/users/{user}/recommendations", summary="A user's list")(service.of_user)
    app.post("/recommendations", summary="A list for a history")(service.of_history)
    app.get("/users/{user}/items/{item}/why", summary="Why an item is in a list, or not")(
        service.why
    )
    app.get("/items/{item}/related", summary="What goes together with an item")(service.related)
    app.post("/events", status_code=201, summary="Store one event, or many")(service.add_events)
    return app


class Service:
    """The handlers, and what they share.

    Scoring runs in threads, while which the kernel needs no lock of Python; answers that would
    come too late are replaced by lists that need no scoring.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._current: Current | None = None
        self._earnings: Earnings
        self._store: EventStore
        self._threads: ThreadPoolExecutor

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Open everything, and close it after the last request was answered."""
        self._store = EventStore(self._settings.events)
        self._threads = ThreadPoolExecutor(2, "score")
        self._quick = ThreadPoolExecutor(1, "in-time")
        self._generation = self._store.taken[0]
        self._current = Current(self._settings)
        self._earnings = Earnings(self._current.exploration.policy)
        loop = asyncio.get_running_loop()
        with suppress(ValueError, NotImplementedError):  # not in the main thread, or Windows
            loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(self._on_hangup()))
        polling = [asyncio.create_task(self._follow())]
        if self._explores:
            polling.append(asyncio.create_task(self._learn()))
        yield
        for task in polling:
            task.cancel()
        self._threads.shutdown()
        self._quick.shutdown()
        self._store.close()

    # --- lists ------------------------------------------------------------------------------------

    async def of_user(
        self,
        user: PathId,
        k: Annotated[int, Query(ge=1)] = 10,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
        diversity: Annotated[float | None, Query(ge=0, le=1)] = None,
        allow: Annotated[list[str] | None, Query()] = None,
        deny: Annotated[list[str] | None, Query()] = None,
        where: str | None = None,
    ) -> Response:
        """The best items for a user, by the model and all events since."""
        treatment, served = self._treated(user)
        ids = served.scorer.model.items
        wanted = Wanted(
            k=self._length(k),
            offset=offset,
            diversity=diversity,
            allow=None if allow is None else tuple(map(ids.from_text, allow)),
            deny=tuple(map(ids.from_text, deny or [])),
            where=where,
        ).under(treatment.settings, self._open.exploration)
        known = _known_user(served, user)

        def score() -> list[dict[str, Any]]:
            history = history_now(served, self._store, known)
            return live(served, history, wanted, self._earnings)

        listed = await self._before_the_deadline(
            score, lambda: in_time(served, self._store, known, wanted)
        )
        about = {"user": known}
        if treatment.arms:
            about["experiments"] = treatment.arms
        if treatment.arms or wanted.exploration is not None:
            listed = await self._shown(str(known), treatment, listed)
        return self._listed(about, served, listed)

    async def of_history(self, basket: Basket) -> Response:
        """The best items for a history and a profile; nothing of them is stored."""
        served = self._served
        if len(basket.history) > self._settings.max_history:
            raise ProblemError(422, f"a history has at most {self._settings.max_history} items")
        wanted = Wanted(
            k=self._length(basket.k),
            offset=basket.offset,
            diversity=basket.diversity,
            weights=basket.weights,
            allow=None if basket.allow is None else tuple(basket.allow),
            deny=tuple(basket.deny),
            where=basket.where,
        )
        rows = [Interaction(one.item, one.value, one.time) for one in basket.history]

        def score() -> list[dict[str, Any]]:
            scorer = served.scorer
            history = scorer.extended(scorer.profile(basket.profile), rows)
            return live(served, history, wanted, self._earnings)

        given = tuple(row.item for row in rows)
        popular = replace(wanted, deny=(*wanted.deny, *given))
        listed = await self._before_the_deadline(
            score, lambda: in_time(served, self._store, None, popular)
        )
        return self._listed({}, served, listed)

    async def why(
        self, user: PathId, item: PathId, k: Annotated[int, Query(ge=1)] = 10
    ) -> Response:
        """The parts of the score of an item, and its place in the user's list."""
        treatment, served = self._treated(user)
        length, known = self._length(k), _known_user(served, user)
        one = self._known_item(served, item)

        def explained() -> dict[str, Any]:
            now = history_now(served, self._store, known)
            weights = treatment.settings.weights
            return asdict(served.scorer.explain(now, one, length, weights=weights))

        return _json({"user": known} | await self._run(explained))

    async def related(
        self,
        item: PathId,
        k: Annotated[int, Query(ge=1)] = 10,
        measure: str = DEFAULT_MEASURE,
    ) -> Response:
        """The items that the same users have, by a measure of association."""
        served, length = self._served, self._length(k)
        one = self._known_item(served, item)

        def found() -> list[dict[str, Any]]:
            return [asdict(row) for row in served.scorer.related(one, length, measure=measure)]

        return _json({"item": one, "measure": measure, "related": await self._run(found)})

    # --- events -----------------------------------------------------------------------------------

    async def add_events(self, sent: OneOrMany) -> Response:
        """Store events; the answer says so when they are on disk."""
        events = sent if isinstance(sent, list) else [sent]
        if len(events) > self._settings.max_events:
            raise ProblemError(422, f"a request has at most {self._settings.max_events} events")
        new = await self._stored(one.event() for one in events)
        return _json({"stored": new, "known": len(events) - new}, 201)

    async def _shown(
        self, user: str, treatment: Treatment, listed: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """A list of which the store has the impressions: what is not logged is not shown."""
        rows = [{"propensity": 1.0} | row for row in listed]
        await self._stored(impressions(user, treatment.arms, rows))
        return rows

    async def _stored(self, events: Iterable[Event]) -> int:
        """How many are new, as soon as they are on disk."""
        try:
            new = await asyncio.wrap_future(self._store.add(events))
        except sqlite3.Error as error:
            _LOG.error("events were not stored: %s", error)
            raise ProblemError(
                503, "the events were not stored; try again", {"Retry-After": "5"}
            ) from error
        metrics.EVENTS.inc(new)
        return new

    # --- the service itself -----------------------------------------------------------------------

    async def health(self) -> Response:
        """That it answers is the answer."""
        return _json({"status": "alive"})

    async def ready(self) -> Response:
        """Which model answers."""
        return _json({"status": "ready", "model": self._served.scorer.digest})

    async def metrics(self) -> Response:
        """Counters and times."""
        return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

    async def model(self) -> Response:
        """Parameters, columns and sizes of the model."""
        scorer = self._served.scorer
        sizes = {"users": len(scorer.model.users), "items": len(scorer.model.items)}
        return _json(scorer.model.description | sizes | {"legs": scorer.legs})

    async def reload(self) -> Response:
        """A model that cannot be used is refused, and the one before stays."""
        try:
            changed = await self._take()
        except GraphrecError as error:
            raise ProblemError(409, str(error)) from error
        path = self._served.path
        await self._run(lambda: self._store.announce(path))
        return _json({"changed": changed, "model": self._served.scorer.digest})

    async def _take(self, path: str | None = None) -> bool:
        assert self._current is not None
        try:
            changed = await asyncio.to_thread(self._current.reload, path)
        except GraphrecError:
            metrics.RELOADS.labels("refused").inc()
            raise
        metrics.RELOADS.labels("taken").inc()
        return changed

    async def _on_hangup(self) -> None:
        with suppress(GraphrecError):  # logged
            await self._take()

    async def _follow(self) -> None:
        """Take the model that another worker has taken, wherever the link leads by now."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            with suppress(GraphrecError, sqlite3.Error):
                generation, path = await self._run(lambda: self._store.taken)
                if generation != self._generation:
                    self._generation = generation
                    await self._take(path)

    async def _learn(self) -> None:
        """Add up what listed items have earned, again and again."""
        while True:
            with suppress(sqlite3.Error):
                self._earnings = await asyncio.to_thread(
                    self._earnings.with_new_events, self._store
                )
            await asyncio.sleep(REFRESH_SECONDS)

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _open(self) -> Current:
        if self._current is None:
            raise ProblemError(503, "no model is open yet", {"Retry-After": "1"})
        return self._current

    @property
    def _served(self) -> Served:
        return self._open.served

    @property
    def _explores(self) -> bool:
        """Whether anybody's list is explored."""
        current = self._open
        shares = [arm.explore for _, arm in current.experiments.of_arms()]
        return any((current.exploration.share, *shares))

    def _treated(self, user: str) -> tuple[Treatment, Served]:
        """What a user is served under, and the model that is his; 007 is the user 7 here, too."""
        current = self._open
        treatment = current.experiments.treatment(str(_known_user(current.served, user)))
        return treatment, current.of(treatment)

    def _length(self, k: int) -> int:
        if k > self._settings.max_k:
            raise ProblemError(422, f"k is at most {self._settings.max_k}")
        return k

    def _known_item(self, served: Served, item: str) -> Any:
        one = served.scorer.model.items.from_text(unquote(item))
        if served.scorer.model.items.position(one) is None:
            raise ProblemError(404, "the model does not know this item")
        return one

    async def _run(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _before_the_deadline(self, work: Callable[[], R], instead: Callable[[], R]) -> R:
        """The result of some work, or of what is quicker if it would come too late."""
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._threads, work)
        try:
            return await asyncio.wait_for(working, self._settings.deadline_ms / 1000)
        except TimeoutError:
            return await loop.run_in_executor(self._quick, instead)

    def _listed(
        self, about: dict[str, Any], served: Served, listed: list[dict[str, Any]]
    ) -> Response:
        for source in {row["source"] for row in listed}:
            metrics.SOURCES.labels(source).inc()
        return _json(about | {"model": served.scorer.digest, "recommendations": listed})


def _known_user(served: Served, user: str) -> Any:
    """The id as the model has it, or as it was sent."""
    found = served.scorer.model.users.from_text(unquote(user))
    return unquote(user) if found is None else found


def _json(content: Any, status: int = 200) -> Response:
    return Response(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace"),
        status,
        media_type="application/json",
    )
