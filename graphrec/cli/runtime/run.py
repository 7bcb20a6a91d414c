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
from pyspark import SparkContext
from pyspark.sql import SparkSession

from graphrec import __version__
from graphrec.cli.io.result_folder import RUN_RECORD, write_text
from graphrec.cli.options import RunOptions
from graphrec.cli.runtime.logging import only_our_logs, silence_spark
from graphrec.cli.runtime.progress_lines import Report
from graphrec.cli.runtime.signals import interruptions_raise
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.progress import planned, stage
from graphrec.spark.session import spark_session

_START: Final = "start Spark"


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
    ) -> None:
        """Write `_run.json`, as the last of all: the work is done then.

        Args:
            folder: the directory of the result.
            parameters: options by name as they were in force, beside those that were given.
            input: figures of what was read.
            output: figures of what was written.
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
        self.report.end()


@contextmanager
def running(verb: str, options: RunOptions, stages: Sequence[str] | None = None) -> Iterator[Run]:
    """Run a verb in the session that is there, or in one of its own that ends with it.

    Args:
        verb: its name.
        options: of it.
        stages: those of its work, in their order; None if they depend on the data.
    """
    begun = datetime.now(UTC)
    report = Report(quiet=options.quiet)
    logs = nullcontext() if options.debug else only_our_logs()
    own_session = SparkContext._active_spark_context is None
    steps = None if stages is None else [*([_START] if own_session else []), *stages]
    with (
        logs,
        report.listening(),
        planned(steps),
        _session(verb, options) as spark,
        interruptions_raise(),
        one_line_errors(spark),
    ):
        yield Run(verb, options, spark, report, begun)


@contextmanager
def _session(verb: str, options: RunOptions) -> Iterator[SparkSession]:
    if SparkContext._active_spark_context is not None:
        yield spark_session()
        return
    with stage(_START):
        spark = spark_session(f"graphrec {verb}", master=options.master)
    if not options.debug:
        silence_spark(spark)
    try:
        yield spark
    finally:
        with suppress(Py4JError, OSError):  # the JVM may be gone already
            spark.stop()
