"""What every verb writes: a table, the rejected rows, and perhaps the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.cli.io.result_folder import RESULT, SAVED_MODEL, staged
from graphrec.cli.options import OutputOptions, TableFormat, WritingOptions
from graphrec.data.column_types import quoted
from graphrec.data.reading.file_names import escaped
from graphrec.progress import stage
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.saved_directory import SAVE_MODEL
from graphrec.spark.paths import path_for

REJECTED: Final = "_rejected"  # names that Spark and Arrow pass over when they read the result
CSV: Final = "_csv"
REJECTED_ROWS: Final = "rejected rows"  # stages
_CSV_FILES: Final = "CSV"
JOINED_BY: Final = "|"


@dataclass(frozen=True)
class Folders:
    """Staging directories of the result and the model, renamed when all is written."""

    result: str
    model: str | None


def writing_stages(
    options: WritingOptions, *, learned: bool = True, save_model: str | None = None
) -> list[str]:
    """The stages of `write_beside` and `save_model`, in their order.

    Args:
        options: how the result is written.
        learned: interactions are read, so rows may be rejected.
        save_model: where the model goes, None if nowhere.
    """
    return [
        *([REJECTED_ROWS] if learned else []),
        *([_CSV_FILES] if options.format == TableFormat.CSV else []),
        *([SAVE_MODEL] if save_model is not None else []),
    ]


def table_stages(
    before: list[str] | None,
    table: str,
    options: WritingOptions,
    *,
    learned: bool,
    save_model: str | None,
) -> list[str] | None:
    """The stages of a verb that makes a table and writes it, in their order.

    Args:
        before: those of making the model; None if the data decide, and then the answer is None.
        table: that of making the table.
        options: see `writing_stages`, as for what follows.
        learned: interactions are read.
        save_model: where the model goes.
    """
    if before is None:
        return None
    return [*before, table, *writing_stages(options, learned=learned, save_model=save_model)]


@contextmanager
def result_folders(
    spark: SparkSession,
    options: OutputOptions,
    *,
    save_model: str | None,
    inputs: Iterable[str | None],
) -> Iterator[Folders]:
    """Yield staging directories for the result and the model, see `result_folder.staged`.

    Args:
        spark: the session.
        options: where the result goes.
        save_model: where the model goes, None if nowhere.
        inputs: paths that are read, None among them.
    """
    folder = partial(staged, spark, overwrite=options.overwrite)
    read = [path for path in inputs if path is not None]
    with ExitStack() as stack:
        model = None
        if save_model is not None:
            model = stack.enter_context(
                folder(save_model, made_of=SAVED_MODEL, apart_from=[*read, options.out])
            )
        result = stack.enter_context(folder(options.out, made_of=RESULT, apart_from=read))
        yield Folders(result, model)


def write_table(table: DataFrame, folder: str) -> DataFrame:
    """Write the result and return it as read from the files, so that nothing is computed twice."""
    table.write.mode("append").parquet(folder)  # the directory is there already
    return read_result(table.sparkSession, folder)


def read_result(spark: SparkSession, folder: str) -> DataFrame:
    """The table of a result."""
    return spark.read.parquet(escaped(path_for(spark, folder)))


def write_beside(
    written: DataFrame, rejected: DataFrame | None, folders: Folders, options: OutputOptions
) -> None:
    """Write what goes with the table: rejected rows, CSV files."""
    write_rejected(rejected, folders.result)
    if options.format == TableFormat.CSV:
        with stage(_CSV_FILES):
            write_csv(written, f"{folders.result}/{CSV}")


def save_model(model: RecommenderModel, folders: Folders) -> None:
    """Write the model, if it is to be kept."""
    if folders.model is not None:
        model.write().save(folders.model)


def write_rejected(rejected: DataFrame | None, folder: str) -> None:
    """Write the rejected rows; None where a model was loaded, which has none."""
    if rejected is not None:
        with stage(REJECTED_ROWS):
            rejected.write.parquet(f"{folder}/{REJECTED}")


def write_csv(table: DataFrame, folder: str) -> None:
    """Write a table as CSV files; blanks around an id stay, for they are part of it."""
    _flat(table).write.csv(
        folder,
        header=True,
        escape='"',
        ignoreLeadingWhiteSpace=False,
        ignoreTrailingWhiteSpace=False,
    )


def _flat(table: DataFrame) -> DataFrame:
    """Arrays as text, for CSV has none."""
    return table.select(
        *(
            F.array_join(quoted(field.name).cast("array<string>"), JOINED_BY).alias(field.name)
            if isinstance(field.dataType, T.ArrayType)
            else quoted(field.name)
            for field in table.schema
        )
    )
