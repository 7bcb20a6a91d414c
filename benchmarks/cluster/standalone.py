"""Spark's standalone cluster on this machine, out of the installed PySpark.

Each worker has a directory of its own for its work, its temporary files and its shuffles. Where
the system permits, it runs in a mount namespace in which the directories of the driver and of the
other workers are empty, as they would be on another machine.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import pyspark

import graphrec

HOST: Final = "127.0.0.1"
_SPARK: Final = Path(pyspark.__path__[0])
_REPOSITORY: Final = Path(__file__).parents[2]
_LOG_SETTINGS: Final = Path(graphrec.__file__).parent / "spark" / "log4j2.properties"
_QUIET: Final = f"-Dlog4j2.configurationFile={_LOG_SETTINGS.as_uri()}"  # errors only
_START_SECONDS: Final = 180.0  # on a busy machine
_STOP_SECONDS: Final = 10.0
_MASTER_ADDRESS: Final = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED: Final = re.compile("Successfully registered with master")


@dataclass(frozen=True)
class Worker:
    """A worker of the cluster."""

    folder: Path  # of its own: `work` and `tmp`
    pid: int


@dataclass(frozen=True)
class Cluster:
    """A running cluster."""

    master: str
    driver_folder: Path  # temporary files of the drivers; empty in the eyes of isolated workers
    workers: tuple[Worker, ...]
    memory: str
    isolated: bool  # whether workers see neither the driver's files nor those of one another

    def submit_command(
        self,
        script: Path,
        arguments: Sequence[str],
        ui_port: int,
        settings: Mapping[str, str],
    ) -> list[str]:
        """The command that runs a script on the cluster by spark-submit.

        Args:
            script: a Python script.
            arguments: its arguments.
            ui_port: where the driver reports its executors (see `free_port`).
            settings: more of Spark's.
        """
        own = {
            "spark.driver.bindAddress": HOST,
            "spark.driver.host": HOST,
            "spark.executor.memory": self.memory,
            "spark.driver.extraJavaOptions": _QUIET,
            # Executors on one machine read one another's disks; on two they cannot.
            "spark.shuffle.readHostLocalDisk": "false",
            "spark.sql.shuffle.partitions": "4",
            "spark.ui.liveUpdate.period": "0",
            "spark.ui.port": str(ui_port),
        }
        return submit_command(self.master, own | dict(settings), script, arguments)

    def driver_environment(self) -> dict[str, str]:
        """Environment variables of a driver."""
        folders = dict.fromkeys(("TMPDIR", "SPARK_LOCAL_DIRS"), str(self.driver_folder))
        return environment() | folders


def submit_command(
    master: str, settings: Mapping[str, str], script: Path, arguments: Sequence[str]
) -> list[str]:
    """A command of the installed PySpark's spark-submit."""
    settings = {"spark.python.daemon.module": "graphrec.spark.worker_daemon"} | dict(settings)
    options = [part for item in settings.items() for part in ("--conf", "=".join(item))]
    submit = str(_SPARK / "bin" / "spark-submit")
    return [submit, "--master", master, *options, str(script), *arguments]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def standalone_cluster(
    folder: Path, *, workers: int = 2, cores: int = 1, memory: str = "1g"
) -> Iterator[Cluster]:
    """Start a master and workers; they and all that they started end with the block.

    Args:
        folder: a new or empty directory for all that they write.
        workers: how many.
        cores: of each worker.
        memory: of each worker, as Spark writes sizes; one executor takes all of it.

    Raises:
        RuntimeError: one of them did not start.
    """
    folders = {name: folder / name for name in ("driver", *(f"worker-{n}" for n in range(workers)))}
    for home in folders.values():
        (home / "tmp").mkdir(parents=True)
    driver = folders.pop("driver")
    isolated = _can_isolate()
    with ExitStack() as stack:
        log = folder / "master.log"
        # Ports of 0 are free ones; the log names them.
        arguments = ("--host", HOST, "--port", "0", "--webui-port", "0")
        command = _daemon("org.apache.spark.deploy.master.Master", *arguments)
        stack.enter_context(_running(command, log, environment()))
        found = _wait_for(_MASTER_ADDRESS, log)
        started = []
        for home in folders.values():
            hidden = [driver, *(other for other in folders.values() if other != home)]
            wrap = _hiding(hidden) if isolated else []
            work = ("--work-dir", str(home / "work"), "--cores", str(cores), "--memory", memory)
            command = _daemon(
                "org.apache.spark.deploy.worker.Worker",
                *("--host", HOST, "--webui-port", "0", *work, found[1]),
            )
            own = {"TMPDIR": str(home / "tmp"), "SPARK_LOCAL_DIRS": str(home / "tmp")}
            log = home / "worker.log"
            process = stack.enter_context(_running(wrap + command, log, environment() | own))
            started.append(Worker(home, process.pid))
        for worker in started:
            log = worker.folder / "worker.log"
            _wait_for(_REGISTERED, log)
        yield Cluster(found[1], driver, tuple(started), memory, isolated)


# --- processes ------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """This process' variables, less those of another Spark, with this Python and these sources."""
    kept = {name: value for name, value in os.environ.items() if "SPARK" not in name}
    sources = os.pathsep.join(filter(None, (str(_REPOSITORY), kept.get("PYTHONPATH"))))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    python = {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": sources}
    return kept | threads | python | {"SPARK_LOCAL_IP": HOST}


def _daemon(name: str, *arguments: str) -> list[str]:
    return [str(_SPARK / "bin" / "spark-class"), name, *arguments]


@contextmanager
def _running(
    command: Sequence[str], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started, kindly first."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
    for child in alive:
        child.kill()


def _wait_for(line: re.Pattern[str], log: Path) -> re.Match[str]:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if (found := line.search(_read(log))) is not None:
            return found
        time.sleep(0.05)
    raise RuntimeError(f"it did not start; {log} ends with:\n{_read(log)[-2000:]}")


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


# --- namespaces -----------------------------------------------------------------------------------


def _hiding(folders: Sequence[Path]) -> list[str]:
    """What is put before a command in whose eyes the folders shall be empty."""
    mounts = [f"mount -t tmpfs tmpfs {shlex.quote(str(folder))}" for folder in folders]
    return ["unshare", "--mount", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh"]


def _can_isolate() -> bool:
    """Whether this system has mount namespaces and lets us make them (root, as a rule)."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*_hiding([Path("/mnt")]), "true"], capture_output=True, check=False)
    return tried.returncode == 0
