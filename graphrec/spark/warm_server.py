"""The process of a session that stays: `python -m graphrec.spark.warm_server MEMORY IDLE_MINUTES`.

It is graphrec's own local session, with Spark's plugin that answers Spark Connect clients. It ends
on SIGTERM, or when nobody has used it for a while.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from datetime import datetime
from typing import Any, Final

from pyspark.sql import SparkSession

from graphrec.errors import PlatformError
from graphrec.spark.locks import take_lock
from graphrec.spark.session import spark_session
from graphrec.spark.warm_session import (
    STOPPED_BY,
    WarmSession,
    folder,
    lock_file,
    made_by,
    now,
    recorded,
)

# As an environment variable, for a setting would stand on the command line that starts the JVM.
_TOKEN: Final = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
_CHECK_SECONDS: Final = 5.0


def main(memory: str, idle_minutes: int) -> None:
    """Serve until SIGTERM or the end of the idle time.

    Raises:
        PlatformError: another process is the session that stays, or Spark does not start.
    """
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    if take_lock(lock_file()) is None:  # held until the process ends
        raise PlatformError("a session runs already")
    over = threading.Event()
    signal.signal(STOPPED_BY, lambda *_: over.set())
    token = os.environ[_TOKEN] = secrets.token_urlsafe(32)
    spark = _start(memory)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    service = _connect_service(spark)
    port = int(service.localPort())
    session = WarmSession(os.getpid(), port, token, memory, idle_minutes, now(), made_by())
    try:
        with recorded(session):
            while not over.wait(_CHECK_SECONDS):
                if now() - _last_used(service, session.started) > session.ends_after:
                    break
    finally:
        spark.stop()


def _start(memory: str) -> SparkSession:
    return spark_session(
        "graphrec session",
        config={
            "spark.driver.memory": memory,
            "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": "0",  # any that is free
        },
    )


def _connect_service(spark: SparkSession) -> Any:
    """Spark's service of the clients; only the JVM knows its port, and when it was used."""
    package = spark._jvm.org.apache.spark.sql.connect.service  # type: ignore[union-attr]
    return getattr(getattr(package, "SparkConnectService$"), "MODULE$")  # a Scala object


def _last_used(service: Any, started: datetime) -> datetime:
    """When a client last had something done: now, if one waits for it."""
    executions = service.listActiveExecutions()  # Left: none, and the time of the last one
    if executions.isRight():
        return now()
    last = datetime.fromtimestamp(executions.left().get() / 1000, tz=started.tzinfo)
    return max(started, last)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
