"""Executors of a running job: which there are, what they are doing, what they have mapped."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.cluster.standalone import HOST, Worker

_BACKEND: Final = "org.apache.spark.executor.CoarseGrainedExecutorBackend"
_DRIVER: Final = "driver"
_OURS: Final = "graphrec-"  # how the files of shared arrays are called


@dataclass(frozen=True)
class Executor:
    """A process that runs tasks."""

    number: str  # Spark's id of it
    process: psutil.Process


def executors_of(worker: Worker) -> Iterator[Executor]:
    """The executors that a worker has started and that are alive."""
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(worker.pid).children():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                command = process.cmdline()
                if _BACKEND in command:
                    yield Executor(command[command.index("--executor-id") + 1], process)


def active_tasks(ui_port: int) -> dict[str, int]:
    """How many tasks each registered executor is running, as the driver sees it.

    Empty while the driver's pages are not there: before it has started, and after its end.
    """
    address = f"http://{HOST}:{ui_port}/api/v1/applications"
    with suppress(OSError, HTTPException, IndexError):
        application = _json(address)[0]["id"]
        listed = _json(f"{address}/{application}/executors")
        return {e["id"]: int(e["activeTasks"]) for e in listed if e["id"] != _DRIVER}
    return {}


def mapped_files(worker: Worker) -> set[Path]:
    """The shared arrays that processes of a worker have mapped now (needs Linux' /proc)."""
    found: set[Path] = set()
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(worker.pid).children(recursive=True):
            with suppress(OSError):  # it has ended
                lines = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8").splitlines()
                paths = (Path(line.split(maxsplit=5)[5]) for line in lines if _OURS in line)
                found.update(path for path in paths if path.name.startswith(_OURS))
    return found


def _json(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)
