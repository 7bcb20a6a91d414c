"""What killed runs leave beside a result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from graphrec.cli.io.leftovers import claimed, remove_leftovers

KILLED = """
import os, signal, sys
from pathlib import Path
from graphrec.cli.io.leftovers import claimed

with claimed("file:" + sys.argv[1]):
    Path(sys.argv[1]).mkdir()
    Path(sys.argv[1], "half").write_text("half")
    for name in sys.argv[2:]:
        Path(name).rename(sys.argv[1] + ".old")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(staging: Path, *put_aside: Path) -> None:
    """A run that is killed while it writes, or after it has put the older result aside."""
    command = [sys.executable, "-c", KILLED, str(staging), *map(str, put_aside)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert (staging / "half").is_file()


def test_the_next_run_removes_what_dead_runs_left_and_nothing_else(tmp_path: Path) -> None:
    killed(tmp_path / ".out.graphrec-0123abcd")
    killed(tmp_path / ".other [x].graphrec-0123abce")
    for name in (".out.graphrec-01230000", ".git", ".mine.lock"):  # whose they are nobody knows
        (tmp_path / name).mkdir()
    alive = tmp_path / ".out.graphrec-0123abcf"
    with claimed(f"file:{alive}"):
        alive.mkdir()
        remove_leftovers(f"file:{tmp_path}/out")
        assert sorted(os.listdir(tmp_path)) == [
            *(".git", ".mine.lock", ".out.graphrec-01230000"),
            *(alive.name, f"{alive.name}.lock"),
        ]
    assert not (tmp_path / f"{alive.name}.lock").exists()


def test_an_older_result_that_was_put_aside_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "_run.json").write_text("older")
    killed(tmp_path / ".out.graphrec-0123abcd", out)
    assert not out.exists()
    remove_leftovers(f"file:{tmp_path}/others")
    assert os.listdir(tmp_path) == ["out"]
    assert (out / "_run.json").read_text() == "older"


def test_an_older_result_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    killed(tmp_path / ".out.graphrec-0123abcd", out)
    out.mkdir()
    (out / "_run.json").write_text("newer")
    remove_leftovers(f"file:{out}")
    assert os.listdir(tmp_path) == ["out"]
    assert (out / "_run.json").read_text() == "newer"


def test_other_file_systems_and_folders_that_are_not_there_are_left_alone(tmp_path: Path) -> None:
    remove_leftovers(f"file:{tmp_path}/none/out")
    remove_leftovers("hdfs://host/out")
    with claimed("hdfs://host/.out.graphrec-0123abcd"):
        pass
    assert os.listdir(tmp_path) == []
