"""Latency and throughput: `python -m benchmarks.serving MODEL [--peers RATINGS]`.

The load average is printed beside the figures: on a machine that does other work, times are those
of that machine, while the CPU time of a request hardly changes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.serving.load import times_at
from benchmarks.serving.peers import PEERS
from benchmarks.serving.servers import Server, graphrec_serving
from graphrec.scorer.scorer import Scorer

K = 20
RATES = (1, 50, 200)
_SECONDS = 6.0  # of each rate
_FEWEST = 20  # requests of a rate
_LIMIT_MS = 50.0  # of the 99th percentile, for the highest rate
_FAR_MS = 500.0
_HIGHEST = (100, 1600)  # between which it is looked for
_STEP = 1.15  # to which it is found
_HEAD = "| requests/s | p50 ms | p99 ms | CPU ms a request |\n|---|---|---|---|"


def main() -> None:
    """Measure a model, and perhaps peers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--peers", metavar="RATINGS", help="the Parquet that the model is of")
    given = parser.parse_args()
    ids = Scorer.open(given.model).model.users
    drawn = np.random.default_rng(0).integers(0, len(ids), 20_000)
    users = [str(ids[int(n)]) for n in drawn]
    print(f"graphrec serve, {given.workers} workers")
    with (
        tempfile.TemporaryDirectory() as folder,
        graphrec_serving(given.model, Path(folder), "--workers", str(given.workers)) as server,
    ):
        measure(server, [f"/users/{user}/recommendations?k={K}" for user in users])
    if given.peers:
        for name, peer in PEERS.items():
            print(name)
            with peer(given.peers, K) as server:
                measure(server, [f"/users/{user}" for user in users])


def measure(server: Server, paths: Sequence[str]) -> None:
    """Print the figures of a server that is ready."""
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    times_at(server.url, paths[:20], 10.0)  # connections, caches, code
    print(_HEAD)
    # What is far behind at a rate is not asked for more: it would answer for minutes.
    kept = all(_row(server, paths, rate) < _FAR_MS for rate in RATES)
    highest = _highest(server, paths) if kept else 0.0
    print(
        f"highest rate with a p99 below {_LIMIT_MS:g} ms: "
        f"{f'{highest:.0f}/s' if highest else 'not looked for, or none'}; "
        f"ready after {server.ready:.1f} s; "
        f"{server.own_bytes() / 2**20:.0f} MiB of its own in each of {len(server.workers)} "
        f"processes; load average after: {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def _row(server: Server, paths: Sequence[str], rate: float) -> float:
    """Print what a rate costs; the 99th percentile, in ms."""
    used = server.cpu_seconds()
    times = times_at(server.url, _of(paths, rate), rate)
    cpu = (server.cpu_seconds() - used) / len(times) * 1000.0
    p50, p99 = np.percentile(times, [50, 99])
    print(f"| {rate:.0f} | {p50:.1f} | {p99:.1f} | {cpu:.2f} |", flush=True)
    return float(p99)


def _highest(server: Server, paths: Sequence[str]) -> float:
    """The highest rate that keeps the limit, by halving; 0: not even the lowest does."""
    low, high = _HIGHEST
    kept = 0.0
    while high / low > _STEP:
        rate = (low * high) ** 0.5
        if np.percentile(times_at(server.url, _of(paths, rate), rate), 99) < _LIMIT_MS:
            kept = low = rate
        else:
            high = rate
    return kept


def _of(paths: Sequence[str], rate: float) -> Sequence[str]:
    return paths[: max(int(rate * _SECONDS), _FEWEST)]


if __name__ == "__main__":
    main()
