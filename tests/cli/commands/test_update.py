"""A saved model takes in new interactions: as a directory, and as versions that others read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.data.reading.readers import read_table
from graphrec.recommenders.versions import version_path
from tests.cli.conftest import Graphrec

HEADER = "customer_id,asin,stars,ts\n"


@pytest.fixture(scope="module")
def model(spark: SparkSession, ratings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("updated") / "model"
    gr.ItemKNNRecommender().fit(read_table(spark, str(ratings))).write().save(str(folder))
    return folder


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("new") / "today.csv"
    path.write_text(
        HEADER + "1,a29,5,1700000001\n99,a1,5,1700000002\n99,b-new,5,1700000003\n98,,5,1700000004\n"
    )
    return path


def test_versions_are_updated_read_and_listed_for_whom_something_changed(
    graphrec: Graphrec, spark: SparkSession, model: Path, new: Path, tmp_path: Path
) -> None:
    versions, lists = tmp_path / "versions", tmp_path / "lists"
    done = graphrec("update", model, new, "--out", versions, "--keep", 2)
    assert done.code == 0, done.err
    assert "3 rows of 2 users taken in; the model has 41 users with 31 items now" in done.err
    assert "1  rejected: item id is missing" in done.err
    first = Path(version_path(str(versions)))
    record = json.loads((first / "_run.json").read_text())
    assert record["input"]["accepted_rows"] == 3
    assert record["output"] == {"users": 41, "items": 31, "batches": 2, "changed": True}
    assert [row.customer_id for row in spark.read.parquet(f"{first}/_rejected").collect()] == [98]
    assert len(gr.Scorer.open(versions).history(99).items) == 2

    again = graphrec("update", versions, new)
    assert again.code == 0, again.err
    assert "nothing has changed" in again.err
    assert version_path(str(versions)) == str(first)

    later = tmp_path / "later.csv"
    later.write_text(HEADER + "7,b-new,4,1700000009\n")
    assert graphrec("update", versions, later, "-q").code == 0
    assert Path(version_path(str(versions))).name == "v000002"
    changed = graphrec(
        "recommend",
        "--model",
        versions,
        "--changed-since",
        "v000001",
        "-k",
        2,
        "-q",
        "--out",
        lists,
    )
    assert changed.code == 0, changed.err
    assert {row.customer_id for row in spark.read.parquet(str(lists)).collect()} == {7}


def test_a_directory_of_its_own_and_users_who_are_forgotten(
    graphrec: Graphrec, model: Path, tmp_path: Path
) -> None:
    out, users = tmp_path / "out", tmp_path / "users.csv"
    users.write_text("customer_id\n1\n1000\n")
    done = graphrec("update", model, "--forget", users, "--out", out)
    assert done.code == 0, done.err
    assert "1 users forgotten" in done.err
    assert len(gr.Scorer.open(out).history(1).items) == 0
    assert len(gr.Scorer.open(out).history(2).items)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "OUT"], "nothing to update by; give IN, or --forget"),
        (["NEW"], "the updated model needs a directory of its own"),
        (["OTHER", "--out", "OUT"], "stars"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    graphrec: Graphrec,
    model: Path,
    new: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("customer_id,asin,ts\n1,a29,1700000001\n")
    names = {"OUT": str(tmp_path / "out"), "NEW": str(new), "OTHER": str(other)}
    done = graphrec("update", model, *(names.get(word, word) for word in arguments))
    assert done.code == 2
    assert message in done.err
    assert done.err.startswith("graphrec: ") or "\ngraphrec: " in done.err
    assert not (tmp_path / "out").exists()


def test_changed_users_are_of_a_saved_model(graphrec: Graphrec, new: Path, tmp_path: Path) -> None:
    done = graphrec("recommend", new, "--changed-since", "v000001", "--out", tmp_path / "out")
    assert done.code == 2
    assert "--changed-since chooses among the users of a saved model" in done.err
