"""A service that watches its directory: what comes there is taken, but for what is broken."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from graphrec.service import running
from graphrec.service.settings import Settings
from tests.service.server import in_process
from tests.service.test_run import turn

LOOKS = 0.05  # seconds between looks at the directory


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_WATCH_SECONDS", LOOKS)
    monkeypatch.setattr(running, "_UNUSED_SECONDS", LOOKS)


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30.0
    while not holds():
        assert time.monotonic() < ends
        time.sleep(LOOKS)


def refused(client: httpx.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith('graphrec_reloads_total{outcome="refused"}')]
    return float(found[0].split()[-1]) if found else 0.0


def test_a_new_model_is_taken_a_broken_one_refused_and_old_files_removed(
    saved: Path, tmp_path: Path
) -> None:
    cache, link = tmp_path / "cache", tmp_path / "current"
    one, other, broken = (
        Path(shutil.copytree(saved, tmp_path / name, ignore=lambda *_: {"_mapped"}))
        for name in ("one", "other", "broken")
    )
    table = pq.read_table(other / "items")  # another file is another version
    for file in (other / "items").glob("*.parquet"):
        file.unlink()
    pq.write_table(table, other / "items" / "part-other.parquet")
    shutil.rmtree(broken / "neighbours")
    turn(link, one)
    settings = Settings(
        model=str(link), events=str(tmp_path / "events.db"), cache=str(cache), watch=True
    )
    with in_process(settings) as client:

        def model() -> str:
            return str(client.get("/readyz").json()["model"])

        first = model()
        assert [one.name for one in cache.iterdir()] == [first]
        before = refused(client)
        turn(link, broken)
        until(lambda: refused(client) > before)
        time.sleep(4 * LOOKS)
        assert refused(client) == before + 1  # and is not tried again
        assert model() == first
        turn(link, other)
        until(lambda: model() != first)
        until(lambda: [one.name for one in cache.iterdir()] == [model()])
        assert client.get("/users/u001/recommendations").status_code == 200
