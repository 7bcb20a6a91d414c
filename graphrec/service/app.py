"""The application: which address answers what."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, FastAPI
from fastapi.responses import PlainTextResponse, Response
from fastapi_offline import FastAPIOffline
from pydantic import Discriminator, Tag
from starlette.middleware import Middleware

import graphrec
from graphrec.errors import GraphrecError
from graphrec.service import metrics
from graphrec.service.answers import answer
from graphrec.service.list_addresses import ListAddresses
from graphrec.service.lookup import Lookup
from graphrec.service.messages import SentEvent
from graphrec.service.page import serve_page
from graphrec.service.problems import PROBLEM, ProblemError, answer_by_problems
from graphrec.service.protection import Protection
from graphrec.service.running import Running
from graphrec.service.settings import Settings

OneOrMany = Annotated[
    Annotated[SentEvent, Tag("one")] | Annotated[list[SentEvent], Tag("many")],
    Discriminator(lambda sent: "many" if isinstance(sent, list) else "one"),
    Body(),
]


def create_app() -> FastAPI:
    """The application of a worker, from the settings that the environment holds."""
    return make_app(Settings.from_environment())


def make_app(settings: Settings) -> FastAPI:
    """The application by given settings."""
    running = Running(settings)
    app = FastAPIOffline(  # the page at /docs fetches nothing from elsewhere
        redoc_url=None,
        static_url="/docs-files",
        title="graphrec",
        version=graphrec.__version__,
        lifespan=running.lifespan,
        responses=dict.fromkeys(("4XX", "5XX"), PROBLEM),
        middleware=[Middleware(metrics.Measured), Middleware(Protection, settings=settings)],
    )
    answer_by_problems(app)
    ServiceAddresses(running).add_to(app)
    ListAddresses(running).add_to(app)
    Lookup(running).add_to(app)
    serve_page(app)
    return app


class ServiceAddresses:
    """Events, and what is about the service itself."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def add_to(self, app: FastAPI) -> None:
        """Have an application answer them."""
        app.post("/events", status_code=201, summary="Store one event, or many")(self.add_events)
        app.get("/model", summary="What the model is")(self.model)
        app.get("/healthz", summary="Whether the process lives")(self.health)
        app.get("/readyz", summary="Whether a model is there to answer by")(self.ready)
        app.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)(
            self.metrics
        )
        app.post("/reload", summary="Take the model that the directory holds now")(self.reload)

    async def add_events(self, sent: OneOrMany) -> Response:
        """Store events; the answer says so when they are on disk."""
        events, most = sent if isinstance(sent, list) else [sent], self._running.settings.max_events
        if len(events) > most:
            raise ProblemError(422, f"a request has at most {most} events")
        new = await self._running.stored(one.event() for one in events)
        return answer({"stored": new, "known": len(events) - new}, 201)

    async def model(self) -> Response:
        """Parameters, columns and sizes of the model."""
        scorer = self._running.served.scorer
        sizes = {"users": len(scorer.model.users), "items": len(scorer.model.items)}
        return answer(scorer.model.description | sizes | {"legs": scorer.legs})

    async def health(self) -> Response:
        """That it answers is the answer."""
        return answer({"status": "alive"})

    async def ready(self) -> Response:
        """Which model answers."""
        return answer({"status": "ready", "model": self._running.served.scorer.digest})

    async def metrics(self) -> Response:
        """Counters and times."""
        return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

    async def reload(self) -> Response:
        """A model that cannot be used is refused, and the one before stays."""
        try:
            changed = await self._running.take_for_all()
        except GraphrecError as error:
            raise ProblemError(409, str(error)) from error
        return answer({"changed": changed, "model": self._running.served.scorer.digest})
