"""A stream gives the model that one update gives, whatever comes late, twice or in between."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import InputError, ParameterError
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.versions import version_path

SCHEMA = "user string, item string, rating double, time double"
Event = tuple[str | None, str, float, float]
FIRST: list[Event] = [
    (user, item, 4.0, 1e9)
    for user, items in {"ann": "abc", "ben": "ab", "cas": "bcd", "dan": "cd"}.items()
    for item in items
]
BATCHES: list[list[Event]] = [
    [("eve", "a", 5.0, 1.1e9), ("ann", "d", -1.0, 1.2e9), ("ben", "e", 4.0, 1.1e9)],
    [("ann", "d", 5.0, 1.1e9), ("eve", "b", 2.0, 1.1e9), (None, "b", 2.0, 1.1e9)],  # the first late
    [("ben", "e", 5.0, 1.0e9), ("ben", "c", 4.0, 1.3e9)],
]
ROWS = [row for batch in BATCHES for row in batch]


@pytest.fixture(scope="module")
def model(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> RecommenderModel:
    path = str(tmp_path_factory.mktemp("stream") / "model")
    recommender = gr.ItemKNNRecommender(timestampCol="time")
    recommender.fit(spark.createDataFrame(FIRST, SCHEMA)).write().save(path)
    return RecommenderModel.load(path)


@pytest.fixture(scope="module")
def wanted(model: RecommenderModel, spark: SparkSession) -> RecommenderModel:
    return model.update(spark.createDataFrame(ROWS, SCHEMA))


def put(folder: Path, name: str, rows: Sequence[Event]) -> None:
    """A file comes to a folder, whole."""
    folder.mkdir(exist_ok=True)
    lines = [
        json.dumps(dict(zip(("user", "item", "rating", "time"), row, strict=True))) for row in rows
    ]
    (folder / f".{name}").write_text("".join(f"{line}\n" for line in lines))
    (folder / f".{name}").rename(folder / name)


def events(spark: SparkSession, folder: Path) -> DataFrame:
    folder.mkdir(exist_ok=True)
    return spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(str(folder))


def follow(model: RecommenderModel, folder: Path, place: Path) -> RecommenderModel:
    """Take in all files of a folder; the model that comes of it."""
    stream = model.updateStream(
        events(model.dataset.spark, folder),
        str(place / "versions"),
        checkpoint=str(place / "checkpoint"),
        availableNow=True,
        keep=2,
    )
    assert stream.awaitTermination()
    return RecommenderModel.load(str(place / "versions"))


def assert_same(found: RecommenderModel, wanted: RecommenderModel) -> None:
    one, other = (model.dataset.served.orderBy("user").toArrow() for model in (found, wanted))
    assert one.to_pylist() == other.to_pylist()
    assert found.dataset.catalogue.ids.equals(wanted.dataset.catalogue.ids)
    for name in ("indptr", "indices", "data"):
        mine, theirs = (getattr(model.tables.neighbours, name) for model in (found, wanted))
        assert mine.tobytes() == theirs.tobytes()


def test_late_events_and_other_batches_make_no_difference(
    model: RecommenderModel, wanted: RecommenderModel, tmp_path: Path
) -> None:
    incoming = tmp_path / "incoming"
    put(incoming, "a.json", BATCHES[2])
    found = follow(model, incoming, tmp_path)
    assert set(found.streams.values()) == {0}
    put(incoming, "b.json", [*reversed(BATCHES[0]), *BATCHES[1]])
    found = follow(model, incoming, tmp_path)
    assert_same(found, wanted)
    assert set(found.streams.values()) == {1}
    assert len(found.dataset.batches) == 3
    names = sorted(path.name for path in (tmp_path / "versions").iterdir() if path.is_dir())
    assert names[-2:] == ["v000002", "v000003"]
    rejected = model.dataset.spark.read.parquet(str(tmp_path / "checkpoint" / "_rejected"))
    assert [(row.item, row.reason, row.batch) for row in rejected.collect()] == [
        ("b", "user id is missing", 1)
    ]

    # the last batch again, as after a kill before the checkpoint has noted it
    commits = tmp_path / "checkpoint" / "commits"
    for path in commits.glob("*1*"):
        path.unlink()
    assert follow(model, incoming, tmp_path).origin == found.origin
    assert (commits / "1").exists()
    assert version_path(str(tmp_path / "versions")).endswith("v000003")

    # the version before is put back: it lacks what the checkpoint has noted
    (tmp_path / "versions" / "CURRENT").write_text("v000002\n")
    put(incoming, "c.json", [])
    put(incoming, "d.json", FIRST[:1])
    with pytest.raises(InputError, match="the checkpoint is ahead of the model; found batch 2"):
        follow(model, incoming, tmp_path)
    shutil.rmtree(tmp_path / "versions")
    with pytest.raises(InputError, match="the checkpoint belongs to another model"):
        follow(model, incoming, tmp_path)


def test_what_cannot_be_a_stream_is_refused(
    model: RecommenderModel, spark: SparkSession, tmp_path: Path
) -> None:
    def begin(events: DataFrame, **settings: float) -> None:
        model.updateStream(events, str(tmp_path / "v"), checkpoint=str(tmp_path / "c"), **settings)  # type: ignore[arg-type]

    with pytest.raises(ParameterError, match="a stream is needed; found DataFrame"):
        begin(spark.createDataFrame(FIRST, SCHEMA))
    stream = events(spark, tmp_path / "incoming")
    with pytest.raises(ParameterError, match="give availableNow or seconds, not both"):
        begin(stream, availableNow=True, seconds=5.0)
    with pytest.raises(ParameterError, match="must not be below 0"):
        begin(stream, seconds=-1.0)
    assert not (tmp_path / "v").exists()
    other = gr.PopularityRecommender().fit(spark.createDataFrame(FIRST[:5], SCHEMA))
    other.updateStream(
        stream, str(tmp_path / "v"), checkpoint=str(tmp_path / "c"), availableNow=True
    ).awaitTermination()
    with pytest.raises(ParameterError, match="do not come from this model"):
        begin(stream)


def test_a_full_disk_leaves_the_last_version_and_the_batch_comes_again(
    model: RecommenderModel, wanted: RecommenderModel, tmp_path: Path
) -> None:
    """A file that may not grow is what the JVM sees of a full disk."""
    incoming, versions = tmp_path / "incoming", tmp_path / "versions"
    put(incoming, "a.json", BATCHES[0])
    follow(model, incoming, tmp_path)
    put(incoming, "b.json", [*BATCHES[1], *BATCHES[2]])
    jvm = model.dataset.spark._jvm
    assert jvm is not None
    java = psutil.Process(jvm.java.lang.ProcessHandle.current().pid())
    java.rlimit(psutil.RLIMIT_FSIZE, (400, psutil.RLIM_INFINITY))
    try:
        with pytest.raises(Exception, match="File too large"):
            follow(model, incoming, tmp_path)
    finally:
        java.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    assert version_path(str(versions)) == str(versions / "v000002")
    assert_same(follow(model, incoming, tmp_path), wanted)


KILLED = """
import os, signal, sys
import graphrec as gr
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.update_stream import StreamSettings, start

