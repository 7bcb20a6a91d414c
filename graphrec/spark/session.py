"""The Spark session: the one that runs, or a local one that needs only Python and Java."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from graphrec.errors import PlatformError
from graphrec.spark.class_archive import class_archive
from graphrec.spark.connect import require_answer, require_server
from graphrec.spark.jars import find_graphframes_jars
from graphrec.spark.java import Java, require_java
from graphrec.spark.jvm import spark_home, start_context
from graphrec.spark.machine import GIBIBYTE, MEBIBYTE, cores, memory_bytes
from graphrec.spark.temporary import temporary_folder

MAX_HEAP: Final = 16 * GIBIBYTE
_LOOPBACK: Final = "127.0.0.1"
_JAVA_OPTIONS: Final = "spark.driver.extraJavaOptions"
_ERRORS_ONLY: Final = (
    f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}"
)

# Spark's batch work makes much garbage and little that lives long. A small young generation is
# used again while it is still in the caches, and keeps the process from growing to its whole heap.
_SMALL_YOUNG_GENERATION: Final = "-XX:+UseParallelGC -XX:MaxNewSize=768m"

# Each sort and each aggregation of a task begins with a page. Spark makes them 64 MB large where
# memory is plenty: Java clears that much for a few rows, straight in its old generation.
_PAGE_SIZE: Final = "1m"

# Two Python workers with a threaded BLAS each, on two cores, wait for each other more than they
# work: 10 to 30 times slower.
_ONE_BLAS_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def spark_session(
    app_name: str = "graphrec",
    *,
    master: str | None = None,
    config: Mapping[str, str] | None = None,
    graphframes_jar: str | None = None,
) -> SparkSession:
    """Return the running Spark session, or start a local one.

    A session that runs already is returned as it is. Under spark-submit, in the `pyspark` shell,
    with PYSPARK_SUBMIT_ARGS, or with a Spark Connect address (SPARK_REMOTE, `spark.remote`), the
    session is theirs to define: only `config` is added. Otherwise a session starts on this
    machine: all cores, about half of the memory for the JVM, one BLAS thread per Python worker,
    this Python for the workers, UTC, results of any size, one temporary folder for all files that
    are not results, no console output below ERROR, and GraphFrames' jar where one is found.

    Args:
        app_name: name of the application.
        master: Spark master of a new session; all cores of this machine by default.
        config: Spark settings of a new session; they win over graphrec's defaults, and so does
            the installation's `spark-defaults.conf`.
        graphframes_jar: path of GraphFrames' jar; found by itself by default.

    Raises:
        JavaError: a new session is needed, and Java is missing or too old.
        ParameterError: the given jar does not exist.
        MissingExtraError: Spark Connect is asked for, and its packages are not installed.
        PlatformError: Spark did not start, or the Spark Connect server does not answer.

    Examples:
        >>> gr.spark_session().range(3).count()
        3
    """
    running = _running_session()
    if running is not None:
        return running
    config = dict(config or {})
    if is_defined_elsewhere(config):
        address = config.get("spark.remote", os.environ.get("SPARK_REMOTE", ""))
        if address:
            require_server(address)
        with _environment(_connect_workers(address)):
            return require_answer(lambda: _session(config)) if address else _session(config)
    given = {"spark.app.name": app_name} | ({"spark.master": master} if master else {})
    return _start(_site_defaults() | given | config, graphframes_jar)


def is_running() -> bool:
    """Whether this process has a Spark session, classic or of Spark Connect."""
    return _running_session() is not None


def local_heap_bytes() -> int:
    """Memory of the JVM of a local session; the Python workers get the rest of the machine's."""
    return min(max(memory_bytes() // 2, GIBIBYTE), MAX_HEAP)


# --- sessions of others ---------------------------------------------------------------------------


def _running_session() -> SparkSession | None:
    # A session outlives its stopped context in SparkSession.active(); the context knows better.
    if not is_remote() and SparkContext._active_spark_context is None:
        return None
    try:
        return SparkSession.active()
    except PySparkRuntimeError:
        return None


def is_defined_elsewhere(config: Mapping[str, str] | None = None) -> bool:
    """Whether spark-submit, a shell, a bare context or Spark Connect decides on the session."""
    config = config or {}
    arguments = os.environ.get("PYSPARK_SUBMIT_ARGS", "pyspark-shell")
    return (
        "PYSPARK_GATEWAY_PORT" in os.environ  # spark-submit's JVM waits there
        or arguments.strip() != "pyspark-shell"
        or SparkContext._active_spark_context is not None
        or is_remote()
        or "SPARK_REMOTE" in os.environ
        or "spark.remote" in config
        or config.get("spark.api.mode", os.environ.get("SPARK_API_MODE")) == "connect"
    )


def _connect_workers(address: str) -> dict[str, str]:
    """The Python of a Spark Connect server that PySpark starts on this machine."""
    return {"PYSPARK_PYTHON": sys.executable} if address.startswith("local") else {}


# --- a session of our own -------------------------------------------------------------------------


def _start(wanted: dict[str, str], graphframes_jar: str | None) -> SparkSession:
    """Start a session with graphrec's defaults under the settings that are `wanted`."""
    settings = _defaults() | wanted
    settings[_JAVA_OPTIONS] = _java_options(wanted.get(_JAVA_OPTIONS, ""))
    environment = {
        **_ONE_BLAS_THREAD,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_HOME": str(spark_home()),  # saves spark-submit a Python of its own to look for it
    }
    if settings["spark.master"].startswith("local"):
        settings = _local_defaults() | settings
        settings[_JAVA_OPTIONS] = f"{_java_temporary()} {settings[_JAVA_OPTIONS]}"
        environment["SPARK_LOCAL_IP"] = _LOOPBACK
    with _environment(environment):
        if SparkContext._gateway is None:  # else the JVM of an earlier, stopped session runs
            java = require_java()
            _add_jars(settings, graphframes_jar)
            _start_context(java, settings)
        return _session(settings)


def _start_context(java: Java, settings: Mapping[str, str]) -> None:
    """Start Spark with an archive of its classes, or without if Java does not start so."""
    with class_archive(java, settings) as use:
        options = f"{use.options} {settings[_JAVA_OPTIONS]}"
        try:
            start_context(_conf({**settings, _JAVA_OPTIONS: options.strip()}), use.inherited)
            return
        except PlatformError:
            if not use.options or SparkContext._gateway is not None:  # the JVM did start
                raise
    start_context(_conf(settings))
    use.discard()


def _conf(settings: Mapping[str, str]) -> SparkConf:
    return SparkConf().setAll(list(settings.items()))


def _session(settings: Mapping[str, str]) -> SparkSession:
    return SparkSession.builder.config(map=dict(settings)).getOrCreate()


def _java_options(wanted: str) -> str:
    """Ours, unless the user chooses a collector: Java refuses to start with two of them."""
    collector = "" if "-XX:+Use" in wanted else _SMALL_YOUNG_GENERATION
    return " ".join(filter(None, (_ERRORS_ONLY, collector, wanted)))


def _defaults() -> dict[str, str]:
    """Settings for any master."""
    threads = {f"spark.executorEnv.{name}": value for name, value in _ONE_BLAS_THREAD.items()}
    return threads | {
        "spark.driver.memory": f"{local_heap_bytes() // MEBIBYTE}m",
        "spark.driver.maxResultSize": "0",
        "spark.master": "local[*]",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ui.explainMode": "simple",  # of each query, for pages that are off
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _local_defaults() -> dict[str, str]:
    """Settings that make sense on one machine only."""
    folder = temporary_folder()
    return {
        "spark.buffer.pageSize": _PAGE_SIZE,
        "spark.checkpoint.dir": str(folder / "checkpoints"),
        "spark.driver.bindAddress": _LOOPBACK,
        "spark.driver.host": _LOOPBACK,
        "spark.local.dir": str(folder / "spark"),
        "spark.python.daemon.module": "graphrec.spark.worker_daemon",
        "spark.sql.shuffle.partitions": str(2 * cores()),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }


def _java_temporary() -> str:
    """Java's own temporary files in our folder, unless a later option names another."""
    folder = temporary_folder() / "java"
    folder.mkdir(exist_ok=True)
    return f'"-Djava.io.tmpdir={folder}"'


def _add_jars(settings: dict[str, str], given: str | None) -> None:
    """Put GraphFrames' jars beside the jars of the settings, unless these bring their own."""
    mine = ",".join(settings.get(name, "") for name in ("spark.jars", "spark.jars.packages"))
    if given is None and ("graphframes" in mine or "sedona-spark-shaded" in mine):
        return
    jars = find_graphframes_jars(given, config=settings)
    if jars:
        settings["spark.jars"] = ",".join(filter(None, [settings.get("spark.jars"), *jars]))


def _site_defaults() -> dict[str, str]:
    """What the `spark-defaults.conf` of this Spark installation sets."""
    folder = os.environ.get("SPARK_CONF_DIR") or spark_home() / "conf"
    file = Path(folder, "spark-defaults.conf")
    if not file.is_file():
        return {}
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    entries = (line for line in lines if line and not line.startswith("#"))
    pairs = (re.split(r"\s*=\s*|\s+", entry, maxsplit=1) for entry in entries)
    return dict(pair for pair in pairs if len(pair) == 2)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set the variables that are not set, for what is started in the body only."""
    missing = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(missing)
    try:
        yield
    finally:
        for name in missing:
            del os.environ[name]
