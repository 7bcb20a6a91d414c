"""One folder for all temporary files of this process, and the removal of those that were left.

A process that ends removes its folder. One that is killed (SIGKILL, out of memory) cannot, so the
next one does: each holds a lock on its folder as long as it lives, and whose lock is free is dead.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from graphrec.locks import take_lock

_PREFIX: Final = "graphrec-"
_LOCK: Final = "lock"


@cache
def temporary_folder() -> Path:
    """The folder of this process; it is made at the first call."""
    remove_left_folders(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with suppress(OSError):  # without a lock nobody else removes it
        take_lock(folder / _LOCK)  # held until the process ends
    folder.mkdir(exist_ok=True)  # if somebody took it for a dead one's in between
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remove_left_folders(place: Path) -> None:
    """Remove the folders of processes that are dead.

    Args:
        place: where such folders are.
    """
    for lock in place.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # another user's, or removed by another process just now
            if (held := take_lock(lock)) is not None:
                shutil.rmtree(lock.parent, ignore_errors=True)
                os.close(held)