spark = gr.spark_session("killed", config={"spark.ui.enabled": "false"})
path, incoming, place, schema = sys.argv[1:]
events = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).json(incoming)
settings = StreamSettings(versions=f"{place}/versions", checkpoint=f"{place}/checkpoint")
kill = lambda batch, path: os.kill(os.getpid(), signal.SIGKILL)
start(RecommenderModel.load(path), events, settings, taken_in=kill).awaitTermination()
"""


@pytest.mark.slow
def test_a_driver_that_is_killed_goes_on_as_if_it_had_not_been(
    model: RecommenderModel, wanted: RecommenderModel, tmp_path: Path
) -> None:
    """By SIGKILL between the version of a batch and the note of it in the checkpoint."""
    incoming = tmp_path / "incoming"
    for name, rows in zip("abc", BATCHES, strict=True):
        put(incoming, f"{name}.json", rows)
    path = str(tmp_path / "model")
    model.write().save(path)
    arguments = [path, str(incoming), str(tmp_path), SCHEMA]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert version_path(str(tmp_path / "versions")).endswith("v000002")  # with the first batch
    assert not (tmp_path / "checkpoint" / "commits" / "0").exists()
    found = follow(model, incoming, tmp_path)
    assert_same(found, wanted)
    assert version_path(str(tmp_path / "versions")).endswith("v000004")
    assert len(found.dataset.batches) == 4
