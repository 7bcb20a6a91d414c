"""Versions are added whole or not at all, and nobody who reads is disturbed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graphrec.errors import InputError, ParameterError, UnreadableInputError
from graphrec.recommenders.versions import (
    CURRENT,
    add_version,
    held,
    hold,
    is_folder_of_versions,
    release,
    version_beside,
    version_path,
)


def writing(text: str) -> Callable[[str], None]:
    def write(path: str) -> None:
        Path(path).mkdir()
        (Path(path) / "text").write_text(text)

    return write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_the_latest_is_current_and_so_many_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    for text in "abcd":
        path = add_version(str(folder), writing(text), keep=2)
    assert is_folder_of_versions(folder)
    assert names(folder) == [CURRENT, "v000003", "v000004"]
    assert version_path(str(folder)) == path == str(folder / "v000004")
    assert (Path(path) / "text").read_text() == "d"
    assert version_beside(str(folder), "v000003") == str(folder / "v000003")
    assert version_beside(str(folder), "elsewhere") == "elsewhere"
    assert version_path(str(folder / "v000003")) == str(folder / "v000003")


def test_an_update_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    path = add_version(str(tmp_path), writing("a"))

    def fail(staged: str) -> None:
        writing("half")(staged)
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        add_version(str(tmp_path), fail)
    assert names(tmp_path) == [CURRENT, "v000001"]
    assert not list(tmp_path.glob(".graphrec-*"))
    assert version_path(str(tmp_path)) == path


def test_what_was_renamed_but_never_current_is_replaced(tmp_path: Path) -> None:
    """As after a SIGKILL between the two steps."""
    add_version(str(tmp_path), writing("a"))
    writing("killed")(str(tmp_path / "v000002"))
    assert version_path(str(tmp_path)).endswith("v000001")
    path = add_version(str(tmp_path), writing("b"))
    assert path.endswith("v000002")
    assert (Path(path) / "text").read_text() == "b"


READER = """
import sys
from graphrec.recommenders.versions import hold
print(hold(sys.argv[1]), flush=True)
sys.stdin.read()
"""


def test_what_another_process_reads_stays(tmp_path: Path) -> None:
    first = add_version(str(tmp_path), writing("a"), keep=1)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline().strip() == first
        add_version(str(tmp_path), writing("b"), keep=1)
        assert names(tmp_path) == [CURRENT, "v000001", "v000002"]
        reader.communicate()
    add_version(str(tmp_path), writing("c"), keep=1)
    assert names(tmp_path) == [CURRENT, "v000003"]


def test_what_this_process_holds_stays_until_it_is_released(tmp_path: Path) -> None:
    add_version(str(tmp_path), writing("a"), keep=1)
    first = hold(str(tmp_path))
    with held(str(tmp_path)) as again:
        assert again == first
    add_version(str(tmp_path), writing("b"), keep=1)
    assert names(tmp_path) == [CURRENT, "v000001", "v000002"]
    release(first)
    add_version(str(tmp_path), writing("c"), keep=1)
    assert names(tmp_path) == [CURRENT, "v000003"]


def test_what_is_no_folder_of_versions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="keep must be at least 1"):
        add_version(str(tmp_path), writing("a"), keep=0)
    (tmp_path / "model").mkdir()
    with pytest.raises(InputError, match="no folder of versions"):
        add_version(str(tmp_path), writing("a"))
    (tmp_path / CURRENT).write_text("v000009\n")
    with pytest.raises(UnreadableInputError, match=r"current version of .* is not there"):
        hold(str(tmp_path))


def test_one_process_adds_a_version_at_a_time(tmp_path: Path) -> None:
    def meanwhile(path: str) -> None:
        with pytest.raises(InputError, match=r"is added to .* by another process"):
            add_version(str(tmp_path), writing("b"))
        writing("a")(path)

    add_version(str(tmp_path), meanwhile)
    assert names(tmp_path) == [CURRENT, "v000001"]
