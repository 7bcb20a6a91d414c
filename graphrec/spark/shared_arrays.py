"""Arrays that every worker reads as memory-mapped files.

The driver writes each array to a file and hands it to Spark, which copies it once to every
machine; workers map the file, so that all of them on one machine share one copy in memory. It
works the same in local mode, on a cluster and under Spark Connect. Meant for tables as large as
the catalogue, not as large as the users.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from pyspark import SparkFiles, TaskContext
from pyspark.sql import SparkSession

from graphrec.kernels.types import Array, read_only
from graphrec.spark.temporary import temporary_folder


@dataclass(frozen=True)
class SharedArrays:
    """Names of arrays that Spark has distributed; small enough to travel with a task."""

    files: tuple[tuple[str, str], ...]  # (name of the array, name of its file)

    def open(self) -> dict[str, Array]:
        """The arrays, read-only; to be called where Spark runs a task."""
        return self.in_task().open()

    def in_task(self) -> ArrayPaths:
        """Where they lie on the machine of a task; to be called by it."""
        return ArrayPaths(tuple((name, SparkFiles.get(file)) for name, file in self.files))

    def on_driver(self) -> ArrayPaths:
        """Where they lie on the driver's machine, as long as this process runs."""
        folder = temporary_folder()
        return ArrayPaths(tuple((name, str(folder / file)) for name, file in self.files))


@dataclass(frozen=True)
class ArrayPaths:
    """Where arrays lie on one machine, for any process there."""

    paths: tuple[tuple[str, str], ...]  # (name of the array, path of its file)

    def open(self) -> dict[str, Array]:
        """The arrays, read-only."""
        return {name: _open(path) for name, path in self.paths}


@dataclass(frozen=True)
class ForChildProcess:
    """Shared arrays for a process that is started by a task, and does not know Spark's files.

    When a task pickles it for that process, it becomes the paths on the task's machine.
    """

    shared: SharedArrays

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """As it is for a task, and as `ArrayPaths` for what a task starts."""
        if TaskContext.get() is None:
            return ForChildProcess, (self.shared,)
        return ArrayPaths, (self.shared.in_task().paths,)


def share_arrays(spark: SparkSession, arrays: Mapping[str, Array]) -> SharedArrays:
    """Distribute arrays to all workers.

    Args:
        spark: the running session.
        arrays: contiguous arrays by name.

    Returns:
        A handle to open them by; equal arrays are distributed once.
    """
    files = []
    shared = _SHARED.setdefault(spark, set())
    for name, array in arrays.items():
        contiguous = np.ascontiguousarray(array)
        file = f"graphrec-{_digest(contiguous)}.npy"
        files.append((name, file))
        with _ADDING:
            if file not in shared:
                path = temporary_folder() / file  # tasks fetch it as late as they start
                np.save(path, contiguous)
                spark.addArtifacts(str(path), file=True)
                shared.add(file)
    return SharedArrays(tuple(files))


# An artifact cannot be added twice to a session, by two models that are fitted at a time neither.
_ADDING = Lock()
_SHARED: WeakKeyDictionary[SparkSession, set[str]] = WeakKeyDictionary()


def _digest(array: Array) -> str:
    described = hashlib.blake2b(f"{array.dtype}{array.shape}".encode(), digest_size=16)
    described.update(array.data.cast("B") if array.size else b"")
    return described.hexdigest()


@lru_cache(maxsize=64)
def _open(path: str) -> Array:
    if not _has_rows(path):  # an empty file cannot be mapped
        return read_only(np.load(path))
    return read_only(np.asarray(np.load(path, mmap_mode="r")))


def _has_rows(path: str) -> bool:
    with open(path, "rb") as file:
        version = np.lib.format.read_magic(file)
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, _ = read_header(file)
    return 0 not in shape
