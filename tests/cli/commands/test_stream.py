"""A model follows a folder or a topic by the command of the guide."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.data.reading.readers import read_table
from graphrec.recommenders.versions import version_path
from tests.cli.conftest import Graphrec
from tests.documents import ROOT, commands, steps
from tests.kafka_broker import kafka_broker

GUIDE = ROOT / "docs" / "streaming.md"
HEADER = "ts,customer_id,asin,stars\n"


@pytest.fixture(scope="module")
def model(spark: SparkSession, ratings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streamed") / "model"
    gr.PopularityRecommender().fit(read_table(spark, str(ratings))).write().save(str(folder))
    return folder


def record(versions: Path) -> dict[str, Any]:
    return json.loads((Path(version_path(str(versions))) / "_run.json").read_text())  # type: ignore[no-any-return]


def test_the_command_of_the_guide_follows_a_folder(
    graphrec: Graphrec, spark: SparkSession, model: Path, tmp_path: Path
) -> None:
    words = next(words for words in commands(GUIDE) if "--available-now" in words)
    words = [word.replace("DATA/model", str(model)) for word in words[1:]]
    words = [word.replace("DATA", str(tmp_path)) for word in words]
    incoming, versions = tmp_path / "incoming", tmp_path / "versions"
    incoming.mkdir()
    (incoming / "today.csv").write_text(HEADER + "1700000001,1,a29,5\n1700000002,99,new,5\n")
    done = graphrec(*words)
    assert done.code == 0, done.err
    assert "batch 0: 2 rows of 2 users taken in; the model has 41 users" in done.err
    assert f"written to {versions}/v000002" in done.err

    (incoming / "poison.jsonl").write_text('{"customer_id": 7, "asin": "a1", "stars": "x"}\n?\n')
    done = graphrec(*words)
    assert done.code == 0, done.err
    assert "batch 1: nothing has changed" in done.err
    assert "1  rejected: rating is not a finite number" in done.err
    found = record(versions)
    assert found["input"]["number"] == 1
    assert sum(found["input"]["rejected"].values()) == 2
    assert found["output"]["users"] == 41
    rejected = spark.read.parquet(str(tmp_path / "checkpoint" / "_rejected")).collect()
    assert {row.customer_id for row in rejected if row._corrupt_record is None} == {7}

    (incoming / "changed.csv").write_text("ts,customer_id,asin\n1700000001,1,a29\n")
    done = graphrec(*words)
    assert done.code == 2
    assert f"{incoming}/changed.csv must have the column 'stars' once" in done.err
    assert version_path(str(versions)).endswith("v000003")
    (incoming / "changed.csv").write_text(HEADER + "1700000009,1,a28,4\n")
    assert graphrec(*words, "-q").code == 0
    assert version_path(str(versions)).endswith("v000004")
    assert record(versions)["input"]["accepted_rows"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is one source of a stream; give either IN or --kafka"),
        (["in", "--kafka", "localhost:1", "--topic", "t"], "there is one source of a stream"),
        (["--kafka", "localhost:1"], "--kafka and --topic go together"),
        (["in"], "is no folder of versions; name one by --out"),
        (["no-such", "--out", "OUT"], "no-such does not exist"),
        (["in", "--out", "OUT", "--available-now", "--interval", 3], "not both"),
        (["--kafka", "localhost:1", "--topic", "t", "--out", "OUT"], "--packages org.apache.spark"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    graphrec: Graphrec, model: Path, tmp_path: Path, arguments: list[object], message: str
) -> None:
    out = tmp_path / "out"
    given = [str(out) if word == "OUT" else word for word in arguments]
    done = graphrec("stream", *given, "--model", model, "--checkpoint", tmp_path / "checkpoint")
    assert done.code in (1, 2)
    assert message in done.err
    assert not out.exists()


def test_the_python_of_the_guide_runs(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [source] = [step.source for step in steps(GUIDE) if step.kind == "python"]
    names: dict[str, Any] = {}
    exec(source.replace('"out/', f'"{tmp_path}/out/'), names)
    assert len(re.findall(r"m\d{3}", capsys.readouterr().out)) == 3
    assert len(names["latest"].history("visitor").items) == 1


FROM_KAFKA = """
import sys
import graphrec as gr
from graphrec.cli import main
from graphrec.spark.kafka_jars import kafka_settings

brokers, path, place = sys.argv[1:]
spark = gr.spark_session("kafka", config=kafka_settings())
model = ["--model", path, "--out", f"{place}/versions", "--checkpoint", f"{place}/checkpoint"]
verb = ["stream", "--kafka", brokers, "--topic", "ratings", *model, "--available-now"]
batches = (
    ['{"customer_id": 1, "asin": "a29", "stars": 5, "ts": 1700000001}', "poison"],
    ['{"customer_id": 99, "asin": "new", "stars": 4, "ts": 1700000002}'],
)
for values in batches:
    rows = spark.createDataFrame([("key", value) for value in values], "key string, value string")
    to = {"kafka.bootstrap.servers": brokers, "topic": "ratings"}
    rows.write.format("kafka").options(**to).save()
    assert main(verb) == 0
"""


@pytest.mark.kafka
@pytest.mark.slow
def test_a_topic_is_followed(model: Path, tmp_path: Path) -> None:
    with kafka_broker(tmp_path) as brokers:
        command = [sys.executable, "-c", FROM_KAFKA, brokers, str(model), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "batch 0: 1 rows of 1 users taken in" in done.stderr
    assert "1  rejected: line cannot be parsed" in done.stderr
    assert "batch 1: 1 rows of 1 users taken in; the model has 41 users" in done.stderr
    assert len(gr.Scorer.open(tmp_path / "versions").history(99).items) == 1
