"""One folder for all temporary files of this process, and the removal of abandoned ones.

A process that ends removes its folder. One that is killed (SIGKILL, out of memory) cannot, so the
next one does: each process holds a lock on its folder while it runs, so a folder whose lock is free
is abandoned.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from graphrec.spark.locks import take_lock

_PREFIX: Final = "graphrec-"
_LOCK: Final = "lock"


@cache
def temporary_folder() -> Path:
    """The folder of this process; it is made at the first call."""
    folder, _ = _locked_folder(Path(tempfile.gettempdir()), _PREFIX)  # until the process ends
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder for the block, where a temporary one would be on another disk than the result.

    Args:
        parent: the folder that it is made in.
        prefix: what its name begins with, and that of no folder of others there.
    """
    folder, held = _locked_folder(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def remove_left_folders(parent: Path, prefix: str = _PREFIX) -> None:
    """Remove the folders of processes that are dead.

    Args:
        parent: where such folders are.
        prefix: what their names begin with.
    """
    for lock in parent.glob(f"{prefix}*/{_LOCK}"):
        with suppress(OSError):  # another user's, or removed by another process just now
            if (held := take_lock(lock)) is not None:
                shutil.rmtree(lock.parent, ignore_errors=True)
                os.close(held)


def _locked_folder(parent: Path, prefix: str) -> tuple[Path, int | None]:
    """A new folder, and what holds its lock if there can be one."""
    remove_left_folders(parent, prefix)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
    held = None
    with suppress(OSError):  # without a lock nobody else removes it
        held = take_lock(folder / _LOCK)
    folder.mkdir(exist_ok=True)  # if somebody took it for a dead one's in between
    return folder, held
