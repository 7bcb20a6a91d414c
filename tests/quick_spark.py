"""Settings for Spark on tables of a few hundred rows, each query of which runs once.

Compiling costs more than what it compiles then saves: queries are interpreted, and a JVM of one
command compiles with its quick compiler only. So does compressing: shuffles are written as they
are, to one file of each task. So does planning a query again after each of its shuffles. All that
saves a fifth of the work, and no result depends on it. The tests that start a session of their own
as a user does (`test_session.py`, `cli/test_interruptions.py`, `recommend` in
`jobs/test_spark_submit.py`) keep Spark's defaults.
"""

from __future__ import annotations

from typing import Final

from graphrec.spark.class_archive import class_archive
from graphrec.spark.java import require_java

_JAVA_OPTIONS: Final = "spark.driver.extraJavaOptions"
# Where it alone compiles, Java has 48 MB for all machine code, which the tests fill within minutes:
# it would throw away what it has compiled, to interpret it and compile it again.
_MUCH_CODE: Final = "-XX:ReservedCodeCacheSize=512m"
_QUICK_COMPILER: Final = f"-XX:TieredStopAtLevel=1 {_MUCH_CODE}"

QUICK: Final = {
    _JAVA_OPTIONS: _QUICK_COMPILER,
    "spark.broadcast.compress": "false",
    "spark.buffer.pageSize": "1m",  # as in our own sessions
    "spark.python.daemon.module": "graphrec.spark.worker_daemon",  # likewise; see docs/scaling.md
    "spark.python.sql.dataFrameDebugging.enabled": "false",  # asks Java for each call of a function
    "spark.shuffle.compress": "false",
    "spark.shuffle.sort.bypassMergeThreshold": "1",  # else a file for each partition
    "spark.shuffle.spill.compress": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",  # else each shuffle is a job of its own
    "spark.sql.shuffle.partitions": "2",
}


# For a session that lasts as long as all tests: there the better compiler pays, for code that runs
# sixteen times as often as Java waits for. It was a fifth of all work, and is a tenth so.
_LATER: Final = (
    "-XX:Tier4InvocationThreshold=80000 -XX:Tier4MinInvocationThreshold=9600 "
    "-XX:Tier4CompileThreshold=240000 -XX:Tier4BackEdgeThreshold=640000"
)
LASTING: Final = QUICK | {_JAVA_OPTIONS: f"{_MUCH_CODE} {_LATER}"}


def quick_variables() -> dict[str, str]:
    """The same for sessions of a process that names no settings: variables of its environment.

    A `spark-defaults.conf` would do as well, but Java uses no archive of classes with it.
    """
    settings = [f"-D{name}={value}" for name, value in QUICK.items() if name != _JAVA_OPTIONS]
    return {"JDK_JAVA_OPTIONS": " ".join([_QUICK_COMPILER, *settings])}


def archive_options() -> str:
    """Options by which a JVM that graphrec does not start uses the archive of its sessions.

    Empty if there is none: it is made by any session of graphrec's own, such as the demo's.
    """
    with class_archive(require_java(), {}) as use:
        return use.options if use.archive else ""
