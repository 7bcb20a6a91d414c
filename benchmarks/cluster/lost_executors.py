"""Running a job on a cluster, and killing an executor in the middle of each of its stages.

The job reports a stage when it ends, so the next one begins there. At this moment every executor
is stopped (SIGSTOP), and goes on being given tasks that it does not work on. As soon as the driver
says that one of them has a task of the stage, that one is killed (SIGKILL) and the others go on:
however short the stage, an executor is lost in it with a task half done.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from benchmarks.cluster.executors import Executor, active_tasks, executors_of, mapped_files
from benchmarks.cluster.standalone import Cluster, free_port

_INTERVAL: Final = 0.1  # seconds between two looks at the executors
_SURE: Final = 0.25  # a task that is active so long on a stopped executor is no task that ended
_MAPS_INTERVAL: Final = 0.5  # seconds between two looks at what is mapped


@dataclass
class JobRun:
    """What happened in a run of a job."""

    exit_code: int = -1
    seconds: float = 0.0
    output: list[str] = field(default_factory=list)  # lines of standard output and error
    killed: dict[str, str] = field(default_factory=dict)  # stage -> number of the executor
    missed: list[str] = field(default_factory=list)  # stages without an executor's death
    mapped: dict[Path, set[Path]] = field(default_factory=dict)  # worker's folder -> shared arrays

    @property
    def mapped_files(self) -> int:
        """How many files were seen mapped by processes of the workers."""
        return sum(map(len, self.mapped.values()))

    def foreign_files(self) -> set[Path]:
        """Mapped files that do not lie in the folder of the worker that mapped them."""
        return {
            path
            for folder, paths in self.mapped.items()
            for path in paths
            if not path.is_relative_to(folder)
        }


def run_job(
    cluster: Cluster,
    script: Path,
    arguments: Sequence[str],
    *,
    settings: Mapping[str, str] | None = None,
    kill_in: Mapping[str, str] | None = None,
) -> JobRun:
    """Run a job of graphrec on the cluster to its end, and see what its workers map.

    Args:
        cluster: where.
        script: of `jobs/`.
        arguments: the job's own.
        settings: more of Spark's.
        kill_in: stages in each of which an executor is killed, and what the line begins with (a
            regular expression) that the job writes right before each. In the order in which the job
            comes to them: a line counts for the first stage that has not begun, so that of stages
            which come twice the right one is hunted.
    """
    run = JobRun()
    awaited = deque((kill_in or {}).items())
    port = free_port()
    command = cluster.submit_command(script, arguments, port, settings or {})
    begun = time.monotonic()
    with (
        subprocess.Popen(
            command,
            env=cluster.driver_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
        _watching_maps(cluster, run),
    ):
        assert process.stdout is not None  # it is a pipe
        hunt: _Hunt | None = None
        for line in process.stdout:
            run.output.append(line.rstrip("\n"))
            if hunt is not None and line.startswith(hunt.stage):
                hunt.end()
                hunt = None
            if awaited and re.match(awaited[0][1], line):
                hunt = _Hunt(cluster, port, awaited.popleft()[0], run)
        if hunt is not None:
            hunt.end()
        run.missed += [stage for stage, _ in awaited]
        run.exit_code = process.wait()
    run.seconds = time.monotonic() - begun
    return run


class _Hunt:
    """Looks for an executor at work, from the moment when it is made, and kills it."""

    def __init__(self, cluster: Cluster, port: int, stage: str, run: JobRun) -> None:
        self.stage = stage
        self._cluster = cluster
        self._port = port
        self._run = run
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._hunt, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait for the hunt; a stage that has ended is over for it."""
        self._over.set()
        self._thread.join()
        if self.stage not in self._run.killed:
            self._run.missed.append(self.stage)

    def _hunt(self) -> None:
        stopped: dict[str, Executor] = {}
        busy_since: dict[str, float] = {}
        try:
            while not self._over.is_set():
                active = active_tasks(self._port)
                self._stop_all(active, stopped)
                now = time.monotonic()
                busy = [number for number in stopped if active.get(number)]
                busy_since = {number: busy_since.get(number, now) for number in busy}
                sure = [number for number in busy if now - busy_since[number] >= _SURE]
                if sure:
                    # The oldest has the most to lose: histories, and what it has shuffled.
                    victim = min(sure, key=int)
                    stopped.pop(victim).process.kill()
                    self._run.killed[self.stage] = victim
                    return
                time.sleep(_INTERVAL)
        finally:
            for executor in stopped.values():
                with suppress(psutil.NoSuchProcess):
                    executor.process.resume()

    def _stop_all(self, registered: dict[str, int], stopped: dict[str, Executor]) -> None:
        """Stop what has registered; an executor that is about to do so must be let."""
        for worker in self._cluster.workers:
            for executor in executors_of(worker):
                if executor.number in registered and executor.number not in stopped:
                    os.kill(executor.process.pid, signal.SIGSTOP)
                    stopped[executor.number] = executor


@contextmanager
def _watching_maps(cluster: Cluster, run: JobRun) -> Iterator[None]:
    """Note the shared arrays that the workers' processes map while the block lasts."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_MAPS_INTERVAL):
            for worker in cluster.workers:
                run.mapped.setdefault(worker.folder, set()).update(mapped_files(worker))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
