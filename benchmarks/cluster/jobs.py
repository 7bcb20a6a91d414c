"""The jobs that are run on the cluster, and what is compared of them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.cluster.lost_executors import JobRun, run_job
from benchmarks.cluster.standalone import Cluster, environment, submit_command

_JOBS: Final = Path(__file__).parents[2] / "jobs"
_LOCAL: Final = "local[2]"


@dataclass(frozen=True)
class Job:
    """A job of graphrec with its options, without the output."""

    script: str  # a file of `jobs/`
    arguments: tuple[str, ...]
    kill_in: Mapping[str, str]  # see `lost_executors.run_job`

    @property
    def name(self) -> str:
        """The verb."""
        return self.script.removesuffix(".py")

    def command(self, out: Path) -> tuple[Path, list[str]]:
        """The script and all its arguments."""
        return _JOBS / self.script, [*self.arguments, "--out", str(out)]


def recommend(ratings: Path, options: Sequence[str]) -> Job:
    """Lists for all users; an executor is lost in each part of the work."""
    before = {
        "read": "start Spark",
        "histories": "read",
        "item pairs": "histories",
        "ease": "item pairs",
        "factors": "ease",
        "self-training": "self-training:",  # which says what it is for when it begins
        "lists": "merge tables",
    }
    return Job("recommend.py", (str(ratings), "--sample", "1", *options), before)


def evaluate(ratings: Path) -> Job:
    """A comparison; an executor is lost when all lists are made, and with it some of them."""
    before = {"metrics": r"lists .*rows by hybrid \+ MMR"}
    return Job("evaluate.py", (str(ratings), "-k", "10", "--weights", "walk=1"), before)


def run_locally(job: Job, out: Path) -> None:
    """Run a job by spark-submit in local mode.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = submit_command(_LOCAL, {"spark.sql.shuffle.partitions": "4"}, *job.command(out))
    subprocess.run(command, env=environment(), check=True, capture_output=True)


def run_on(
    cluster: Cluster,
    job: Job,
    out: Path,
    *,
    losing_executors: bool,
    settings: Mapping[str, str] | None = None,
) -> JobRun:
    """Run a job on the cluster, undisturbed or with executors lost."""
    kill_in = job.kill_in if losing_executors else {}
    return run_job(cluster, *job.command(out), settings=settings, kill_in=kill_in)


def result(out: Path) -> pa.Table:
    """The table that a job has written, in an order of its own: by what names its rows."""
    table = pq.read_table(out)
    names = [f.name for f in table.schema if pa.types.is_string(f.type) or _is_whole(f.type)]
    return table.sort_by([(name, "ascending") for name in names])


def _is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind))
