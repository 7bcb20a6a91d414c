"""Servers in processes of their own: when they are ready, and what they take."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

_START_SECONDS = 600.0


@dataclass(frozen=True)
class Server:
    """A server that is ready.

    Attributes:
        url: where it listens.
        process: the one that was started; workers are its children.
        ready: seconds from its start to its first answer.
    """

    url: str
    process: psutil.Process
    ready: float

    @property
    def workers(self) -> list[psutil.Process]:
        """Those that answer: the children that have the model mapped, or the process itself."""
        children = self.process.children(recursive=True)
        found = [one for one in children if one.memory_info().rss > 50 << 20]
        return found or [self.process]

    def cpu_seconds(self) -> float:
        """CPU time of all its processes."""
        times = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))

    def own_bytes(self) -> int:
        """Memory that is each worker's own: the mean; mapped files, which all share, are apart."""
        workers = self.workers
        return sum(one.memory_full_info().uss for one in workers) // len(workers)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int, probe: str) -> Iterator[Server]:
    """Start a server, and yield it when it answers.

    Args:
        command: that starts it.
        port: where it listens.
        probe: the path that answers 200 when it is ready.
    """
    url, begun = f"http://127.0.0.1:{port}", time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
    try:
        while not _answers(url + probe):
            if process.poll() is not None or time.perf_counter() - begun > _START_SECONDS:
                raise RuntimeError(f"{' '.join(command)} does not answer")
            time.sleep(0.02)
        yield Server(url, psutil.Process(process.pid), time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def graphrec_serving(model: str, folder: Path, *options: str) -> Iterator[Server]:
    """`graphrec serve`, with its events in a folder."""
    port = free_port()
    command = [sys.executable, "-m", "graphrec", "serve", model, "--port", str(port)]
    command += ["--events", str(folder / "events.db"), *options]
    with serving(command, port, "/readyz") as server:
        yield server


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=30.0).status_code == 200
    except httpx.TransportError:
        return False
