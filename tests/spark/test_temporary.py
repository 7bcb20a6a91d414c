"""What killed processes left is removed, and nothing of those that live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphrec.spark.temporary import remove_left_folders, scratch_folder

OWNER = """
import sys
from graphrec.spark.temporary import temporary_folder
print(temporary_folder(), flush=True)
sys.stdin.read()
"""


class Owner:
    """A process with a temporary folder."""

    def __init__(self, parent: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER],
            env=os.environ | {"TMPDIR": str(parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.folder = Path(self.process.stdout.readline().strip())

    def end(self, number: signal.Signals | None = None) -> None:
        if number is not None:
            self.process.send_signal(number)
        self.process.communicate()


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[Owner]:
    owner = Owner(tmp_path)
    yield owner
    owner.end()


def test_only_folders_of_dead_processes_are_removed(tmp_path: Path, alive: Owner) -> None:
    dead = Owner(tmp_path)
    (dead.folder / "spark").mkdir()
    (dead.folder / "spark" / "shuffle").write_text("much")
    (tmp_path / "graphrec-mine").mkdir()  # has no lock
    dead.end(signal.SIGKILL)
    assert dead.folder.is_dir()
    next_one = Owner(tmp_path)
    assert set(tmp_path.iterdir()) == {
        alive.folder,
        next_one.folder,
        tmp_path / "graphrec-mine",
    }
    next_one.end()
    assert not next_one.folder.exists()  # who ends cleans up


def test_a_folder_for_a_block_is_removed_at_its_end_or_by_the_next_one(tmp_path: Path) -> None:
    left = tmp_path / ".lookup-left"
    left.mkdir()
    (left / "lock").write_text("")  # whoever had it is dead
    with scratch_folder(tmp_path, ".lookup-") as folder:
        with scratch_folder(tmp_path, ".lookup-") as other:
            assert set(tmp_path.iterdir()) == {folder, other}
        assert set(tmp_path.iterdir()) == {folder}
    assert list(tmp_path.iterdir()) == []


def test_what_vanishes_meanwhile_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "graphrec-x").mkdir()
    (tmp_path / "graphrec-x" / "lock").symlink_to(tmp_path / "none" / "lock")
    remove_left_folders(tmp_path)
    assert (tmp_path / "graphrec-x").is_dir()
