"""The jobs under spark-submit of the installed PySpark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyspark
import pytest

from graphrec.graphframes_jar import find_graphframes_jars

REPOSITORY = Path(__file__).parents[2]
RATINGS = REPOSITORY / "sample_data" / "ratings.csv"


def submit(job: str, *arguments: str, jars: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            str(Path(pyspark.__path__[0]) / "bin" / "spark-submit"),
            *("--master", "local[2]", "--conf", "spark.sql.shuffle.partitions=4"),
            *(("--jars", jars) if jars else ()),
            *(str(REPOSITORY / "jobs" / job), *arguments),
        ],
        env=os.environ | {"PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_recommend(tmp_path: Path) -> None:
    done = submit("recommend.py", str(RATINGS), "--out", f"{tmp_path}/out", "--weights", "walk=1")
    assert done.returncode == 0, done.stderr
    lists = pd.read_parquet(tmp_path / "out")
    assert list(lists.columns)[:4] == ["userId", "movieId", "rank", "score"]
    assert lists.userId.nunique() == 598
    assert "because you watched" in done.stdout
    told = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert told["command"] == "recommend"
    assert told["input"]["rejected_rows"] > 0


@pytest.mark.slow
def test_watched_together(tmp_path: Path) -> None:
    done = submit("watched_together.py", str(RATINGS), "--out", f"{tmp_path}/out", "-k", "3")
    assert done.returncode == 0, done.stderr
    neighbours = pd.read_parquet(tmp_path / "out")
    assert list(neighbours.columns)[:3] == ["movieId", "neighbour", "rank"]
    assert neighbours["rank"].max() == 3


@pytest.mark.slow
def test_evaluate(tmp_path: Path) -> None:
    done = submit("evaluate.py", str(RATINGS), "--out", f"{tmp_path}/out", "--weights", "walk=1")
    assert done.returncode == 0, done.stderr
    summary = pd.read_parquet(tmp_path / "out")
    assert set(summary.model) == {"popularity", "walk", "hybrid", "hybrid + MMR"}
    assert "Lists of 20" in done.stdout
    assert (tmp_path / "out" / "_report.html").is_file()


@pytest.mark.slow
def test_explore(tmp_path: Path) -> None:
    """spark-submit has no GraphFrames of its own: it is given the jar that the tests run with."""
    jar = ",".join(find_graphframes_jars())
    done = submit("explore.py", str(RATINGS), "--out", f"{tmp_path}/out", "--sample", "1", jars=jar)
    assert done.returncode == 0, done.stderr
    assert "bridges between communities" in done.stdout
    told = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert told["output"]["communities"] == 6


@pytest.mark.slow
def test_a_users_error_is_the_exit_code_of_spark_submit(tmp_path: Path) -> None:
    done = submit("recommend.py", f"{tmp_path}/nope.csv", "--out", f"{tmp_path}/out")
    assert done.returncode == 2
    # spark-submit passes on what Python writes to either as its own standard output.
    assert f"graphrec: {tmp_path}/nope.csv does not exist" in done.stdout
    assert not list(tmp_path.iterdir())
