"""Spark Connect: whether its packages are installed, and its server can be reached."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from graphrec.errors import PlatformError
from graphrec.spark.extras import CONNECT, require_extras

_PORT: Final = 15002  # of Spark Connect, where an address names none
_PATIENCE: Final = 5.0  # seconds; Spark itself would try again for minutes
_DETAILS: Final = re.compile(r'details = "(.*)"')  # of an error of gRPC
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def require_server(address: str) -> None:
    """Check that a server can be reached.

    Args:
        address: of Spark Connect, `sc://host:port`; for others, such as `local`, PySpark starts a
            server of its own.

    Raises:
        MissingExtraError: the packages of Spark Connect are not installed.
        PlatformError: nobody listens there.
    """
    require_extras("sessions of Spark Connect", CONNECT)
    if not address.startswith("sc://"):
        return
    server = urlsplit(address)
    try:
        socket.create_connection((server.hostname, server.port or _PORT), _PATIENCE).close()
    except (OSError, ValueError) as error:
        raise PlatformError(
            f"no Spark Connect server answers at {server.scheme}://{server.netloc}",
            found=str(error),
            fix="start it, or unset SPARK_REMOTE for a session of graphrec's own",
        ) from error


def require_answer(start: Callable[[], SparkSession]) -> SparkSession:
    """Start a Spark Connect session whose server does what it is asked for.

    Args:
        start: starts it; the server is asked for the first time by that, or later.

    Raises:
        PlatformError: it refuses, as where the token is another one.
    """
    try:
        spark = start()
        _ = spark.version
    except PySparkException as error:
        details = _DETAILS.search(str(error))
        raise PlatformError(
            "the Spark Connect server refuses to work",
            found=details[1] if details else str(error).partition("\n")[0],
        ) from error
    return spark


def server_is_here(spark: SparkSession) -> bool:
    """Whether the server of a Spark Connect session runs on this machine."""
    connected: Any = spark  # has a client, which other sessions have not
    return connected.client.host.strip("[]") in _THIS_MACHINE
