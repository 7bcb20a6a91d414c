"""One Spark session for each process of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import graphrec
from tests.quick_spark import QUICK

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a folder that need the session stay together: what they share is made once."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            folder = item.path.relative_to(_HERE).parts[0]
            item.add_marker(pytest.mark.xdist_group(folder))


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
