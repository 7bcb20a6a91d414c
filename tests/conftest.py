"""One Spark session for all tests of a process."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from pyspark.sql import SparkSession

import graphrec
from graphrec.spark.warm_session import SETTING
from tests.quick_spark import LASTING

# Verbs that tests run are not to use the session that somebody keeps on this machine.
os.environ[SETTING] = "off"

# A first example may load compiled code, or wait for a busy machine: time says nothing here.
hypothesis.settings.register_profile("graphrec", deadline=None)
hypothesis.settings.load_profile("graphrec")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the session; two processes begin with the files that take long.

    Each of them has a session of its own, and takes one file after the other (`--dist loadfile`): a
    long one at the end would leave the other idle.
    """
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.spark)
    if "PYTEST_XDIST_WORKER" in os.environ:
        work = Counter({item.path: 0 for item in items})
        for item in items:
            work[item.path] += cost(item)
        items.sort(key=lambda item: -work[item.path])  # stable: the order within a file stays


def cost(item: pytest.Item) -> int:
    """How long a test takes, roughly: a slow one as long as 100 that only use the session."""
    if item.get_closest_marker("slow"):
        return 1000
    return 10 if item.get_closest_marker("spark") else 1


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = graphrec.spark_session("graphrec-tests", config=LASTING)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, kept outside the repository."""
    folder = Path(os.environ.get("GRAPHREC_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set GRAPHREC_DATA to run this test")
    return folder
