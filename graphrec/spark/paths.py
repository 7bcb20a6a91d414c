"""Paths as the session takes them: under Spark Connect another process opens the files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from graphrec.spark.connect import server_is_here

_SCHEME: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:(?=/)")


def has_scheme(path: str) -> bool:
    """Whether a path names its file system, as `s3://bucket/lists` and `file:/lists` do."""
    return _SCHEME.match(path) is not None


def path_for(spark: SparkSession, path: str) -> str:
    """A path that means to the session what it means to this process.

    A relative path is one from this process's working directory. A Spark Connect server on this
    machine has another one, so it gets the full path. For a server on another machine nothing is
    changed: its own file system is meant, for it does not see this one.
    """
    if not is_remote() or has_scheme(path) or not server_is_here(spark):
        return path
    return str(Path(path).absolute())
