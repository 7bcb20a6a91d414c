"""Starting Spark's JVM without its start-up noise."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyspark
from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway

from graphrec.errors import PlatformError

_launch: Final[Callable[..., Any]] = launch_gateway  # has no annotations of its own
_CAUSE: Final = re.compile(r"error|exception|could not|invalid", re.IGNORECASE)
_EMPTY_WORDS: Final = re.compile(
    r"fatal exception|could not create the java|error occurred (while calling|during init)",
    re.IGNORECASE,
)


def spark_home() -> Path:
    """The folder of the Spark installation that will be started."""
    return Path(os.environ.get("SPARK_HOME") or pyspark.__path__[0])


def start_context(conf: SparkConf, inherited: Sequence[int] = ()) -> SparkContext:
    """Launch a JVM and a Spark context in it, holding back what the JVM writes meanwhile.

    The Java runtime, Spark's launcher, log4j and Ivy all write before a log level can be set.
    Once the context is there, everything the JVM writes goes to this process' standard error.

    Args:
        conf: the settings, of the launch (memory, class path) as well as of the context.
        inherited: file descriptors that the JVM keeps open until it ends.

    Raises:
        PlatformError: the JVM did not start, or Spark did not start inside it.
    """
    said = bytearray()
    started = threading.Event()
    readable, writable = os.pipe()
    relay = threading.Thread(target=_relay, args=(readable, said, started), daemon=True)
    relay.start()
    try:
        # The Java runtime prints some of its errors to standard output.
        gateway = _launch(
            conf, {"stdout": writable, "stderr": writable, "pass_fds": tuple(inherited)}
        )
    except Exception as error:
        os.close(writable)
        relay.join(timeout=5)  # the JVM is gone as a rule: all it said is here at once
        reason = _reason(said.decode(errors="replace")) or str(error)
        raise PlatformError("Spark's JVM did not start", found=reason) from error
    os.close(writable)  # the JVM has its own copy
    try:
        return SparkContext(conf=conf, gateway=gateway)
    except Exception as error:
        raise PlatformError("Spark did not start", found=_reason(str(error))) from error
    finally:
        started.set()


def _relay(source: int, said: bytearray, started: threading.Event) -> None:
    """Keep what comes from `source` until `started`, and pass it on to standard error from then.

    It has to read to the end whatever happens: a full pipe would stop the JVM.
    """
    with open(source, "rb", buffering=0) as pipe:
        while chunk := pipe.read(1 << 16):
            if not started.is_set():
                said += chunk
                continue
            with suppress(OSError):
                os.write(2, chunk)


def _reason(text: str) -> str:
    """The lines with the cause, out of all output."""
    lines = (line.strip(": \t") for line in text.splitlines())
    causes = [line for line in lines if _CAUSE.search(line) and not _EMPTY_WORDS.search(line)]
    return ": ".join(causes[:2])
