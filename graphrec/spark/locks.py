"""Locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def take_lock(path: Path) -> int | None:
    """Lock a file, which is made if it is not there.

    Args:
        path: on a local disk, or on one that has such locks.

    Returns:
        A file descriptor that holds the lock until it is closed; None if another process has the
        lock, or the disk has no locks. As the holder may remove the file, the lock counts only if
        the locked file is still the one at the path.
    """
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held), path.stat()):
            return held
    except OSError:
        pass
    os.close(held)
    return None
