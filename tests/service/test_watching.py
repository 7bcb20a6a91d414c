"""A service that watches its directory: what comes there is taken, but for what is broken."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from graphrec.recommenders.versions import add_version
from graphrec.scorer.saved_model import read_card
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


def copied(saved: Path, folder: Path, *, other: bool = False) -> Path:
    """A model of its own; one whose files are other ones is another version."""
    shutil.copytree(saved, folder, ignore=lambda *_: {"_mapped"})
    if other:
        table = pq.read_table(folder / "items")
        for file in (folder / "items").glob("*.parquet"):
            file.unlink()
        pq.write_table(table, folder / "items" / "part-other.parquet")
    return folder


def served(client: httpx.Client) -> str:
    return str(client.get("/readyz").json()["model"])


def test_an_update_of_a_folder_of_versions_is_taken(saved: Path, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    add_version(str(versions), lambda path: copied(saved, Path(path)))
    settings = Settings(model=str(versions), events=str(tmp_path / "events.db"), watch=True)
    with in_process(settings) as client:
        first = served(client)
        add_version(str(versions), lambda path: copied(saved, Path(path), other=True), keep=1)
        until(lambda: served(client) != first)
        assert client.get("/users/u001/recommendations").status_code == 200
    assert read_card(versions) == read_card(saved)


def test_a_new_model_is_taken_a_broken_one_refused_and_old_files_removed(
    saved: Path, tmp_path: Path
) -> None:
    cache, link = tmp_path / "cache", tmp_path / "current"
    one, broken = (copied(saved, tmp_path / name) for name in ("one", "broken"))
    other = copied(saved, tmp_path / "other", other=True)
    shutil.rmtree(broken / "neighbours")
    turn(link, one)
    settings = Settings(
        model=str(link), events=str(tmp_path / "events.db"), cache=str(cache), watch=True
    )
    with in_process(settings) as client:
        first = served(client)
        assert [one.name for one in cache.iterdir()] == [first]
        before = refused(client)
        turn(link, broken)
        until(lambda: refused(client) > before)
        time.sleep(4 * LOOKS)
        assert refused(client) == before + 1  # and is not tried again
        assert served(client) == first
        turn(link, other)
        until(lambda: served(client) != first)
        until(lambda: [one.name for one in cache.iterdir()] == [served(client)])
        assert client.get("/users/u001/recommendations").status_code == 200
