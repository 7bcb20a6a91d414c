"""What goes wrong under mixed load: `python -m benchmarks.serving.soak MODEL [--requests 20000]`.

Lists, reasons, related items, baskets and events, while models are replaced, workers are killed and
the disk is full for some time. Counted are answers by status, events that were acknowledged and are
not there at the end, and items that a list has although its user had them before it was asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import psutil
import pyarrow.parquet as pq

from benchmarks.serving.servers import Server, graphrec_serving
from graphrec.scorer.scorer import Scorer

_encoded: Final = partial(quote, safe="")
_CLIENTS: Final = 16
_TROUBLE_EVERY: Final = 0.03  # of all requests: between two things that go wrong
_FULL_SHARE: Final = 0.01  # of all requests: how long the disk is full
_K: Final = 10
_STRANGERS: Final = 0.1  # of the users are unknown to the model


@dataclass
class Counts:
    """What happened."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)  # by kind and status
    cut: Counter[str] = field(default_factory=Counter)  # no answer: the worker was killed
    seen_listed: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Requests that have ended."""
        return sum(self.answers.values()) + sum(self.cut.values())


class Clients:
    """Users who ask and act, and know what they have."""

    def __init__(self, scorer: Scorer, url: str, seed: int) -> None:
        self._scorer, self._random = scorer, random.Random(seed)
        self._had: dict[str, set[Any]] = defaultdict(set)  # by events that were acknowledged
        self._items = [scorer.model.items[n] for n in range(min(300, len(scorer.model.items)))]
        self._client = httpx.AsyncClient(base_url=url, timeout=60.0)
        self.counts = Counts()

    async def run(self, requests: int) -> None:
        """Send so many requests, one after the other."""
        kinds: dict[str, Callable[[str], Awaitable[httpx.Response]]] = {
            "list": self._list,
            "event": self._event,
            "basket": self._basket,
            "why": self._why,
            "related": self._related,
        }
        for _ in range(requests):
            kind = self._random.choices(list(kinds), (50, 25, 10, 10, 5))[0]
            try:
                answer = await kinds[kind](self._user())
            except httpx.TransportError:
                self.counts.cut[kind] += 1
                await asyncio.sleep(0.1)
            else:
                self.counts.answers[kind, answer.status_code] += 1

    def _user(self) -> str:
        users = self._scorer.model.users
        if self._random.random() < _STRANGERS:
            return f"stranger/{self._random.randrange(50)}"
        return str(users[self._random.randrange(min(len(users), 500))])

    async def _list(self, user: str) -> httpx.Response:
        known = self._scorer.model.users.from_text(user)
        history = self._scorer.history(user if known is None else known)
        had = {self._scorer.model.items[int(n)] for n in history.items} | set(self._had[user])
        answer = await self._client.get(f"/users/{_encoded(user)}/recommendations?k={_K}")
        if answer.status_code == 200:
            listed = {row["item"] for row in answer.json()["recommendations"]}
            self.counts.seen_listed += len(listed & had)
        return answer

    async def _event(self, user: str) -> httpx.Response:
        item, name = self._random.choice(self._items), f"{self._random.getrandbits(64):x}"
        event = {"user": user, "item": item, "kind": "click", "id": name}
        answer = await self._client.post("/events", json=event)
        if answer.status_code == 201:
            self.counts.acknowledged.add(name)
            self._had[user].add(item)
        return answer

    async def _basket(self, user: str) -> httpx.Response:
        history = [{"item": item} for item in self._random.sample(self._items, 3)]
        return await self._client.post("/recommendations", json={"history": history, "user": user})

    async def _why(self, user: str) -> httpx.Response:
        item = _encoded(str(self._random.choice(self._items)))
        return await self._client.get(f"/users/{_encoded(user)}/items/{item}/why")

    async def _related(self, _: str) -> httpx.Response:
        item = _encoded(str(self._random.choice(self._items)))
        return await self._client.get(f"/items/{item}/related?k={_K}")


class Troubles:
    """What goes wrong, one after the other, as the requests go on."""

    def __init__(self, server: Server, link: Path, versions: list[Path], counts: Counts) -> None:
        self._server, self._link, self._versions = server, link, versions
        self._counts = counts

    async def run(self, requests: int) -> None:
        """Until all requests are done."""
        step, turn = max(int(requests * _TROUBLE_EVERY), 1), 0
        troubles = (self._reload, self._broken, self._kill, self._full)
        while self._counts.done < requests - step:
            aim = self._counts.done + step
            while self._counts.done < aim:
                await asyncio.sleep(0.02)
            await troubles[turn % len(troubles)](max(int(requests * _FULL_SHARE), 1))
            turn += 1

    async def _reload(self, _: int) -> None:
        self._versions.reverse()
        turn_link(self._link, self._versions[0])
        await self._ask_to_reload("reload")

    async def _broken(self, _: int) -> None:
        turn_link(self._link, self._link.parent / "broken")
        await self._ask_to_reload("broken model")
        turn_link(self._link, self._versions[0])

    async def _ask_to_reload(self, name: str) -> None:
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient(base_url=self._server.url, timeout=60.0) as client:
                answer = await client.post("/reload")
                self._counts.troubles[f"{name}: {answer.status_code}"] += 1

    async def _kill(self, _: int) -> None:
        with suppress(psutil.NoSuchProcess):
            self._server.workers[0].kill()
            self._counts.troubles["worker killed"] += 1

    async def _full(self, for_requests: int) -> None:
        """No file of the workers may grow: what they see of a full disk."""
        workers = self._server.workers
        self._limit(workers, 4096)
        aim = self._counts.done + for_requests
        while self._counts.done < aim:
            await asyncio.sleep(0.02)
        self._limit(workers, psutil.RLIM_INFINITY)
        self._counts.troubles["disk full for some time"] += 1

    @staticmethod
    def _limit(workers: list[psutil.Process], most: int) -> None:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.rlimit(psutil.RLIMIT_FSIZE, (most, psutil.RLIM_INFINITY))


def turn_link(link: Path, to: Path) -> None:
    """Turn a link at once."""
    new = link.with_suffix(".new")
    new.symlink_to(to)
    new.replace(link)


def _versions(model: str, folder: Path) -> list[Path]:
    """Two versions of a model, and one that is broken beside them."""
    versions = [folder / "one", folder / "two"]
    for path in (*versions, folder / "broken"):
        shutil.copytree(model, path, ignore=lambda *_: {"_mapped"})
    table = pq.read_table(versions[1] / "items")  # another file is another version
    shutil.rmtree(versions[1] / "items")
    (versions[1] / "items").mkdir()
    pq.write_table(table, versions[1] / "items" / "part-two.parquet")
    shutil.rmtree(folder / "broken" / "histories")
    return versions


async def _soak(clients: Clients, troubles: Troubles, requests: int) -> None:
    trouble = asyncio.create_task(troubles.run(requests))
    await asyncio.gather(*(clients.run(requests // _CLIENTS) for _ in range(_CLIENTS)))
    trouble.cancel()


def _report(counts: Counts, events: Path) -> None:
    with sqlite3.connect(events) as store:
        stored = {row[0] for row in store.execute("SELECT id FROM events")}
    print("| kind | answers by status | no answer |\n|---|---|---|")
    for kind in sorted({kind for kind, _ in counts.answers} | set(counts.cut)):
        by_status = {status: n for (of, status), n in counts.answers.items() if of == kind}
        shown = ", ".join(f"{status}: {n:,}" for status, n in sorted(by_status.items()))
        print(f"| {kind} | {shown} | {counts.cut[kind]} |")
    print(", ".join(f"{name}: {n}" for name, n in sorted(counts.troubles.items())))
    print(
        f"{len(counts.acknowledged):,} events acknowledged, "
        f"{len(counts.acknowledged - stored)} of them not there; "
        f"{counts.seen_listed} seen items listed"
    )


def main() -> None:
    """Run, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        versions = _versions(given.model, folder)
        turn_link(folder / "current", versions[0])
        workers = ("--workers", str(given.workers), "--deadline-ms", "1000")
        with graphrec_serving(str(folder / "current"), folder, *workers) as server:
            clients = Clients(Scorer.open(versions[0]), server.url, 0)
            troubles = Troubles(server, folder / "current", versions, clients.counts)
            asyncio.run(_soak(clients, troubles, given.requests))
        _report(clients.counts, folder / "events.db")


if __name__ == "__main__":
    main()
