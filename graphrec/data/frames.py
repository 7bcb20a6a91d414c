"""Checks of a table that was given: a Spark DataFrame, and no stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame

from graphrec.errors import ParameterError


def require_frame(value: Any, of: str) -> None:
    """Raise a ParameterError unless the value is a DataFrame of Spark, and no stream.

    Args:
        value: what was given.
        of: what it is called in the message, such as "the deny list".
    """
    if not isinstance(value, DataFrame):
        kind = type(value)
        home = "" if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}."
        raise ParameterError(
            f"{of} must be a Spark DataFrame",
            found="None" if value is None else f"{home}{kind.__name__}",
            fix="make one with spark.createDataFrame or spark.read",
        )
    if value.isStreaming:
        raise ParameterError(
            f"{of} must be a table that ends",
            found="a streaming DataFrame",
            fix="read it with spark.read, or take its batches with foreachBatch",
        )


def named_alike(names: Sequence[str], name: str) -> list[str]:
    """The columns that Spark takes for the named one: it ignores case."""
    return [other for other in names if other.lower() == name.lower()]


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, with underscores before it if a column has it already."""
    while named_alike(taken, name):
        name = f"_{name}"
    return name
