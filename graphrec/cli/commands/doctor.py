"""`graphrec doctor`: whether this machine has what graphrec needs."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass

from graphrec.cli.options import DebugOption


@dataclass(frozen=True, kw_only=True)
class Options(DebugOption):
    """What `doctor` takes."""


def run(_options: Options) -> None:
    """Check Python, Java, Spark, memory and what else graphrec depends on.

    The exit code is 1 if graphrec cannot be used here (!!); what is marked -- makes a part of it
    work, or work better. What to do about either is said below it.
    """
    from graphrec.errors import PlatformError
    from graphrec.spark.environment import check_environment

    stopping = []
    for check in check_environment():
        mark = "ok" if check.ok else "!!" if check.needed else "--"
        print(f"{mark}  {check.name:<18}{check.value}", flush=True)
        if not check.ok:
            print(f"    {'':<18}{check.fix}", flush=True)
        if check.stops:
            stopping.append(check.name)
    if stopping:
        raise PlatformError(f"cannot be used here: {', '.join(stopping)}")
    print("graphrec can be used here")
