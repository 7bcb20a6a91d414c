"""The command line as a whole, with the start of Python and of the JVM."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.generate import Shape, write
from benchmarks.speed.inputs import THREADS, Seconds, timed

_START = "start Spark"


def recommend(data: str, options: Sequence[str] = ()) -> Seconds:
    """`graphrec recommend`: its stages, the whole process, and this without the JVM's start."""
    seconds: Seconds = {}
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        out = Path(folder) / "lists"
        arguments = [data, "--out", str(out), "--master", f"local[{THREADS}]", *options]
        with timed(seconds, "whole"):
            _graphrec("recommend", *arguments)
        stages: Seconds = json.loads((out / "_run.json").read_text(encoding="utf-8"))["seconds"]
    return stages | seconds | {"without start": seconds["whole"] - stages[_START]}


def generate(data: str, shape: Mapping[str, Any]) -> Seconds:
    """Interactions for the others, unless they are there from an earlier time."""
    seconds: Seconds = {}
    with timed(seconds, "write"):
        if not Path(data).exists():
            write(Shape(**shape), Path(data))
    return seconds


def show_help() -> Seconds:
    """`graphrec --help`."""
    seconds: Seconds = {}
    with timed(seconds, "whole"):
        _graphrec("--help")
    return seconds


def bare_session() -> Seconds:
    """A Spark session that does one shuffle and ends."""
    script = (
        "from pyspark.sql import SparkSession\n"
        f"spark = SparkSession.builder.master('local[{THREADS}]').getOrCreate()\n"
        "spark.range(100_000).selectExpr('id % 7 AS rest').groupBy('rest').count().collect()\n"
        "spark.stop()\n"
    )
    seconds: Seconds = {}
    with timed(seconds, "whole"):
        _run(sys.executable, "-c", script)
    return seconds


def _graphrec(*arguments: str) -> None:
    _run(sys.executable, "-m", "graphrec", *arguments)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
