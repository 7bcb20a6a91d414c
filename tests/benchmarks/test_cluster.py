"""Jobs on a standalone cluster whose executors are killed while they work."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from benchmarks.cluster import jobs, standalone
from benchmarks.cluster.__main__ import main
from benchmarks.cluster.jobs import Job
from graphrec.cli import main as run_verb
from tests.quick_spark import archive_options

# Blocks of a size of their own, so that pairs and factors are shuffled as those of large data are.
SETTINGS = "als.maxIter=2,blockEntries=15000"
CHEAP = ("-k", "10", "--rank", "16", "--weights", "default", "--settings", SETTINGS)


def run_here(job: Job, out: Path) -> None:
    """The job in the session of the tests, which is one in local mode."""
    _, arguments = job.command(out)
    assert run_verb([job.name, *arguments, "--quiet"]) == 0


@pytest.mark.slow
def test_executors_lost_in_every_stage_change_no_result(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    spark: SparkSession,
) -> None:
    assert spark.range(1).count() == 1
    monkeypatch.setattr(jobs, "run_locally", run_here)
    # A dozen short-lived JVMs, on as few cores as there are: compiling less is most of the time.
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", f"-XX:TieredStopAtLevel=1 {archive_options()}")
    code = main(["--job", "recommend", "--out", str(tmp_path), "--", *CHEAP])
    printed = capsys.readouterr().out
    assert code == 0, printed
    stages = ["read", "histories", "item pairs", "ease", "factors", "self-training", "lists"]
    assert re.findall(r"killed in: (.*)", printed) == stages
    assert printed.count("bit for bit: True") == 1
    if Path("/proc/self/maps").exists():
        assert re.findall(r"([1-9]\d*) shared arrays mapped by the workers, 0 foreign", printed)
    # Each loss made the cluster start an executor, in a folder of its own.
    started = list((tmp_path / "cluster").glob("worker-*/work/app-*-0000/*"))
    assert len(started) >= 2 + len(stages)


def test_the_settings_of_the_log_are_there() -> None:
    """A JVM that does not find them goes on, and fills the log."""
    option, _, uri = standalone._QUIET.partition("=file://")
    assert option == "-Dlog4j2.configurationFile"
    assert Path(uri).is_file()


def test_results_that_differ_are_found(tmp_path: Path) -> None:
    """By the last bit of one score, wherever the row stands."""
    table = pa.table(
        {"user": ["a", "a", "b"], "rank": [1, 2, 1], "score": [0.3, 0.2, 0.1]},
    )
    changed = table.set_column(2, "score", pa.array([0.3, 0.2, math.nextafter(0.1, 1)]))
    for name, written in {"one": table, "moved": table.take([2, 0, 1]), "other": changed}.items():
        (tmp_path / name).mkdir()
        pq.write_table(written, tmp_path / name / "part.parquet")
    assert jobs.result(tmp_path / "moved").equals(jobs.result(tmp_path / "one"))
    assert not jobs.result(tmp_path / "other").equals(jobs.result(tmp_path / "one"))
