"""A real server process, and a client of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from graphrec.service.app import make_app
from graphrec.service.settings import Settings
from tests.documents import ROOT

_PATIENCE = 120.0  # seconds: the kernels may have to be compiled first


class Server:
    """`graphrec serve` in a process of its own."""

    def __init__(self, model: Path, events: Path, *options: str, **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.log = events.with_suffix(".log")
        command = [sys.executable, "-m", "graphrec", "serve", str(model)]
        command += ["--events", str(events), "--port", str(port), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | {"JAVA_HOME": "/nowhere"} | variables,
                stdout=log,
                stderr=log,
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0)
        self.url = str(self.client.base_url)

    def wait(self) -> None:
        """Until it is ready."""
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if self.client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        code = self.process.wait(30)
        self.client.close()
        return code


@contextmanager
def serving(
    model: Path, events: Path, options: Sequence[str] = (), **variables: str
) -> Iterator[Server]:
    server = Server(model, events, *options, **variables)
    try:
        server.wait()
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


@contextmanager
def in_process(settings: Settings) -> Iterator[httpx.Client]:
    """The application in a thread of this process, which saves the start of another one."""
    config = uvicorn.Config(make_app(settings), port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
