"""Which folders of mapped files may be removed: those that no process has in use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graphrec.scorer.mapped_folders import InUse, making, remove_unused

OLD, NEW = "a" * 32, "b" * 32
HOLDING = """
import sys
from pathlib import Path
from graphrec.scorer.mapped_folders import InUse
in_use = InUse(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def made(parent: Path, name: str) -> Path:
    with making(parent / name) as staged:
        (staged / "file").touch()
    return parent / name


def test_what_another_process_has_in_use_stays_until_it_ends(tmp_path: Path) -> None:
    old = made(tmp_path, OLD)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(old)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        made(tmp_path, NEW)
        assert (old / "file").exists()
        in_use = InUse(tmp_path / NEW)
        assert remove_unused(tmp_path) == []
        holder.kill()
        holder.wait()
    assert remove_unused(tmp_path) == [old]
    assert in_use.is_there
    del in_use
    assert remove_unused(tmp_path) == [tmp_path / NEW]


def test_what_is_not_of_ours_stays(tmp_path: Path) -> None:
    for name in ("models", "lists-of-mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "in-use.lock").touch()
    (tmp_path / OLD).mkdir()  # without a lock
    assert remove_unused(tmp_path) == []


def test_a_folder_that_was_half_made_by_a_killed_process_is_removed(tmp_path: Path) -> None:
    half = tmp_path / ".making-x"
    half.mkdir()
    (half / "in-use.lock").touch()
    in_use = InUse(made(tmp_path, NEW))
    assert not half.exists()
    with pytest.raises(ValueError, match="no model"), making(tmp_path / OLD):
        raise ValueError("no model")
    assert [one.name for one in tmp_path.iterdir()] == [NEW]
    assert in_use.is_there


def test_a_folder_that_was_removed_before_it_was_locked_is_noticed(tmp_path: Path) -> None:
    in_use = InUse(made(tmp_path, OLD))
    assert in_use.is_there
    (tmp_path / OLD / "in-use.lock").unlink()
    assert not in_use.is_there
    (tmp_path / OLD / "in-use.lock").touch()  # another one
    assert not in_use.is_there


def test_a_folder_without_a_lock_is_used_as_it_is(tmp_path: Path) -> None:
    """On a file system without locks, or made where there are none."""
    (tmp_path / OLD).mkdir()
    assert InUse(tmp_path / OLD).is_there
    assert not InUse(tmp_path / NEW).is_there
