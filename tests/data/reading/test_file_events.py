"""Files of a batch are read as tables are, each by its own header; JSON never changes its types."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

import graphrec as gr
from graphrec.data.reading.file_events import FileEvents
from graphrec.errors import ColumnError, UnreadableInputError


@pytest.fixture(scope="module")
def dataset(spark: SparkSession) -> gr.Dataset:
    rows = [(1, "a", 4.0, 1e9), (2, "a", 5.0, 1e9)]
    frame = spark.createDataFrame(rows, "user int, item string, rating double, time double")
    return gr.Dataset.from_interactions(frame, timestampCol="time")


def batch(spark: SparkSession, folder: Path) -> DataFrame:
    return spark.createDataFrame([(str(path),) for path in folder.iterdir()], "path string")


def test_each_format_gives_the_same_columns(
    spark: SparkSession, dataset: gr.Dataset, tmp_path: Path
) -> None:
    (tmp_path / "one [1].csv").write_text("time,item,user,rating\n1000000001,b,7,3\n,c,x,2\n1,2\n")
    (tmp_path / "two.tsv").write_text("user\titem\trating\ttime\tmore\n8\td\t1\t1000000002\t!\n")
    (tmp_path / "header.csv").write_text("user,item,rating,time\n")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "three.jsonl").write_bytes(
        b'{"user": 9, "item": "e", "rating": 4.5, "time": 1000000003}\n'
        b'{"user": "9", "item": "e", "rating": 1, "time": 1000000004}\n'
        b'\n{"user": 9, "item": "\xff", "rating": 1, "time": 1000000004}\nhello\n'
        b'{"user": 10, "item": 5, "rating": "poison"}\n'
    )
    found = FileEvents().rows(batch(spark, tmp_path), dataset)
    assert found.columns == ["user", "item", "rating", "time", "_corrupt_record"]
    judged = dataset.judged(found).select("user", "item", "weight", "timestamp", "reason")
    accepted = {tuple(row)[:4] for row in judged.collect() if row.reason is None}
    assert accepted == {
        (7, "b", 3.0, 1000000001.0),
        (8, "d", 1.0, 1000000002.0),
        (9, "e", 4.5, 1000000003.0),
    }
    reasons = sorted(row.reason for row in judged.collect() if row.reason is not None)
    assert reasons == [
        "line cannot be parsed",
        "line cannot be parsed",
        "line cannot be parsed",
        "line cannot be parsed",
        "rating is not a finite number",
        "user id is missing",
    ]


def test_a_batch_without_a_row_is_empty(
    spark: SparkSession, dataset: gr.Dataset, tmp_path: Path
) -> None:
    (tmp_path / "header.csv").write_text("user,item,rating,time\n")
    found = FileEvents().rows(batch(spark, tmp_path), dataset)
    assert found.collect() == list[Row]()


def test_what_cannot_be_put_together_is_refused_by_name(
    spark: SparkSession, dataset: gr.Dataset, tmp_path: Path
) -> None:
    text, numbers, lacking = (tmp_path / name for name in ("text", "numbers", "lacking"))
    for folder in (text, numbers, lacking):
        folder.mkdir()
    (numbers / "a.csv").write_text("user,item,rating,time\n1,a,5,1000000000\n")
    table = spark.createDataFrame(
        [(1, "a", 5, 1e9)], "user long, item string, rating int, time double"
    )
    table.coalesce(1).write.parquet(str(numbers / "b.parquet"))
    with pytest.raises(UnreadableInputError, match=r"rating changes .* string in .*a\.csv, int in"):
        FileEvents().rows(batch(spark, numbers), dataset)
    (lacking / "c.csv").write_text("user,item,time\n1,a,1000000000\n")
    with pytest.raises(ColumnError, match=r"c\.csv must have the column 'rating' once"):
        FileEvents().rows(batch(spark, lacking), dataset)
