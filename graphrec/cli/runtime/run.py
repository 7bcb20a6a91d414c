"""One run of a verb: its Spark session, its progress, and the record of it in `_run.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pyspark
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from graphrec import __version__
from graphrec.cli.io.result_folder import RUN_RECORD, write_text
from graphrec.cli.options import RunOptions
from graphrec.cli.runtime.logging import only_our_logs, silence_spark
from graphrec.cli.runtime.progress_lines import Report
from graphrec.cli.runtime.signals import interruptions_raise
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.progress import planned, stage
from graphrec.spark.session import is_defined_elsewhere, is_running, spark_session
from graphrec.spark.warm_session import WarmSession, connect, is_switched_off, running_session

_START: Final = "start Spark"
_CONNECT: Final = "running session"
# Where each column was made is of no use to who typed a command, and costs some calls of Java each.
_NO_TRACES: Final = {"spark.python.sql.dataFrameDebugging.enabled": "false"}


@dataclass(frozen=True)
class Run:
    """A verb at work."""

    verb: str
    options: RunOptions
    spark: SparkSession
    report: Report
    begun: datetime

    def write_record(
        self,
        folder: str,
        *,
        parameters: Mapping[str, Any],
        input: Mapping[str, Any],  # noqa: A002 the name it has in the record
        output: Mapping[str, Any],
        goes_on: bool = False,
    ) -> None:
        """Write `_run.json`, as the last of all: the work is done then.

        Args:
            folder: the directory of the result.
            parameters: options by name as they were in force, beside those that were given.
            input: figures of what was read.
            output: figures of what was written.
            goes_on: it is the record of a part, after which there is more to do.
        """
        given = {name: value for name, value in asdict(self.options).items() if value is not None}
        record = {
            "graphrec": __version__,
            "spark": pyspark.__version__,
            "command": self.verb,
            "begun": self.begun.isoformat(timespec="seconds"),
            "parameters": given | dict(parameters),
            "input": input,
            "seconds": {name: round(taken, 3) for name, taken in self.report.seconds.items()},
            "output": output,
        }
        write_text(self.spark, f"{folder}/{RUN_RECORD}", json.dumps(record, indent=2) + "\n")
        if not goes_on:
            self.report.end()


@contextmanager
def running(
    verb: str,
    options: RunOptions,
    stages: Sequence[str] | None = None,
    *,
    needs_jvm: bool = False,
    config: Mapping[str, str] | None = None,
) -> Iterator[Run]:
    """Run a verb in the session that is there, or in one of its own that ends with it.

    Where `graphrec session` keeps one on this machine, its own is a client of that.

    Args:
        verb: its name.
        options: of it.
        stages: those of its work, in their order; None if they depend on the data.
        needs_jvm: it works in a classic session alone.
        config: Spark settings that a session of its own needs.
    """
    begun = datetime.now(UTC)
    report = Report(quiet=options.quiet)
    logs = nullcontext() if options.debug else only_our_logs()
    own_session = not is_running()
    warm = None if needs_jvm or not own_session else usable_session(options, report)
    first = [_CONNECT if warm else _START] if own_session else []
    with (
        logs,
        report.listening(),
        planned(None if stages is None else [*first, *stages]),
        _session(verb, options, warm, config) as spark,
        interruptions_raise(),
        one_line_errors(spark),
    ):
        yield Run(verb, options, spark, report, begun)


def usable_session(options: RunOptions, report: Report) -> WarmSession | None:
    """The session that stays, unless the user asks for another one."""
    if options.master is not None or is_switched_off() or is_defined_elsewhere():
        return None
    session = running_session()
    if session is not None and session.obstacle is not None:
        report.line(f"the session of `graphrec session` is not used: {session.obstacle}")
        return None
    return session


@contextmanager
def _session(
    verb: str,
    options: RunOptions,
    warm: WarmSession | None,
    config: Mapping[str, str] | None,
) -> Iterator[SparkSession]:
    if is_running():
        yield spark_session()
        return
    if warm is not None:
        with stage(_CONNECT):
            spark = connect(warm)
    else:
        with stage(_START):
            settings = {**_NO_TRACES, **(config or {})}
            spark = spark_session(f"graphrec {verb}", master=options.master, config=settings)
    if not options.debug:
        silence_spark(spark)
    try:
        yield spark
    finally:
        with suppress(Py4JError, PySparkException, OSError):  # the JVM may be gone already
            spark.stop()
