"""Versions of a model in one folder, of which one is current.

    FOLDER/v000001/ ...    models, each whole and never changed
    FOLDER/CURRENT         the name of the current one, one line

A version is written beside the others, renamed to its name when it is whole, and then `CURRENT` is
replaced in one step, so a reader finds the old version or the new one, and an update that fails
leaves all as it was. A reader holds a lock on its version, and what is held is not removed.
Folders are on the disks of this machine, as locks and renaming in one step are.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from graphrec.errors import InputError, ParameterError, UnreadableInputError
from graphrec.spark.locks import take_lock
from graphrec.spark.temporary import scratch_folder

CURRENT: Final = "CURRENT"
DEFAULT_KEPT: Final = 3

_IN_USE: Final = "_in_use"  # of a version: locked by those who read it
_WRITING: Final = ".writing"  # of the folder: locked by whoever adds a version
_STAGING: Final = ".graphrec-"  # how the folder begins that a version is written to
_NAME: Final = re.compile(r"v(\d{6,})")
_TRIES: Final = 5  # to hold a version that is removed meanwhile

_held: Final[dict[Path, int]] = {}  # what this process reads, and what holds the lock


def is_folder_of_versions(path: str | Path) -> bool:
    """Whether a path of this machine is a folder with a current version."""
    return (Path(path) / CURRENT).is_file()


def version_path(path: str) -> str:
    """The current version of a folder of versions; any other path as it is.

    Raises:
        UnreadableInputError: the current version is not there.
    """
    if not is_folder_of_versions(path):
        return path
    name = (Path(path) / CURRENT).read_text(encoding="utf-8").strip()
    version = Path(path) / name
    if not _NAME.fullmatch(name) or not version.is_dir():
        raise UnreadableInputError(
            f"the current version of {path} is not there",
            found=repr(name),
            fix=f"write the name of one that is there to {CURRENT}",
        )
    return str(version)


def version_beside(path: str, name: str) -> str:
    """A version of a folder of versions by its name, such as v000003; else the name as a path."""
    return str(Path(path) / name) if (Path(path) / name).is_dir() else name


def hold(path: str) -> str:
    """As `version_path`, and the version stays until `release`, or until this process ends."""
    for _ in range(_TRIES):
        version = Path(version_path(path))
        if version in _held or not (version / _IN_USE).exists():  # of no folder of versions
            return str(version) if is_folder_of_versions(path) else path
        if (lock := _shared_lock(version)) is not None:
            _held[version] = lock
            return str(version)
    raise UnreadableInputError(f"the versions in {path} are replaced too fast to be read")


def release(path: str) -> None:
    """Nobody in this process reads a version any more.

    Args:
        path: as `hold` gave it.
    """
    if (lock := _held.pop(Path(path), None)) is not None:
        os.close(lock)


@contextmanager
def held(path: str) -> Iterator[str]:
    """`hold` for a block."""
    was_held = Path(version_path(path)) in _held
    version = hold(path)
    try:
        yield version
    finally:
        if not was_held:
            release(version)


def add_version(folder: str, write: Callable[[str], object], *, keep: int = DEFAULT_KEPT) -> str:
    """Add a version, make it the current one, and remove old ones.

    Args:
        folder: is made if it is not there.
        write: writes a model to the path that it is given.
        keep: how many versions stay, beside older ones that somebody reads.

    Returns:
        The path of the version.

    Raises:
        ParameterError: `keep` is below 1.
        InputError: the folder is something else, or another process adds a version.
    """
    if keep < 1:
        raise ParameterError("keep must be at least 1", found=repr(keep))
    root = Path(folder).absolute()  # the session may be another process, elsewhere
    _require_own(root)
    root.mkdir(parents=True, exist_ok=True)
    lock = take_lock(root / _WRITING)
    if lock is None:
        raise InputError(
            f"a version is added to {folder} by another process", fix="wait until it ends"
        )
    try:
        with scratch_folder(root, _STAGING) as scratch:
            staged = scratch / "model"
            write(str(staged))
            (staged / _IN_USE).touch()
            version = root / f"v{_last_number(root) + 1:06d}"
            staged.rename(version)
            _point_to(root, version.name, scratch)
        _remove_old(root, keep)
    finally:
        os.close(lock)
    return str(Path(folder) / version.name)


def _require_own(root: Path) -> None:
    """Raise an InputError unless nothing is there, or versions, or an empty folder."""
    if not root.exists() or is_folder_of_versions(root):
        return
    if not root.is_dir() or any(not other.name.startswith(".") for other in root.iterdir()):
        raise InputError(
            f"{root} is there and is no folder of versions",
            fix="name another one, or one that is empty",
        )


def _versions(root: Path) -> dict[int, Path]:
    found = {
        int(named[1]): path for path in root.iterdir() if (named := _NAME.fullmatch(path.name))
    }
    return dict(sorted(found.items()))


def _last_number(root: Path) -> int:
    """Of the current version; what came to be after it never was current, and is removed."""
    last = 0
    if is_folder_of_versions(root):
        last = int(Path(version_path(str(root))).name[1:])
    for number, path in _versions(root).items():
        if number > last:
            shutil.rmtree(path)
    return last


def _point_to(root: Path, name: str, scratch: Path) -> None:
    pointer = scratch / CURRENT
    with pointer.open("w", encoding="utf-8") as file:
        file.write(f"{name}\n")
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(root / CURRENT)


def _remove_old(root: Path, keep: int) -> None:
    for path in list(_versions(root).values())[:-keep]:
        with suppress(OSError):  # no locks on this disk, or removed by hand just now
            if (lock := take_lock(path / _IN_USE)) is not None:
                gone = path.with_name(f"{_STAGING}{path.name}")
                path.rename(gone)  # in one step, so that nobody finds a part of it
                shutil.rmtree(gone, ignore_errors=True)
                os.close(lock)


def _shared_lock(version: Path) -> int | None:
    """What holds a version; None if it is being removed."""
    try:
        opened = os.open(version / _IN_USE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(opened), (version / _IN_USE).stat()):
            return opened
    except OSError:
        pass
    os.close(opened)
    return None
