"""A model's or an Estimator's directory: Parquet and a line of JSON, nothing pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.ml.param import Params
from pyspark.ml.util import (
    DefaultParamsReader,
    DefaultParamsWriter,
    MLReader,
    MLWritable,
    MLWriter,
)
from pyspark.sql import DataFrame, SparkSession

from graphrec.errors import OutputExistsError, UnreadableInputError
from graphrec.progress import stage
from graphrec.recommenders.saved_format import DESCRIBED, FORMAT, require_format

SAVE_MODEL = "save model"  # stages
LOAD_MODEL = "load model"
_METADATA = "metadata"


class DirectoryWriter(MLWriter):
    """Writes a model or an Estimator; a subclass says which tables it has."""

    def __init__(self, written: Any) -> None:
        super().__init__()
        self._written = written

    def _handleOverwrite(self, path: str) -> None:
        """Nothing: each table replaces its older self, which Spark Connect can do as well."""


class DirectoryReader(MLReader[Any]):
    """Reads what a `DirectoryWriter` wrote, if it is of an expected class."""

    def __init__(self, expected: type[Any]) -> None:
        super().__init__()
        self._expected = expected


def write_directory(
    spark: SparkSession,
    path: str,
    model: Params,
    tables: Mapping[str, DataFrame],
    described: Mapping[str, Any],
    *,
    overwrite: bool,
    parts: Mapping[str, MLWritable] | None = None,
) -> None:
    """Write the tables and then the metadata: a directory without it is no model.

    Args:
        spark: the running session.
        path: on any file system that Spark can write to.
        model: whose class and parameters are noted.
        tables: by the names of their folders.
        described: what else the model needs to be built again, as JSON.
        overwrite: replace a model that is there.
        parts: what has a directory of its own, by the path below this one.

    Raises:
        OutputExistsError: there is a model, and it may not be replaced.
    """
    if not overwrite and _metadata_line(spark, path) is not None:
        raise OutputExistsError(
            f"there is a model at {path}", fix="call write().overwrite() to replace it"
        )
    for name, frame in tables.items():
        if overwrite and _is_there(spark, frame, f"{path}/{name}"):
            continue
        with stage(name):
            frame.write.mode("overwrite").parquet(f"{path}/{name}")
    for name, part in (parts or {}).items():
        part.write().session(spark).overwrite().save(f"{path}/{name}")
    metadata = DefaultParamsWriter._get_metadata_to_save(
        model,
        spark,
        extraMetadata={DESCRIBED: {"format": FORMAT, **described}},
    )
    line = spark.createDataFrame([(metadata,)], "value string").coalesce(1)
    line.write.mode("overwrite").text(f"{path}/{_METADATA}")


def read_directory(
    spark: SparkSession, path: str, expected: type[Any]
) -> tuple[type[Any], dict[str, Any], dict[str, Any]]:
    """Read a model's metadata.

    Returns:
        the model's class, the metadata as PySpark writes it, and what else was described.

    Raises:
        UnreadableInputError: there is no model at this path, or one of another class or format.
    """
    line = _metadata_line(spark, path)
    if line is None:
        raise UnreadableInputError(
            f"there is no model at {path}", fix="give the directory that a model was saved to"
        )
    metadata: dict[str, Any] = json.loads(line)
    described = require_format(metadata, path)
    cls = DefaultParamsReader._DefaultParamsReader__get_class(metadata["class"])  # type: ignore[attr-defined]
    if not issubclass(cls, expected):
        raise UnreadableInputError(
            f"the model at {path} is not a {expected.__name__}",
            found=cls.__name__,
            fix=f"load it with {cls.__name__}.load",
        )
    return cls, metadata, dict(described)


def restore_params(model: Any, metadata: dict[str, Any]) -> None:
    """Give a model the uid and the parameters it was saved with."""
    model._resetUid(metadata["uid"])
    DefaultParamsReader.getAndSetParams(model, metadata)


def _is_there(spark: SparkSession, frame: DataFrame, path: str) -> bool:
    """Whether a frame is just what is at a path, so of a model that was loaded from there.

    Spark cannot replace what it reads.
    """
    try:
        return frame.sameSemantics(spark.read.parquet(path))
    except AnalysisException:  # nothing is there
        return False


def _metadata_line(spark: SparkSession, path: str) -> str | None:
    try:
        row = spark.read.text(f"{path}/{_METADATA}").first()
    except AnalysisException:
        return None
    return None if row is None else str(row[0])
