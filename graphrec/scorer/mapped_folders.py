"""Folders of files that processes have mapped, and the removal of those that none has any more.

Each process that has a folder open holds a shared lock on a file in it, as long as the model that
came from it is in use. A folder of which all locks are free may be removed: whoever needs it again
makes it again. Where there are no locks, on some file systems of networks, nothing is removed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from graphrec.spark.locks import take_lock

_LOCK: Final = "in-use.lock"
_TRIES: Final = 3  # at a folder that others remove
_NAMES: Final = re.compile(r"(lists-)?[0-9a-f]{32}|\.making-.+")  # a folder may have others, too


class InUse:
    """A folder that nobody removes while this object lives."""

    def __init__(self, folder: Path) -> None:
        """Take a share of the folder's lock; where it cannot be had, the folder may be removed."""
        self._lock, self._held = folder / _LOCK, -1
        with suppress(OSError):  # a file system without locks
            self._held = os.open(self._lock, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._held)
            fcntl.flock(self._held, fcntl.LOCK_SH)

    @property
    def is_there(self) -> bool:
        """Whether the folder was not removed just before it was locked."""
        if self._held < 0:
            return self._lock.parent.is_dir()
        try:
            return os.path.samestat(os.fstat(self._held), self._lock.stat())
        except FileNotFoundError:
            return False


def in_use(file: Path, make: Callable[[], None]) -> InUse:
    """The lock of a folder, which is made if it is not there, or was removed just now.

    Args:
        file: of the folder; where it is there, the folder is whole.
        make: makes the folder.
    """
    for _ in range(_TRIES):
        if not file.exists():
            make()
        held = InUse(file.parent)
        if held.is_there and file.exists():
            break
    return held  # whoever reads a folder that is still not whole says so


@contextmanager
def making(place: Path) -> Iterator[Path]:
    """Yield a folder beside a place, which is renamed into it after the block.

    If another process was quicker, its folder stays. What no process uses any more is removed.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    remove_unused(place.parent)
    staged = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
    try:
        (staged / _LOCK).touch()
        _held = InUse(staged)  # of the folder, whatever it is called
        yield staged
        staged.chmod(0o755)
        try:
            staged.rename(place)
        except OSError:  # another process was quicker
            if not place.exists():
                raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def remove_unused(parent: Path) -> list[Path]:
    """Remove the folders of mapped files that no process has in use.

    Args:
        parent: where they are.

    Returns:
        those that were removed.
    """
    removed = []
    for lock in parent.glob(f"*/{_LOCK}"):
        folder = lock.parent
        if not _NAMES.fullmatch(folder.name):
            continue
        with suppress(OSError):  # read-only, another user's, or removed by another just now
            if (held := take_lock(lock)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(held)
                removed.append(folder)
    return removed
