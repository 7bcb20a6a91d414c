"""The cache of compiled kernels: a folder for each version of their sources.

Numba takes the machine code of a kernel for current as long as the kernel's own file is unchanged.
So it misses a change of a function in another file that was compiled into the kernel, and it fails
on a cached signature whose class no longer exists. An upgrade of the package does both. Therefore
each version of the sources, identified by a digest, has a cache folder of its own.

That folder is the user's and not the installation's: what was compiled in one environment, or one
clone, serves all others of the same sources. Numba itself would tell them apart by their paths.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import UserProvidedCacheLocator

from graphrec.kernels.user_cache import user_cache

_config: Any = numba.config  # its names are made at run time
_PACKAGE = Path(__file__).parents[1]
_MARKS = (b"jit", b"NamedTuple")  # of files that compile functions, or define what these take
MAX_VERSIONS = 8  # of the sources whose machine code is kept: some 15 MB each


class SourcesLocator(UserProvidedCacheLocator):
    """Where numba keeps the machine code of a function.

    Of the package's own sources the folder's name says all, so neither the path of the package nor
    the time at which a file was written matters. Of others, numba's rules hold.
    """

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> Any:
        """The folder of a source file's machine code, below that of all."""
        path = Path(py_file)
        if path.is_relative_to(_PACKAGE):
            return str(path.parent.relative_to(_PACKAGE))
        return super().get_suitable_cache_subpath(py_file)  # type: ignore[no-untyped-call]

    def get_source_stamp(self) -> Any:
        """What must be equal for machine code to be that of the source."""
        if Path(self._py_file).is_relative_to(_PACKAGE):
            return ""
        return super().get_source_stamp()  # type: ignore[no-untyped-call]


@contextmanager
def kept_by_sources() -> Iterator[bool]:
    """Let what is decorated meanwhile be kept in the folder of the present sources.

    Yields whether there is such a folder: where no folder can be written to, nothing can be kept.
    """
    before = _config.CACHE_DIR, _config.CACHE_LOCATOR_CLASSES
    folder = _folder()
    if folder is not None:
        _config.CACHE_DIR = str(folder)
        _config.CACHE_LOCATOR_CLASSES = f"{__name__}.{SourcesLocator.__name__}"
    try:
        yield folder is not None
    finally:
        _config.CACHE_DIR, _config.CACHE_LOCATOR_CLASSES = before


@cache
def _folder() -> Path | None:
    """The folder of the present sources: in `NUMBA_CACHE_DIR`, or the user's cache.

    Where that cannot be written to, as in many a container, it is in the package. From a folder
    that the user named nothing is removed.
    """
    name = f"kernels-{sources_digest(_PACKAGE)}"
    if _config.CACHE_DIR:
        return _writable(Path(_config.CACHE_DIR) / name)
    for parent in (user_cache() / "kernels", _PACKAGE / "__pycache__"):
        folder = _writable(parent / name)
        if folder is not None:
            _remove_oldest(folder)
            return folder
    return None


def _writable(folder: Path) -> Path | None:
    """The folder, made and marked as used now, or None if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    return folder


def _remove_oldest(used: Path) -> None:
    """Remove what was used longest ago, so that versions of the sources do not pile up."""
    with suppress(OSError):  # somebody else removes them at this moment
        others = [path for path in used.parent.glob("kernels-*") if path != used]
        others.sort(key=lambda path: -path.stat().st_mtime)
        for folder in others[MAX_VERSIONS - 1 :]:
            shutil.rmtree(folder, ignore_errors=True)


def sources_digest(package: Path) -> str:
    """A name for the contents of all files that machine code may be made of.

    These are the files of `kernels`, whose constants are compiled in as well, and all others that
    compile functions or define tuples for them.
    """
    digest = sha256()
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if path.parent == package / "kernels" or any(mark in source for mark in _MARKS):
            digest.update(source)
    return digest.hexdigest()[:16]
