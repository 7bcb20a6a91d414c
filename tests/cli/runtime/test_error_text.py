"""The innermost cause of a failure, in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from graphrec.cli.runtime.error_text import one_line


def test_of_a_python_error() -> None:
    assert one_line(ValueError("no\nsecond line")) == "ValueError: no"
    assert one_line(RuntimeError()) == "RuntimeError"


def test_of_a_python_worker(spark: SparkSession) -> None:
    def fail(_batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        raise OverflowError("too much: 7")

    with pytest.raises(Exception, match="OverflowError") as caught:
        spark.range(3).mapInArrow(fail, "id long").collect()
    assert one_line(caught.value) == "OverflowError: too much: 7"


def test_of_the_jvm(spark: SparkSession) -> None:
    jvm = spark._jvm
    with pytest.raises(Exception, match="scheme") as caught:
        jvm.org.apache.hadoop.fs.Path("gopher://host/x").getFileSystem(  # type: ignore[union-attr]
            spark._jsc.hadoopConfiguration()
        )
    assert one_line(caught.value).endswith('No FileSystem for scheme "gopher"')
    assert "\n" not in one_line(caught.value)


def test_of_the_analyser(spark: SparkSession) -> None:
    with pytest.raises(Exception, match="nope") as caught:
        spark.sql("select nope")
    assert one_line(caught.value).startswith("AnalysisException: [UNRESOLVED_COLUMN")
    assert "\n" not in one_line(caught.value)
