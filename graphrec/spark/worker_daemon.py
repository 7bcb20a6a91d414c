"""Spark's daemon of Python workers, without what makes each of their tasks slow.

After every task a worker has Python look through all objects for garbage. Those of the libraries,
which are most of them, make that a twentieth of a second. So the daemon imports these libraries,
once for all workers that it forks, and has their objects left out (`gc.freeze`). Half of them are
tables that numba makes when it first compiles anything.

Before every task a worker drops the cached contents of its import path. Up to 3.12, Python then
reads the directory of each archive on that path again, once for each package that was looked for in
it. Spark puts its jar and `pyspark.zip` there, which costs every task a tenth of a second. Where
PySpark is installed, the same modules are there as files, so the archives are left out.

Spark runs it by `spark.python.daemon.module`, instead of `pyspark.daemon`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

_LIBRARIES: Final = ("pyspark.worker", "numba", "pandas", "pyarrow", "threadpoolctl")


def without_own_archives(path: Sequence[str]) -> list[str]:
    """An import path without the archives that lie within PySpark's own folder, if it has one."""
    folders = [entry for entry in path if not Path(entry).is_file()]
    found = PathFinder.find_spec("pyspark", folders)
    if found is None or found.origin is None:
        return list(path)
    installed = Path(found.origin).resolve().parent
    return [
        entry
        for entry in path
        if entry in folders or not Path(entry).resolve().is_relative_to(installed)
    ]


def _load_libraries() -> None:
    """What the tasks use, before workers are forked; garbage is not looked for in it again."""
    for library in _LIBRARIES:
        import_module(library)
    import_module("numba").njit("void()")(lambda: None)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Start workers until Spark closes the standard input."""
    sys.path[:] = without_own_archives(sys.path)
    sys.path_importer_cache.clear()
    _load_libraries()
    from pyspark.daemon import manager  # noqa: PLC0415  from where the path leads now

    manager()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
