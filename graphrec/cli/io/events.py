"""The tables of an experiment that a verb reads: events and assignments."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from graphrec.cli.named_values import named_values
from graphrec.cli.options import EventOptions
from graphrec.data.events import EventColumns, find_event_columns
from graphrec.data.reading.readers import read_table
from graphrec.errors import ParameterError


def check_events(options: EventOptions, purpose: str) -> None:
    """Require events.

    Args:
        options: of the verb.
        purpose: what they are for.

    Raises:
        ParameterError: there are none, or `--columns` is of another form.
    """
    if options.input is None:
        raise ParameterError(f"nothing to {purpose}", fix="give a file of events")
    _named(options)


def open_table(spark: SparkSession, path: str, options: EventOptions) -> DataFrame:
    """Open a table as the options say.

    Raises:
        UnreadableInputError: it cannot be read.
    """
    return read_table(
        spark,
        path,
        format=options.input_format,
        encoding=options.encoding,
        delimiter=options.delimiter,
    )


def event_columns(frame: DataFrame, options: EventOptions) -> EventColumns:
    """Find the columns of the events.

    Raises:
        ColumnError: a column is not there, or none has a usual name.
    """
    return find_event_columns(frame, **_named(options))


def _named(options: EventOptions) -> dict[str, str]:
    if options.columns is None:
        return {}
    named = named_values("--columns", options.columns, "user=visitor,kind=action")
    roles = list(EventColumns.__dataclass_fields__)
    if unknown := [role for role in named if role not in roles]:
        raise ParameterError(
            "--columns names what is no column of events",
            found=", ".join(unknown),
            fix=f"choose of {', '.join(roles)}",
        )
    return named
