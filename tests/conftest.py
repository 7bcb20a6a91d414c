"""One Spark session for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from pyspark.sql import SparkSession

import graphrec
from tests.quick_spark import QUICK

# A first example may load compiled code, or wait for a busy machine: time says nothing here.
hypothesis.settings.register_profile("graphrec", deadline=None)
hypothesis.settings.load_profile("graphrec")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the session: it stays in one process, and the quick check leaves it out."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.spark)
            item.add_marker(pytest.mark.xdist_group("session"))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = graphrec.spark_session("graphrec-tests", config=QUICK)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, kept outside the repository."""
    folder = Path(os.environ.get("GRAPHREC_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set GRAPHREC_DATA to run this test")
    return folder
