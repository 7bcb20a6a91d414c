"""One model and one server for the tests of the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from tests.documents import ROOT
from tests.service.server import Server, serving
from tests.small_model import small_model


@pytest.fixture(scope="session")
def saved(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "model"
    model = small_model(spark)
    model.save(str(path))
    lists = model.rankedLists(30)
    lists.write.parquet(str(path.parent / "lists"))
    model.unpersist()
    return path


@pytest.fixture(scope="session")
def scorer(saved: Path) -> gr.Scorer:
    return gr.Scorer.open(saved)


@pytest.fixture(scope="module")
def server(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    events = tmp_path_factory.mktemp("events") / "events.db"
    items = str(ROOT / "sample_data" / "films.csv")
    with serving(saved, events, ["--items", items, "--deadline-ms", "20000"]) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> httpx.Client:
    return server.client
