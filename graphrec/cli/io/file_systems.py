"""Directories and small files, wherever Spark writes: local disks, HDFS, object stores.

A classic session has Hadoop's file systems in its JVM (`hadoop_files.py`). A Spark Connect client
has no JVM, so there pyarrow's are used, which know the same kinds of paths (`arrow_files.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from graphrec.errors import InputError


class Files(Protocol):
    """What results need of a file system.

    Paths are full ones, with their file system, as `qualified` gives them.
    """

    def qualified(self, path: str) -> str:
        """The full path, with its file system."""

    def location(self, path: str) -> tuple[tuple[str, str | None], Path]:
        """((scheme, host), path) of any path, with the links of a local one followed."""

    def beside(self, path: str, name: str) -> str:
        """Another path in the same directory; {} in `name` is the name of the path."""

    def parent(self, path: str) -> str:
        """The directory that a path is in."""

    def names(self, path: str) -> set[str] | None:
        """What is in a directory, None if it is not there; in a file there is something else."""

    def make(self, path: str) -> None:
        """Make a directory and those above it."""

    def rename(self, source: str, target: str) -> None:
        """Rename to a path that is not there."""

    def delete(self, path: str) -> None:
        """Delete a directory with all that is in it."""

    def write(self, path: str, text: str) -> None:
        """Write a small file."""


def root_error(path: str) -> InputError:
    """The error that a path has no directory around it."""
    return InputError(f"{path} is the root of a file system", fix="write to a directory")
