"""A folder to which files of interactions come, as a stream.

The stream itself consists of the files' names. A batch of names is read by the readers of whole
tables, each file by its own header, so all that holds for a table that is read at once holds here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.checks import require_columns
from graphrec.data.column_types import quoted
from graphrec.data.dataset import Dataset
from graphrec.data.interaction_columns import MALFORMED_LINE
from graphrec.data.reading.file_names import escaped, name_of_pattern
from graphrec.data.reading.json_lines import json_objects
from graphrec.data.reading.paths import InputFiles, recognise_format
from graphrec.data.reading.readers import read_table
from graphrec.errors import NoRowsError, UnreadableInputError

MAX_FILES = 16  # of a batch: each is read by a query of its own
_NAMED_FILES = "path string, modificationTime timestamp, length bigint, content binary"
_NEVER_TOO_OLD = "36500d"  # else Spark passes over files that are a week older than the newest


def names_of_files(spark: SparkSession, folder: str, *, per_batch: int = MAX_FILES) -> DataFrame:
    """The stream of the files that come to a folder, or to a folder in it.

    Args:
        spark: the session.
        folder: on any file system; files are put there whole, by renaming them.
        per_batch: how many of them are read at once, at most.

    Returns:
        (path: string), a stream.

    Raises:
        UnreadableInputError: there is no such folder.
    """
    reader = spark.readStream.format("binaryFile").schema(_NAMED_FILES)
    reader = reader.option("recursiveFileLookup", True)
    reader = reader.option("maxFilesPerTrigger", per_batch).option("maxFileAge", _NEVER_TOO_OLD)
    try:
        return reader.load(escaped(folder)).select("path")
    except AnalysisException as error:
        if error.getCondition() != "PATH_NOT_FOUND":
            raise
        raise UnreadableInputError(
            f"{folder} does not exist", fix="make the folder that files come to"
        ) from error


@dataclass(frozen=True)
class FileEvents:
    """How files of interactions are read.

    Attributes:
        format: of all of them; None: by their suffixes.
        encoding: of CSV and TSV without a byte-order mark; None: UTF-8. JSON is UTF-8.
        delimiter: see `read_table`.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None

    def rows(self, batch: DataFrame, dataset: Dataset) -> DataFrame:
        """The rows of a batch of files.

        Args:
            batch: see `names_of_files`.
            dataset: has the names of the columns and the types of the ids.

        Returns:
            The columns that the dataset was made of, and `_corrupt_record`.

        Raises:
            UnreadableInputError: a file cannot be read, or has other types than those beside it.
            ColumnError: a file lacks a column, or has ids that the model cannot have.
        """
        paths = sorted(row["path"] for row in batch.collect())  # a batch of names
        kinds = kinds_of_fields(dataset)
        read = dict(self._read(batch.sparkSession, paths, dataset, kinds))
        _require_same_types(read)
        rows = dataset.empty_interactions().withColumn(MALFORMED_LINE, F.lit(None).cast("string"))
        return _together([*read.values()] or [rows.select(*kinds, MALFORMED_LINE)])

    def _read(
        self,
        spark: SparkSession,
        paths: Sequence[str],
        dataset: Dataset,
        kinds: Mapping[str, T.DataType],
    ) -> Iterator[tuple[str, DataFrame]]:
        """Frames with the same columns, by the file that they come from or begin with."""
        json = [escaped(path) for path in paths if self._format_of(path) == "json"]
        if json:
            yield json[0], json_objects(spark.read.text(json), kinds)
        for path in paths:
            if self._format_of(path) != "json":
                try:
                    table = read_table(
                        spark,
                        path,
                        format=self.format,
                        encoding=self.encoding,
                        delimiter=self.delimiter,
                    )
                except NoRowsError:  # there is nothing in it yet
                    continue
                require_columns(table, *kinds, of=name_of_pattern(path))
                yield path, _wanted(table, dataset, kinds)

    def _format_of(self, path: str) -> str:
        return self.format or recognise_format(InputFiles(path, (path,), ()))


def kinds_of_fields(dataset: Dataset) -> dict[str, T.DataType]:
    """The columns that a dataset was made of: ids in its types, all else as text."""
    return {field.name: field.dataType for field in dataset.empty_interactions().schema}


def _wanted(table: DataFrame, dataset: Dataset, kinds: Mapping[str, T.DataType]) -> DataFrame:
    """The columns that are needed, the ids in the model's types."""
    columns = {name: quoted(name) for name in kinds}
    columns[dataset.columns.user] = dataset.users_of(table)
    columns[dataset.columns.item] = dataset.items_of(table)
    malformed = MALFORMED_LINE in table.columns
    line = quoted(MALFORMED_LINE) if malformed else F.lit(None).cast("string")
    return table.select(
        *(column.alias(name, metadata={}) for name, column in columns.items()),
        line.alias(MALFORMED_LINE),
    )


def _require_same_types(read: Mapping[str, DataFrame]) -> None:
    """Raise an UnreadableInputError where Spark would convert values to put files together."""
    for (first, frame), (path, other) in pairwise(read.items()):
        for one, field in zip(frame.schema, other.schema, strict=True):
            if not _alike(one.dataType, field.dataType):
                raise UnreadableInputError(
                    f"the type of {field.name} changes within a batch of files",
                    found=f"{one.dataType.simpleString()} in {name_of_pattern(first)}, "
                    f"{field.dataType.simpleString()} in {name_of_pattern(path)}",
                    fix="write the files with the same types",
                )


def _alike(one: T.DataType, other: T.DataType) -> bool:
    return one == other or (isinstance(one, T.NumericType) and isinstance(other, T.NumericType))


def _together(frames: Sequence[DataFrame]) -> DataFrame:
    """The union of frames, whose plan is as deep as the logarithm of their number."""
    while len(frames) > 1:
        pairs = zip(frames[::2], frames[1::2], strict=False)
        odd = [frames[-1]] if len(frames) % 2 else []
        frames = [*(one.union(other) for one, other in pairs), *odd]
    return frames[0]
