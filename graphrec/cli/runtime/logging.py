"""Silence the logs of Spark and other libraries while a verb runs: it prints one line itself."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote


@contextmanager
def only_our_logs() -> Iterator[None]:
    """Drop the log records of other libraries, unless the process has set logging up.

    Py4J logs the traceback of every interruption, to the root logger.
    """
    root = logging.getLogger()
    if root.handlers:
        yield
        return
    handler = logging.StreamHandler()
    handler.addFilter(logging.Filter("graphrec"))
    handler.setFormatter(logging.Formatter("graphrec: %(message)s"))
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def silence_spark(spark: SparkSession) -> None:
    """Switch off the log of a session that we started: it repeats a failure in many stacks.

    The one line that a verb ends with has the cause out of them. Under spark-submit the log is
    set up by whoever submits, and a Spark Connect server has its own.
    """
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # spark-submit's JVM waits there
    if not submitted and not is_remote():
        spark.sparkContext.setLogLevel("OFF")
