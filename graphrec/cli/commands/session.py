"""`graphrec session`: a Spark session that stays, so that the other verbs need not start one."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from graphrec.cli.options import DebugOption


class Action(StrEnum):
    """What is done with the session."""

    START = "start"
    STOP = "stop"
    STATUS = "status"


@dataclass(frozen=True, kw_only=True)
class Options(DebugOption):
    """What `session` takes."""

    action: Annotated[
        Action, typer.Argument(metavar="ACTION", help="start, stop or status.", show_default=False)
    ]
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            show_default="half of the machine's, at most 16g",
            help="Of its JVM, as Spark takes it: 4g.",
        ),
    ] = None
    idle_minutes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Without work, after which it ends.")
    ] = 60


def run(options: Options) -> None:
    """Start or stop a Spark session that stays, or tell whether there is one.

    While it runs, the other verbs use it instead of starting Spark. It listens on the loopback
    address alone, and only to this user. GRAPHREC_SESSION=off leaves it aside. The exit code of
    `status` is 1 if there is none.
    """
    {Action.START: _start, Action.STOP: _stop, Action.STATUS: _status}[options.action](options)


def _start(options: Options) -> None:
    from graphrec.spark.session import local_heap_bytes
    from graphrec.spark.warm_session import start_warm_session

    memory = options.memory or f"{local_heap_bytes() >> 20}m"
    session = start_warm_session(memory=memory, idle_minutes=options.idle_minutes)
    print(
        f"a session runs: process {session.pid}, memory {memory}; it ends after "
        f"{session.idle_minutes} minutes without work, or with `graphrec session stop`"
    )


def _stop(_options: Options) -> None:
    from graphrec.spark.warm_session import stop_warm_session

    session = stop_warm_session()
    print("no session runs" if session is None else f"the session of process {session.pid} ended")


def _status(_options: Options) -> None:
    from graphrec.errors import PlatformError
    from graphrec.spark.warm_session import running_session

    session = running_session()
    if session is None:
        raise PlatformError("no session runs", fix="graphrec session start")
    print(
        f"a session runs since {session.started:%Y-%m-%d %H:%M} UTC: process {session.pid}, memory "
        f"{session.memory}, {session.idle_minutes} minutes without work"
    )
    if session.obstacle is not None:
        print(f"it is not used, for {session.obstacle}: graphrec session stop")
