"""A session that stays, and the verbs that use it: in processes of their own, as users run them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graphrec.kernels.user_cache import user_cache
from graphrec.spark.warm_session import SETTING
from tests.quick_spark import quick_variables

pytestmark = pytest.mark.slow

RECOMMEND = ("recommend", "ratings.csv", "--out", "lists", "--weights", "walk=1", "-k", "3")


@dataclass(frozen=True)
class Place:
    """A folder with interactions, and a cache in which a session can stay."""

    folder: Path

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command line there."""
        own = {name: text for name, text in os.environ.items() if name != SETTING}
        cache = {"XDG_CACHE_HOME": str(self.folder / "cache")}
        return subprocess.run(
            [sys.executable, "-m", "graphrec", *arguments],
            cwd=self.folder,
            env=own | quick_variables() | cache | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def record(self) -> dict[str, Any]:
        """How the session that stays is reached."""
        path = self.folder / "cache" / "graphrec" / "session" / "session.json"
        record: dict[str, Any] = json.loads(path.read_text())
        return record


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, ratings: Path) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("session")
    cache = folder / "cache" / "graphrec"
    cache.mkdir(parents=True)
    for name in ("jars", "class-archives", "kernels"):  # what is made once is not made again
        (user_cache() / name).mkdir(parents=True, exist_ok=True)
        (cache / name).symlink_to(user_cache() / name)
    shutil.copy(ratings, folder / "ratings.csv")
    place = Place(folder)
    started = place.run("session", "start", "--memory", "1g", "--idle-minutes", "5")
    assert started.returncode == 0, started.stderr
    assert "memory 1g; it ends after 5 minutes without work" in started.stdout
    yield place
    place.run("session", "stop")


def test_verbs_use_it_with_the_paths_of_their_own_folder(place: Place) -> None:
    done = place.run(*RECOMMEND, "--save-model", "model")
    assert done.returncode == 0, done.stderr
    assert "running session" in done.stderr
    assert "start Spark" not in done.stderr
    assert done.stderr.endswith("written to lists\n")
    assert (place.folder / "lists" / "_run.json").is_file()
    explained = place.run("explain", "--model", "model", "1", "a3", "--out", "explained")
    assert explained.returncode == 0, explained.stderr
    assert "running session" in explained.stderr
    assert f"process {place.record()['pid']}, memory 1g" in place.run("session", "status").stdout


def test_a_failed_run_leaves_the_output_as_it_was(place: Place) -> None:
    before = {
        path: path.read_bytes() for path in (place.folder / "lists").iterdir() if path.is_file()
    }
    again = place.run(*RECOMMEND)
    assert again.returncode == 2
    last = again.stderr.splitlines()[-1]
    assert last.endswith("is there already; choose another directory, or give --overwrite")
    inside = place.run("recommend", "ratings.csv", "--out", "ratings.csv/lists")
    assert inside.returncode == 2
    assert "the output ratings.csv/lists is in ratings.csv" in inside.stderr
    broken = place.run("recommend", "absent.csv", "--out", "lists", "--overwrite")
    assert broken.returncode == 2
    assert broken.stderr.splitlines()[-1].startswith("graphrec: absent.csv does not exist")
    assert {path: path.read_bytes() for path in before} == before


def test_who_has_no_token_is_refused(place: Place) -> None:
    address = f"sc://localhost:{place.record()['port']}/;token=wrong"
    refused = place.run(*RECOMMEND, "--overwrite", SPARK_REMOTE=address)
    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert last.startswith("graphrec: the Spark Connect server refuses to work; found ")
    assert "token" in last.lower()


def test_a_killed_one_is_not_missed(place: Place) -> None:
    os.kill(place.record()["pid"], signal.SIGKILL)
    ended = place.run("session", "status")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "graphrec: no session runs; graphrec session start\n"
    assert place.run("session", "stop").stdout == "no session runs\n"
