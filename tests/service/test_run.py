"""What happens to a service: it is killed, its model is replaced, its tokens are wrong."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pyarrow.parquet as pq
import pytest

import graphrec as gr
from graphrec.service.events import EventStore
from tests.documents import ROOT
from tests.service.server import Server, serving

CLICK = {"kind": "click", "time": 1.8e9}
TOKENS = {
    "GRAPHREC_TOKEN": "read-me",
    "GRAPHREC_EVENTS_TOKEN": "write-me",
    "GRAPHREC_ADMIN_TOKEN": "rule-me",
}


def send_until_gone(url: str, sender: int, acknowledged: list[str], others: list[int]) -> None:
    """Events one after the other; ids of those that the service says it has, other statuses."""
    with httpx.Client(base_url=url, timeout=5.0) as client:
        for number in range(10_000):
            name = f"{sender}-{number}"
            event = CLICK | {"user": f"k{sender}", "item": "m001", "id": name}
            try:
                status = client.post("/events", json=event).status_code
                if status == 201:
                    acknowledged.append(name)
                else:
                    others.append(status)
            except httpx.TransportError:
                return


def wait_for(found: list[Any], size: int) -> None:
    while len(found) < size:
        time.sleep(0.01)


def test_after_a_full_disk_and_a_kill_every_acknowledged_event_is_there(
    saved: Path, tmp_path: Path
) -> None:
    """A file that may not grow is what a process sees of a full disk."""
    events, acknowledged, others = tmp_path / "events.db", list[str](), list[int]()
    full = {"user": "k0", "item": "m001", "kind": "click"}
    with serving(saved, events) as server:
        senders = [
            threading.Thread(target=send_until_gone, args=(server.url, one, acknowledged, others))
            for one in range(4)
        ]
        for sender in senders:
            sender.start()
        wait_for(acknowledged, 100)
        process = psutil.Process(server.process.pid)
        process.rlimit(psutil.RLIMIT_FSIZE, (4096, psutil.RLIM_INFINITY))
        wait_for(others, 20)
        answer = server.client.post("/events", json=full)
        assert answer.status_code in (503, 507)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "not stored" in answer.json()["detail"]
        assert server.client.get("/users/k0/recommendations").status_code == 200
        process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        wait_for(acknowledged, len(acknowledged) + 50)
        server.end(signal.SIGKILL)
        for sender in senders:
            sender.join()
    out = tmp_path / "exported"
    exported = [sys.executable, "-m", "graphrec", "export-events", str(saved)]
    exported += ["--events", str(events), "--out", str(out)]
    subprocess.run(exported, cwd=ROOT, check=True, capture_output=True)
    table = pq.read_table(out / "events.parquet")
    assert set(others) <= {503, 507}
    assert set(acknowledged) <= set(table["id"].to_pylist())
    read = pq.read_table(out / "interactions.parquet")
    assert read.column_names == ["userId", "movieId", "rating", "timestamp"]
    assert read.num_rows == table.num_rows
    store = EventStore(events)  # what a service that starts again reads
    assert sum(len(store.of_user(f"k{one}")) for one in range(4)) == table.num_rows
    store.close()


def test_a_model_is_replaced_under_load_and_a_broken_one_is_refused(
    saved: Path, tmp_path: Path
) -> None:
    """Two versions and a link that is turned; two workers; no request fails, no list is mixed."""
    versions = [tmp_path / "one", tmp_path / "two", tmp_path / "broken"]
    for version in versions:
        shutil.copytree(saved, version, ignore=lambda *_: {"_mapped"})
    table = pq.read_table(versions[1] / "items")  # another file is another version
    for file in (versions[1] / "items").glob("*.parquet"):
        file.unlink()
    pq.write_table(table, versions[1] / "items" / "part-two.parquet")
    shutil.rmtree(versions[2] / "neighbours")
    current = tmp_path / "current"
    turn(current, versions[0])
    answers: list[tuple[int, str]] = []
    done = threading.Event()
    with serving(current, tmp_path / "events.db", ["--workers", "2"]) as server:
        load = [
            threading.Thread(target=ask_until, args=(server.url, done, answers)) for _ in range(2)
        ]
        for one in load:
            one.start()
        digests = [server.client.get("/readyz").json()["model"]]
        turn(current, versions[1])
        answer = server.client.post("/reload")
        assert answer.json()["changed"] is True
        digests.append(answer.json()["model"])
        turn(current, versions[2])
        refused = server.client.post("/reload")
        assert refused.status_code == 409
        assert "the table neighbours" in refused.json()["detail"]
        until_all_workers_have(server, digests[1])
        done.set()
        for one in load:
            one.join()
        assert server.end() == 0
    assert {status for status, _ in answers} == {200}
    assert {digest for _, digest in answers} == set(digests)
    assert len(set(digests)) == 2


def turn(link: Path, to: Path) -> None:
    """Turn a link at once: no moment without a model."""
    new = link.with_suffix(".new")
    new.symlink_to(to)
    new.replace(link)


def ask_until(url: str, done: threading.Event, answers: list[tuple[int, str]]) -> None:
    while not done.is_set():
        with httpx.Client(base_url=url, timeout=30.0) as client:  # perhaps another worker
            answer = client.get("/users/u001/recommendations?k=3")
        answers.append((answer.status_code, answer.json().get("model", "")))


def until_all_workers_have(server: Server, digest: str) -> None:
    ends = time.monotonic() + 30.0
    same = 0
    while same < 20:
        assert time.monotonic() < ends
        with httpx.Client(base_url=server.url) as client:
            same = same + 1 if client.get("/readyz").json()["model"] == digest else 0


def test_tokens_rates_stored_lists_and_hangup(
    saved: Path, scorer: gr.Scorer, tmp_path: Path
) -> None:
    options = ["--lists", str(saved.parent / "lists"), "--deadline-ms", "1", "--rate", "20"]
    with serving(saved, tmp_path / "events.db", options, **TOKENS) as server:
        client = server.client

        def status(method: str, address: str, token: str) -> int:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            return client.request(method, address, headers=headers, json={}).status_code

        assert [status("GET", "/model", one) for one in ("", "write-me", "read-m", "read-me")] == [
            *(401, 401, 401, 200)
        ]
        assert [status("POST", "/events", one) for one in ("read-me", "write-me")] == [401, 422]
        assert [status("POST", "/reload", one) for one in ("write-me", "rule-me")] == [401, 200]
        assert status("GET", "/model", "rule-me") == 200
        rows = client.get("/users/u002/recommendations?k=20", headers=bearer("read-me")).json()
        seen = {scorer.model.items[int(one)] for one in scorer.history("u002").items}
        listed = rows["recommendations"]
        assert len(listed) == 20
        assert not seen & {row["item"] for row in listed}
        assert {row["source"] for row in listed} <= {"stored", "personal"}
        server.process.send_signal(signal.SIGHUP)
        statuses = [status("GET", "/model", "read-me") for _ in range(80)]
        assert set(statuses) == {200, 429}
        assert status("GET", "/model", "rule-me") == 200  # another client
        assert "read-me" not in server.log.read_text()
        assert server.end() == 0


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL", "--host", "0.0.0.0"], "needs tokens; found --host 0.0.0.0"),
        (["nowhere"], "nowhere; give the directory"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(
    arguments: list[str], message: str, saved: Path, tmp_path: Path
) -> None:
    named = [str(saved) if one == "MODEL" else one for one in arguments]
    command = [sys.executable, "-m", "graphrec", "serve", *named]
    command += ["--events", str(tmp_path / "events.db")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr
