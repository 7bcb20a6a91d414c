"""Quotas, boosts and calibration by columns of the items' file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from graphrec.cli.io.inputs import open_items
from graphrec.cli.named_values import named_numbers
from graphrec.cli.options import LimitOptions, RuleOptions
from graphrec.columns import BOOST
from graphrec.data.checks import number_within
from graphrec.data.column_types import quoted
from graphrec.errors import ParameterError
from graphrec.serving.item_limits import category_quotas, item_categories
from graphrec.serving.list_rules import MAX_BOOST


@dataclass(frozen=True)
class Limits:
    """Quotas, boosts and categories; perhaps none.

    Attributes:
        frames: `quotas`, `boosts` and `categories`, as `rankedLists` takes them.
        as_written: the options, by name.
    """

    frames: dict[str, DataFrame] = field(default_factory=dict)
    as_written: dict[str, Any] = field(default_factory=dict)


def open_limits(spark: SparkSession, options: LimitOptions, *, item: str) -> Limits:
    """Open the items' file, if quotas, boosts or categories are given.

    Args:
        spark: reads it.
        options: name the file and the columns.
        item: the interactions' name of the items.

    Raises:
        UnreadableInputError: the file cannot be read.
        ColumnError: it lacks a column.
        ParameterError: no file is named, a number is none or out of its range, or an option has no
            effect.
    """
    if options.calibration is not None and options.calibrate is None:
        raise ParameterError(
            "--calibration says how much --calibrate COLUMN counts", fix="name the column, too"
        )
    if options.quota is None and options.boost is None and options.calibrate is None:
        return Limits()
    require_items(options, "quota", "boost", "calibrate")
    items = open_items(spark, options, item=item)
    frames: dict[str, DataFrame] = {}
    as_written: dict[str, Any] = {}
    if options.quota is not None:
        given = named_numbers("--quota", options.quota, "genre=3")
        frames["quotas"] = category_quotas(items, item, given)
        as_written["quota"] = {name: int(most) for name, most in given.items()}
    if options.calibrate is not None:
        frames["categories"] = item_categories(items, item, options.calibrate)
    if options.boost is not None:
        boost = number_within(items, options.boost, 1 / MAX_BOOST, MAX_BOOST, of="--items")
        frames["boosts"] = items.select(quoted(item), boost.alias(BOOST))
        as_written["boost"] = options.boost
    return Limits(frames, as_written)


def require_items(options: RuleOptions, *names: str) -> None:
    """Raise a ParameterError if options about columns of --items come without it."""
    if options.items is None:
        given = next(name for name in names if getattr(options, name) is not None)
        raise ParameterError(f"--{given} is about columns of --items", fix="give that file, too")
