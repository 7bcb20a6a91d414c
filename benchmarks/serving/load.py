"""Load in a process of its own: `python -m benchmarks.serving.load URL RATE < PATHS`.

Requests go out when they are due and do not wait for answers (an open loop): what is late stays
late, and a request's time counts from when it was due. The client is a few lines on sockets, as
one of a library would take more of the cores than the service does.
"""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_HEAD_END = b"\r\n\r\n"


@dataclass
class Connections:
    """Connections to one server that are kept open."""

    host: str
    port: int
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def get(self, path: str) -> int:
        """The status of the answer, which is read to its end."""
        reader, writer = self.free.pop() if self.free else await self._connect()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        head = await reader.readuntil(_HEAD_END)
        lines = head.lower().split(b"\r\n")
        [length] = [line for line in lines if line.startswith(b"content-length:")]
        await reader.readexactly(int(length.partition(b":")[2]))
        self.free.append((reader, writer))
        return int(head[9:12])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port)


async def at_rate(url: str, paths: Sequence[str], rate: float) -> list[float]:
    """Milliseconds from when each request was due to its answer; infinite if it was refused."""
    server = urlsplit(url)
    connections = Connections(server.hostname or "", server.port or 80)
    begun = time.perf_counter() + 0.1

    async def one(n: int) -> float:
        due = begun + n / rate
        await asyncio.sleep(max(due - time.perf_counter(), 0.0))
        status = await connections.get(paths[n])
        return (time.perf_counter() - due) * 1000.0 if status == 200 else math.inf

    times = list(await asyncio.gather(*(one(n) for n in range(len(paths)))))
    for _, writer in connections.free:
        writer.close()
    return times


def times_at(url: str, paths: Sequence[str], rate: float) -> list[float]:
    """`at_rate` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving.load", url, str(rate)],
        input=json.dumps(list(paths)),
        capture_output=True,
        text=True,
        check=True,
    )
    times: list[float] = json.loads(done.stdout)
    return times


if __name__ == "__main__":
    print(json.dumps(asyncio.run(at_rate(sys.argv[1], json.load(sys.stdin), float(sys.argv[2])))))
