"""`graphrec doctor`: whether this machine has what graphrec needs."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass

from graphrec.cli.options import DebugOption


@dataclass(frozen=True, kw_only=True)
class Options(DebugOption):
    """What `doctor` takes."""


def run(_options: Options) -> None:
    """Look at Python, Java, Spark, memory and what else graphrec leans on.

    The exit code is 1 if anything is not as it should be; what to do about it is said below it.
    """
    from graphrec.environment import check_environment
    from graphrec.errors import PlatformError

    failed = []
    for check in check_environment():
        print(f"{'ok' if check.ok else '!!'}  {check.name:<18}{check.value}", flush=True)
        if not check.ok:
            failed.append(check.name)
            print(f"    {'':<18}{check.fix}", flush=True)
    if failed:
        raise PlatformError(f"not as it should be: {', '.join(failed)}")
