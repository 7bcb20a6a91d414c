"""A Spark session that stays: a Spark Connect server on this machine, which all verbs share.

Its process (`warm_server.py`) holds a lock as long as it lives, and leaves a record of how to reach
it in the user's cache, which nobody else can read: the server listens on the loopback address, and
answers only to who has the token in that record.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyspark
from pyspark.sql import SparkSession

import graphrec
from graphrec.errors import ParameterError, PlatformError
from graphrec.kernels.user_cache import user_cache
from graphrec.spark.extras import CONNECT, require_extras
from graphrec.spark.locks import take_lock

SETTING: Final = "GRAPHREC_SESSION"
STOPPED_BY: Final = signal.SIGTERM
_SERVER: Final = "graphrec.spark.warm_server"
_START_SECONDS: Final = 120
_STOP_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True)
class WarmSession:
    """A session that stays, as its record describes it.

    Attributes:
        pid: of its process.
        port: where it listens, on the loopback address.
        token: what a client has to show.
        memory: of its JVM, as Spark takes it: "4g".
        idle_minutes: after which it ends by itself.
        started: when it was ready.
        made_by: the Python and the packages that run in it.
    """

    pid: int
    port: int
    token: str
    memory: str
    idle_minutes: int
    started: datetime
    made_by: str

    @property
    def obstacle(self) -> str | None:
        """Why this process must not use the session; None if it may."""
        if self.made_by != made_by():
            return f"it is one of {self.made_by}, and this is {made_by()}"
        if _newest_source() > self.started.timestamp():
            return "graphrec's sources have changed since it started"
        return None

    @property
    def ends_after(self) -> timedelta:
        """How long it waits for work."""
        return timedelta(minutes=self.idle_minutes)


def start_warm_session(*, memory: str, idle_minutes: int) -> WarmSession:
    """Start a session that stays, and wait until it can be used.

    Args:
        memory: of its JVM, as Spark takes it.
        idle_minutes: without any work, after which it ends.

    Raises:
        MissingExtraError: the packages of Spark Connect are not installed.
        ParameterError: there is one already.
        PlatformError: it did not start.
    """
    require_extras("sessions that stay", CONNECT)
    if (session := running_session()) is not None:
        raise ParameterError(
            "a session runs already", found=f"process {session.pid}", fix="graphrec session stop"
        )
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [sys.executable, "-m", _SERVER, memory, str(idle_minutes)]
    with log_file().open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C at this terminal is not meant for it
        )
    for _ in _until(_START_SECONDS):
        session = running_session()
        if session is not None and session.pid == process.pid:
            return session
        if process.poll() is not None:
            break
    process.kill()
    said = log_file().read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise PlatformError("the session did not start", found=said[-1] if said else None)


def stop_warm_session() -> WarmSession | None:
    """End the session that stays; what it was, or None if there is none.

    Raises:
        PlatformError: it does not end.
    """
    session = running_session()
    if session is None:
        return None
    os.kill(session.pid, STOPPED_BY)
    for _ in _until(_STOP_SECONDS):
        if running_session() is None:
            return session
    raise PlatformError(
        "the session does not end", found=f"process {session.pid}", fix=f"kill -9 {session.pid}"
    )


def running_session() -> WarmSession | None:
    """The session that stays on this machine; None if there is none, or it is just starting."""
    try:
        described = json.loads(_record().read_text(encoding="utf-8"))
        if (free := take_lock(lock_file())) is not None:  # its process is dead
            os.close(free)
            return None
    except OSError:
        return None
    described["started"] = datetime.fromisoformat(described["started"])
    return WarmSession(**described)


def is_switched_off() -> bool:
    """Whether GRAPHREC_SESSION says that no verb is to use one."""
    return os.environ.get(SETTING, "").strip().lower() in {"off", "0", "false", "no"}


def connect(session: WarmSession) -> SparkSession:
    """A Spark session of this process on the one that stays."""
    address = f"sc://localhost:{session.port}/;token={session.token}"
    return SparkSession.builder.remote(address).getOrCreate()


# --- what its process shares with those that use it -----------------------------------------------


def folder() -> Path:
    """Where the session has its record, its lock and its log."""
    return user_cache() / "session"


def lock_file() -> Path:
    """What the process of the session holds locked."""
    return folder() / "lock"


def log_file() -> Path:
    """What the process of the session prints."""
    return folder() / "log"


def made_by() -> str:
    """The Python and the packages of this process."""
    return f"graphrec {graphrec.__version__}, Spark {pyspark.__version__}, {sys.executable}"


@contextmanager
def recorded(session: WarmSession) -> Iterator[None]:
    """Let others find the session during the block."""
    new = _record().with_suffix(".new")
    described = asdict(session) | {"started": session.started.isoformat()}
    new.touch(mode=0o600)
    new.write_text(json.dumps(described), encoding="utf-8")
    new.rename(_record())
    try:
        yield
    finally:
        _record().unlink(missing_ok=True)


def now() -> datetime:
    """The time, as records have it."""
    return datetime.now(UTC)


def _record() -> Path:
    return folder() / "session.json"


def _newest_source() -> float:
    """When the latest change of the installed package was."""
    return max(path.stat().st_mtime for path in Path(graphrec.__file__).parent.rglob("*.py"))


def _until(seconds: float) -> Iterator[None]:
    """Go on, with a pause in between, until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(_PAUSE_SECONDS)
