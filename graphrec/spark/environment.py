"""What this machine offers to graphrec: the facts that `graphrec doctor` prints.

Nothing here starts a Spark session; only the lookup of the GraphFrames jar may use the network.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from graphrec.errors import GraphrecError, ParameterError
from graphrec.spark.class_archive import (
    SETTING,
    describe_archive,
    find_obstacle,
    is_wanted,
)
from graphrec.spark.extras import GRAPH, REPORTS, Extra, how_to_install
from graphrec.spark.jars import JAR_VARIABLE, OFFICIAL, find_graphframes_jars
from graphrec.spark.java import HOW_TO_GET, require_java
from graphrec.spark.jvm import spark_home
from graphrec.spark.machine import GIBIBYTE, cores, memory_bytes
from graphrec.spark.maven import cache_folder

_BLAS_USE: Final = 'only ALSRecommender(engine="mllib") uses it'
MIN_MEMORY: Final = 2 * GIBIBYTE
MIN_DISK: Final = 2 * GIBIBYTE

# The library that MLlib's netlib loads, and who made it. Found in a process of its
# own, because loading a BLAS starts its threads.
_BLAS_PROBE: Final = """
import ctypes
blas = ctypes.CDLL("libblas.so.3")
makers = {"openblas_get_config": "OpenBLAS", "MKL_Get_Version_String": "MKL",
          "bli_info_get_version_str": "BLIS"}
print(next((name for symbol, name in makers.items() if hasattr(blas, symbol)), "reference"))
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One fact about the machine.

    Attributes:
        name: what was looked at.
        ok: whether graphrec works well with it.
        value: what was found.
        fix: what to do about it, or None when all is well.
        needed: whether graphrec needs it at all; if not, a part of graphrec needs it, or works
            better with it.
    """

    name: str
    ok: bool
    value: str
    fix: str | None = None
    needed: bool = True

    @property
    def stops(self) -> bool:
        """Whether graphrec cannot be used here because of it."""
        return self.needed and not self.ok


def check_environment() -> Iterator[Check]:
    """Check everything that graphrec depends on, one thing at a time."""
    yield _python()
    java = _java()
    yield java
    spark = _spark()
    yield spark
    if java.ok and spark.ok:
        yield _class_archive()
    yield _package("pyarrow")
    yield _package("numba")
    yield _memory()
    yield Check("cores", ok=True, value=str(cores()))
    yield _jvm_blas()
    yield _extra(REPORTS, "HTML pages")
    yield _extra(GRAPH, "explore and model.graph")
    if not GRAPH.missing() or JAR_VARIABLE in os.environ:
        yield _graphframes()
    yield _temporary_space()


def _python() -> Check:
    return Check("Python", ok=True, value=f"{platform.python_version()} at {sys.executable}")


def _java() -> Check:
    try:
        java = require_java()
    except GraphrecError as error:
        return _failure("Java", error, HOW_TO_GET)
    return Check("Java", ok=True, value=f"{java.version} at {java.path}")


def _spark() -> Check:
    """The Python side and the jars must be of one version; SPARK_HOME can point to another."""
    version = metadata.version("pyspark")
    home = spark_home()
    same = any((home / "jars").glob(f"spark-core_*-{version}.jar"))
    return Check(
        "Spark",
        same,
        f"PySpark {version}, jars in {home}",
        None if same else f"unset SPARK_HOME, or let it point to Spark {version}",
    )


def _class_archive() -> Check:
    """The file that makes a session start sooner, of sessions with no settings of their own."""
    name, fix = "class archive", "only the start of sessions takes some seconds longer"
    java = require_java()
    try:
        if not is_wanted():
            return Check(name, ok=True, value=f"off, by {SETTING}")
        obstacle = find_obstacle(java, {})
        if obstacle is None:
            return Check(name, ok=True, value=describe_archive(java, {}))
    except ParameterError as error:
        return _failure(name, error, f"unset {SETTING}")
    except OSError as error:
        obstacle = str(error)
    return Check(name, ok=False, value=f"none: {obstacle}", fix=fix, needed=False)


def _package(name: str) -> Check:
    try:
        return Check(name, ok=True, value=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, ok=False, value="not installed", fix=f"pip install {name}")


def _memory() -> Check:
    memory = memory_bytes()
    return Check(
        "memory",
        memory >= MIN_MEMORY,
        f"{memory / GIBIBYTE:.1f} GiB",
        None if memory >= MIN_MEMORY else "all but small data need 2 GiB or more",
        needed=False,
    )


def _jvm_blas() -> Check:
    """The native BLAS that MLlib finds; graphrec's own ALS does not need it."""
    name = "BLAS of the JVM"
    if platform.system() != "Linux":  # MLlib has a native bridge for Linux only
        return Check(name, ok=True, value="Java's own: there is no native one on this system")
    probe = subprocess.run(
        [sys.executable, "-c", _BLAS_PROBE], capture_output=True, text=True, check=False
    )
    maker = probe.stdout.strip() or "none"
    fast = maker not in {"none", "reference"}
    return Check(
        name,
        fast,
        f"{maker} (libblas.so.3)",
        None if fast else f"{_BLAS_USE}; `apt-get install libopenblas0` makes it 3.4 times faster",
        needed=False,
    )


def _extra(extra: Extra, use: str) -> Check:
    """Whether an extra is installed."""
    missing = ", ".join(extra.missing())
    return Check(
        f"extra {extra.name}",
        not missing,
        f"{missing} not installed" if missing else "installed",
        f"only {use} need it: {how_to_install(extra)}" if missing else None,
        needed=False,
    )


def _graphframes() -> Check:
    fix = (
        f"only explore and model.graph need it: allow access to Maven, or download {OFFICIAL} and "
        f"set {JAR_VARIABLE} to its path"
    )
    try:
        jars = find_graphframes_jars()
    except GraphrecError as error:
        # No session starts with a jar that is named and not there.
        return _failure("GraphFrames jar", error, fix, needed=isinstance(error, ParameterError))
    found = ", ".join(jars) or f"none (Maven's answer is kept in {cache_folder()})"
    return Check("GraphFrames jar", bool(jars), found, None if jars else fix, needed=False)


def _temporary_space() -> Check:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    enough = free >= MIN_DISK and writable
    return Check(
        "temporary folder",
        enough,
        f"{folder} for checkpoints and shuffles, {free / GIBIBYTE:.1f} GiB free"
        + ("" if writable else ", not writable"),
        None if enough else "set TMPDIR to a folder to write to, with 2 GiB free or more",
        needed=not writable,
    )


def _failure(name: str, error: GraphrecError, fix: str, *, needed: bool = True) -> Check:
    return Check(name, False, error.found or error.wrong, error.fix or fix, needed)
