"""Jobs under spark-submit: with the defaults of Spark, and with what docs/scaling.md advises.

That each job is its verb is tested in `test_wrappers.py`, without a JVM for each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyspark
import pytest

from graphrec.spark.jars import find_graphframes_jars
from tests.quick_spark import QUICK, archive_options
from tests.some_ratings import RATINGS, every_fifth_user

REPOSITORY = Path(__file__).parents[2]
JAVA_OPTIONS = "spark.driver.extraJavaOptions"
DEFAULTS = {"spark.sql.shuffle.partitions": "4"}


def submit(
    job: str, *arguments: str, jars: str = "", settings: Mapping[str, str] = QUICK
) -> subprocess.CompletedProcess[str]:
    java_options = f"{settings.get(JAVA_OPTIONS, '')} {archive_options()}"
    named = {**settings, JAVA_OPTIONS: java_options}
    confs = [part for item in named.items() for part in ("--conf", "=".join(item))]
    return subprocess.run(
        [
            str(Path(pyspark.__path__[0]) / "bin" / "spark-submit"),
            *("--master", "local[2]", *confs),
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
    """With the whole sample, and with Spark as it is."""
    options = (str(RATINGS), "--out", f"{tmp_path}/out", "--weights", "walk=1")
    done = submit("recommend.py", *options, settings=DEFAULTS)
    assert done.returncode == 0, done.stderr
    lists = pd.read_parquet(tmp_path / "out")
    assert list(lists.columns)[:4] == ["userId", "movieId", "rank", "score"]
    assert lists.userId.nunique() == 598
    assert "because of" in done.stdout
    record = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert record["command"] == "recommend"
    assert record["input"]["rejected_rows"] > 0


@pytest.mark.slow
def test_explore(tmp_path: Path) -> None:
    """spark-submit has no GraphFrames of its own: it is given the jar that the tests run with."""
    jar = ",".join(find_graphframes_jars())
    options = (str(every_fifth_user(tmp_path)), "--out", f"{tmp_path}/out", "--sample", "1")
    done = submit("explore.py", *options, jars=jar)
    assert done.returncode == 0, done.stderr
    assert "bridges between communities" in done.stdout
    record = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert record["output"]["communities"] == 6


@pytest.mark.slow
def test_a_users_error_is_the_exit_code_of_spark_submit(tmp_path: Path) -> None:
    done = submit("recommend.py", f"{tmp_path}/nope.csv", "--out", f"{tmp_path}/out")
    assert done.returncode == 2
    # spark-submit passes on what Python writes to either as its own standard output.
    assert f"graphrec: {tmp_path}/nope.csv does not exist" in done.stdout
    assert not list(tmp_path.iterdir())
