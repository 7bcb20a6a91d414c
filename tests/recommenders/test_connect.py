"""The library runs under Spark Connect, where there is no SparkContext and no JVM at hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recommenders.checkerboard import USERS, held_out, history, rows, viewer


@pytest.mark.slow
def test_fit_serve_save_and_load_under_spark_connect(tmp_path: Path) -> None:
    """In a process of its own: a process can hold one kind of session only."""
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if "SPARK" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "tests.recommenders.connect_session", str(tmp_path / "model")],
        cwd=root,
        env=environment | {"PYSPARK_PYTHON": sys.executable, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["lists"].keys() == history().keys()
    for number in range(USERS):
        own_group = [film for film in found["lists"][viewer(number)] if film % 2 == number % 2]
        assert set(held_out(number)) <= set(own_group)
        assert found["lists"][viewer(number)][: len(own_group)] == own_group
    assert found["same"]
    assert found["updated"] == [["v00", "v50-new"], len(history()) + 1, 1]
    assert found["legs"]
    assert found["scored"] == len(rows())
    assert found["together"] > 0
    assert found["explained"] == [True] * 5
