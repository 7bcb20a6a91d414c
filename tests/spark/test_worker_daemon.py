"""What the workers of Python are spared: archives on their path, and garbage that there is not."""

from __future__ import annotations

import gc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from graphrec.spark.worker_daemon import without_own_archives


def archive(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("pyspark/__init__.py", "")
    return str(path)


def test_archives_of_the_installed_pyspark_are_left_out_and_no_others(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "pyspark"
    own = [archive(package / "python/lib/pyspark.zip"), archive(package / "jars/spark-core.jar")]
    (package / "__init__.py").touch()
    mine = archive(tmp_path / "mine.zip")
    folders = [str(tmp_path / "folder"), str(package.parent)]
    assert without_own_archives([folders[0], *own, mine, folders[1]]) == [
        *(folders[0], mine, folders[1])
    ]


def test_without_an_installed_pyspark_the_archives_stay(tmp_path: Path) -> None:
    path = [str(tmp_path), archive(tmp_path / "spark" / "python" / "lib" / "pyspark.zip")]
    assert without_own_archives(path) == path


def test_workers_look_for_no_garbage_among_the_objects_of_libraries(spark: SparkSession) -> None:
    def objects(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            counted = {"spared": [gc.get_freeze_count()], "searched": [len(gc.get_objects())]}
            yield pa.RecordBatch.from_pydict(counted)

    schema = "spared bigint, searched bigint"
    for row in spark.range(4, numPartitions=2).mapInArrow(objects, schema).collect():
        assert row.spared > max(100_000, row.searched)
