"""A real Redis server for the tests that need one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "not-for-the-log"


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield the address of a server that keeps nothing, with its password in it, and a client."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on the PATH: install it (apt-get install redis-server)")
    if find_spec("redis") is None:
        pytest.skip("the client of Redis is not installed (pip install 'graphrec[redis]')")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--requirepass", PASSWORD, "--maxmemory", "50mb"]
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until_it_listens(port, server)
        url = f"redis://:{PASSWORD}@127.0.0.1:{port}/3"
        with import_module("redis").Redis.from_url(url) as client:
            yield url, client
    finally:
        server.terminate()
        server.wait(10)


def until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("redis-server has ended")
