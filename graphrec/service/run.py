"""The server process: uvicorn, with one worker or several."""

from __future__ import annotations

import os
import shutil
import tempfile

import uvicorn

from graphrec.service.events import EventStore
from graphrec.service.served import Current
from graphrec.service.settings import Settings

_GRACE_SECONDS = 10  # for requests that are being worked on when the service is ended
_KEEP_ALIVE_SECONDS = 5


def serve(settings: Settings) -> None:
    """Serve until the process is told to end.

    Raises:
        GraphrecError: the model, the items, the lists, the experiments or the events cannot be
            used, or another address than the loopback has no tokens.
    """
    settings.require_protection()
    EventStore(settings.events).close()
    Current(settings)  # what is wrong is said here, once; and the files are made for all
    settings.to_environment()
    figures = tempfile.mkdtemp(prefix="graphrec-metrics-") if settings.workers > 1 else None
    if figures is not None:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures
    try:
        uvicorn.run(
            "graphrec.service.app:create_app",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            access_log=False,
            server_header=False,
            log_level="warning",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
    finally:
        if figures is not None:
            shutil.rmtree(figures, ignore_errors=True)
