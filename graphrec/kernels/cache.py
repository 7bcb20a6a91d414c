"""The cache of compiled kernels: a folder for each version of their sources.

Numba takes the machine code of a kernel for current as long as the kernel's own file is unchanged.
So it misses a change of a function in another file that was compiled into the kernel, and it fails
on a cached signature whose class no longer exists. An upgrade of the package does both. Therefore
each version of the sources, identified by a digest, has a cache folder of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba

_config: Any = numba.config  # its names are made at run time
_PACKAGE = Path(__file__).parents[1]
_MARKS = (b"jit", b"NamedTuple")  # of files that compile functions, or define what these take


@contextmanager
def kept_by_sources() -> Iterator[None]:
    """Let what is decorated meanwhile be kept in the folder of the present sources.

    It lies in the package, or in `NUMBA_CACHE_DIR`; where neither can be written to, numba finds
    another folder.
    """
    named = _config.CACHE_DIR
    _config.CACHE_DIR = str(Path(named) / _folder().name if named else _folder())
    try:
        yield
    finally:
        _config.CACHE_DIR = named


@cache
def _folder() -> Path:
    """The folder of the present sources in the package; those of former ones are removed there.

    A folder that the user named may be shared with other versions, so nothing is removed from it.
    """
    folder = _PACKAGE / "__pycache__" / f"kernels-{sources_digest(_PACKAGE)}"
    for other in folder.parent.glob("kernels-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


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
