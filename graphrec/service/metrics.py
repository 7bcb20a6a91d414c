"""Figures for Prometheus, of all workers together."""

from __future__ import annotations

import os
import time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("graphrec_requests", "Requests by their status.", ["method", "status"])
SECONDS = Histogram(
    "graphrec_request_seconds",
    "From a request to its answer.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
)
SOURCES = Counter("graphrec_lists", "Lists by their source.", ["source"])
EVENTS = Counter("graphrec_events", "Events that were stored.")
RELOADS = Counter("graphrec_reloads", "Models that were taken or refused.", ["outcome"])


def text() -> bytes:
    """All figures; of all workers, where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


class Measured:
    """ASGI middleware that counts requests and takes their time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            SECONDS.observe(time.perf_counter() - begun)
            REQUESTS.labels(scope["method"], status).inc()
