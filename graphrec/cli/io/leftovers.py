"""Clean up after killed runs: staging directories whose lock file nobody holds any more.

Beside a staging directory lies a file that its run holds locked as long as it lives. Whose lock is
free is dead: the next run that writes into the same directory removes what it left. Only where the
result is on a file system of this machine; on others there are no such locks.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from graphrec.spark.locks import take_lock

OLD_SUFFIX: Final = ".old"  # the older result, while the new one replaces it

_LOCK_SUFFIX: Final = ".lock"
_LOCK_NAME: Final = re.compile(r"\.(?P<name>.+)\.graphrec-[0-9a-f]{8}\.lock")


@contextmanager
def claimed(staging: str) -> Iterator[None]:
    """Hold the lock of a staging directory during the block.

    Args:
        staging: full path, with its file system; its parent is there.
    """
    local = _local(staging)
    if local is None:
        yield
        return
    lock = local.with_name(local.name + _LOCK_SUFFIX)
    held = None
    with suppress(OSError):
        held = take_lock(lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        if held is not None:
            os.close(held)


def remove_leftovers(wanted: str) -> None:
    """Remove the staging directories that killed runs left beside a result.

    A run that was killed between its two renames has put the older result aside: it comes back.

    Args:
        wanted: full path of the result, with its file system.
    """
    local = _local(wanted)
    if local is None:
        return
    for lock in local.parent.glob(f".*{_LOCK_SUFFIX}"):
        if (left := _LOCK_NAME.fullmatch(lock.name)) is None:
            continue
        with suppress(OSError):  # another user's, or removed by another run just now
            if (held := take_lock(lock)) is not None:
                _remove(lock.with_name(lock.name.removesuffix(_LOCK_SUFFIX)), left["name"])
                lock.unlink()
                os.close(held)


def _remove(staging: Path, name: str) -> None:
    old, result = staging.with_name(staging.name + OLD_SUFFIX), staging.with_name(name)
    if old.exists() and not result.exists():
        old.rename(result)
    for folder in (staging, old):
        shutil.rmtree(folder, ignore_errors=True)


def _local(path: str) -> Path | None:
    return Path(path.removeprefix("file:")) if path.startswith("file:/") else None
