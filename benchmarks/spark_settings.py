"""What settings of Spark cost or save: whole commands, each beside one as graphrec sets them.

    python -m benchmarks.spark_settings RATINGS [--repeat 3] [--options "--weights walk=1"]

Processor seconds of all processes, which other work on the machine changes less than it changes
the time by the clock. Runs of the defaults and of a setting alternate; a row is the median of the
differences.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from graphrec.spark.warm_session import SETTING

SETTINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "no adaptive execution": {"spark.sql.adaptive.enabled": "false"},
    "Kryo": {"spark.serializer": "org.apache.spark.serializer.KryoSerializer"},
    "no Arrow": {"spark.sql.execution.arrow.pyspark.enabled": "false"},
    "200 shuffle partitions": {"spark.sql.shuffle.partitions": "200"},
    "pages of 64 MB": {"spark.buffer.pageSize": "64m"},
    "Spark's own worker daemon": {"spark.python.daemon.module": "pyspark.daemon"},
}


def main() -> None:
    """Run every setting and print what it changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--options", default="--weights walk=1", help="of `graphrec recommend`")
    arguments = parser.parse_args()
    command = [arguments.ratings, *shlex.split(arguments.options)]
    processor_seconds(command, {})  # compiles kernels, writes the archive of classes
    for name, settings in SETTINGS.items():
        pairs = [
            (processor_seconds(command, {}), processor_seconds(command, settings))
            for _ in range(arguments.repeat)
        ]
        defaults = statistics.median(base for base, _ in pairs)
        differences = sorted(other - base for base, other in pairs)
        print(
            f"{name:<28} {defaults:6.1f} {statistics.median(differences):+6.1f} "
            f"({differences[0]:+.1f} to {differences[-1]:+.1f})",
            flush=True,
        )


def processor_seconds(command: Sequence[str], settings: Mapping[str, str]) -> float:
    """User and system seconds of `graphrec recommend` and all that it starts.

    Args:
        command: its arguments but `--out`.
        settings: of Spark; they win over graphrec's.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"{name} {value}\n" for name, value in settings.items()]
        Path(folder, "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
        before = _children()
        subprocess.run(
            [sys.executable, "-m", "graphrec", "recommend", *command, "--out", f"{folder}/lists"],
            env={**os.environ, "SPARK_CONF_DIR": folder, SETTING: "off"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
