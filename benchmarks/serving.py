"""How quickly a service answers: `python -m benchmarks.serving MODEL`.

The load is made by a process of its own, over the loopback, at rates that do not wait for answers
(an open loop: what is late stays late, and a request's time counts from when it was due). What a
request costs is the CPU time of the service, which other work on the machine hardly changes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import psutil

from graphrec.scorer.scorer import Scorer

K = 20
RATES = (1, 50, 100, 200, 300, 500)
SECONDS = 6.0  # of each rate
_START_SECONDS = 300.0
_LIMIT_MS = 50.0


def load(url: str, users: Sequence[str], rate: float) -> list[float]:
    """Milliseconds from when each request was due to its answer."""
    return asyncio.run(_load(url, users, rate))


async def _load(url: str, users: Sequence[str], rate: float) -> list[float]:
    number = max(int(rate * SECONDS), 5)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=url, timeout=30.0, limits=limits) as client:
        begun = time.perf_counter() + 0.1

        async def one(n: int) -> float:
            due = begun + n / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0.0))
            answer = await client.get(f"/users/{users[n % len(users)]}/recommendations?k={K}")
            answer.raise_for_status()
            return (time.perf_counter() - due) * 1000.0

        return list(await asyncio.gather(*(one(n) for n in range(number))))


def measure(command: Sequence[str], port: int, users: Sequence[str]) -> None:
    """Start a service, and print its figures at each rate as Markdown."""
    url = f"http://127.0.0.1:{port}"
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
    try:
        while not _is_ready(url) and time.perf_counter() - begun < _START_SECONDS:
            time.sleep(0.02)
        ready = time.perf_counter() - begun
        _loader(url, users, 50.0)  # connections, caches, code
        sustained = 0.0
        for rate in RATES:
            used = _cpu(process.pid)
            times = _loader(url, users, rate)
            cpu = (_cpu(process.pid) - used) / len(times) * 1000.0
            p50, p99 = np.percentile(times, [50, 99])
            sustained = rate if p99 < _LIMIT_MS else sustained
            print(f"| {rate} | {p50:.1f} | {p99:.1f} | {cpu:.2f} |", flush=True)
        memory = psutil.Process(process.pid).memory_full_info()
        print(
            f"ready after {ready:.1f} s, {sustained:g}/s with p99 below {_LIMIT_MS:g} ms, "
            f"memory {memory.uss / 2**20:.0f} MiB of its own, {memory.rss / 2**20:.0f} MiB in all",
            flush=True,
        )
    finally:
        process.terminate()
        process.wait(30)


def _loader(url: str, users: Sequence[str], rate: float) -> list[float]:
    """Run `load` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.serving", "--load", url, "--rate", str(rate)]
    done = subprocess.run(
        command, input=json.dumps(list(users)), capture_output=True, text=True, check=True
    )
    times: list[float] = json.loads(done.stdout)
    return times


def _cpu(process: int) -> float:
    used = psutil.Process(process).cpu_times()
    return float(used.user + used.system)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main() -> None:
    """Measure, or be the process that makes the load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--load")
    parser.add_argument("--rate", type=float, default=1.0)
    given = parser.parse_args()
    if given.load:
        print(json.dumps(load(given.load, json.load(sys.stdin), given.rate)))
        return
    ids = Scorer.open(given.model).model.users
    draw = np.random.default_rng(0).integers(0, len(ids), 2000)
    users = [str(ids[int(n)]) for n in draw]
    print("| requests/s | p50 ms | p99 ms | CPU ms a request |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        command = [sys.executable, "-m", "graphrec", "serve", given.model]
        command += ["--events", str(Path(folder) / "events.db"), "--port", str(port)]
        measure(command, port, users)


if __name__ == "__main__":
    main()
