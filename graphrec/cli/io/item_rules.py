"""Rules on the columns of the items' file: which items may be listed now, how many, how high.

They are opened before anything is learned, so that a mistake in them costs no time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.cli.io.inputs import open_items
from graphrec.cli.io.item_limits import Limits, open_limits, require_items
from graphrec.cli.options import LimitOptions
from graphrec.cli.runtime.progress_lines import Report
from graphrec.columns import ITEM
from graphrec.data.checks import require_columns
from graphrec.data.column_types import finite_number, is_missing, quoted
from graphrec.data.dataset import Dataset
from graphrec.data.feature_encoding import SEPARATOR
from graphrec.data.text_ids import is_untyped
from graphrec.data.timestamps import epoch_seconds
from graphrec.errors import ColumnError, ParameterError

NOT_IN_FILE: Final = "--items, which does not have it"


@dataclass(frozen=True)
class RuleFigures:
    """How many items of the catalogue a rule hides."""

    items: int
    hidden: int


class ItemRules:
    """Rules whose file is known to be readable; perhaps none.

    Attributes:
        texts: the rules by name, as they were written.
        limits: quotas and boosts.
    """

    def __init__(
        self,
        holds: DataFrame | None = None,
        texts: Mapping[str, str] | None = None,
        *,
        limits: Limits | None = None,
    ) -> None:
        """Rules on a table.

        Args:
            holds: the input's item column, and a boolean column per rule; None without rules.
            texts: the rules by these columns' names, as they were written.
            limits: quotas and boosts.
        """
        self.limits = limits or Limits()
        self.texts = dict(texts or {})
        self._holds = holds

    @staticmethod
    def open(spark: SparkSession, options: LimitOptions, *, item: str) -> ItemRules:
        """Open the items' file, if there are rules on it.

        Args:
            spark: reads it.
            options: name the file and the rules.
            item: the interactions' name of the items.

        Raises:
            UnreadableInputError: the file cannot be read.
            ColumnError: it lacks a column, or one has times that cannot be read.
            ParameterError: no file is named, or a rule cannot be read.
        """
        if options.at is not None and options.available is None:
            raise ParameterError("--at has no effect without --available", fix="leave it out")
        limits = open_limits(spark, options, item=item)
        if options.where is None and options.available is None:
            return ItemRules(limits=limits)
        require_items(options, "where", "available")
        times = [name.strip() for name in (options.available or "").split(",")]
        frame = with_types(open_items(spark, options, item=item), apart_from=[item, *times])
        texts, holds = {}, {}
        if options.where is not None:
            texts["where"] = f"--where {options.where}"
            holds["where"] = condition(frame, options.where)
        if options.available is not None:
            texts["available"] = f"--available {options.available}"
            holds["available"] = available(frame, options.available, options.at)
        columns = (F.coalesce(rule, F.lit(False)).alias(name) for name, rule in holds.items())
        return ItemRules(frame.select(quoted(item), *columns), texts, limits=limits)

    def narrow(self, frames: Mapping[str, DataFrame], dataset: Dataset) -> dict[str, DataFrame]:
        """Filters of a request by which nothing is listed that a rule hides, and limits hold.

        Args:
            frames: `allow` and others, as `rankedLists` takes them.
            dataset: knows the items.
        """
        frames = {**frames, **self.limits.frames}
        if self._holds is None:
            return frames
        item, listed = dataset.columns.item, self._judged(dataset)
        for name in self.texts:
            listed = listed.where(name)
        shown = listed.select(F.col(ITEM).alias(item))
        allow = frames.get("allow")
        both = shown if allow is None else allow.join(shown, item, "left_semi")
        return {**frames, "allow": both}

    def hiding(self, item: Any, dataset: Dataset) -> list[str]:
        """The rules that hide one item, as they were written."""
        if self._holds is None:
            return []
        row = self._judged(dataset).where(F.col(ITEM) == F.lit(item)).first()
        if row is None or not row["in_file"]:
            return [NOT_IN_FILE]
        return [text for name, text in self.texts.items() if not row[name]]

    def figures(self, dataset: Dataset) -> dict[str, RuleFigures]:
        """How many items each rule hides."""
        if self._holds is None:
            return {}
        counts = [F.count_if(~F.col(name)) for name in self.texts]
        row = self._judged(dataset).agg(F.count("*"), *counts).first()
        assert row is not None  # an aggregate without groups has one row
        return {name: RuleFigures(row[0], row[n + 1]) for n, name in enumerate(self.texts)}

    def _judged(self, dataset: Dataset) -> DataFrame:
        """(item, in_file, one boolean per rule), of all items; any row of an item may fulfil it."""
        assert self._holds is not None
        ids = dataset.items_of(self._holds).alias(ITEM)
        holds = [F.bool_or(name).alias(name) for name in self.texts]
        known = self._holds.select(ids, *self.texts).groupBy(ITEM).agg(*holds)
        joined = dataset.items.select(ITEM).join(
            known.withColumn("in_file", F.lit(True)), ITEM, "left"
        )
        return joined.fillna(False, ["in_file", *self.texts])


def rule_figures(rules: ItemRules, figures: Mapping[str, RuleFigures]) -> dict[str, dict[str, Any]]:
    """What `_run.json` has of the rules."""
    return {name: {"rule": rules.texts[name], **asdict(of)} for name, of in figures.items()}


def print_rules(report: Report, rules: ItemRules, figures: Mapping[str, RuleFigures]) -> None:
    """Print how many items each rule hides."""
    for name, of in figures.items():
        report.line(f"{rules.texts[name]}: {of.hidden:,} of {of.items:,} items are hidden")


def print_hiding(report: Report, rules: Sequence[str]) -> None:
    """Print the rules that hide an item."""
    for rule in rules:
        report.line(f"the item is hidden by {rule}")


# --- rules ----------------------------------------------------------------------------------------


def with_types(frame: DataFrame, *, apart_from: Sequence[str]) -> DataFrame:
    """The columns of a file without types as numbers or lists, where all their values are such.

    Args:
        frame: the items; catalogue-sized.
        apart_from: columns that stay as they are: ids and times.
    """
    names = [name for name in frame.columns if name not in apart_from and is_untyped(frame, name)]
    if not names:
        return frame
    text = T.StringType()
    counts = []
    for name in names:
        value = F.when(~is_missing(quoted(name), text), quoted(name))
        counts += [
            F.count(value),
            F.count(finite_number(value, text)),
            F.count_if(value.contains(SEPARATOR)),
        ]
    row = frame.agg(*counts).collect()[0]
    typed = {}
    for n, name in enumerate(names):
        present, numbers, lists = row[3 * n : 3 * n + 3]
        if present and numbers == present:
            typed[name] = finite_number(quoted(name), text)
        elif lists:
            typed[name] = F.split(quoted(name), f"[{SEPARATOR}]")
    return frame.withColumns(typed) if typed else frame


def condition(frame: DataFrame, text: str) -> Column:
    """A condition in SQL.

    Raises:
        ParameterError: it cannot be read, or it is no condition.
    """
    try:
        kind = frame.select(F.expr(text)).schema[0].dataType
    except AnalysisException as error:  # a parse error is one
        reason = str(error).strip().partition("\n")[0]
        raise ParameterError(
            "--where cannot be read",
            found=f"{text!r}: {reason}",
            fix="write a condition in SQL, as in year >= 1990 AND year < 2000",
        ) from None
    if not isinstance(kind, T.BooleanType):
        raise ParameterError(
            "--where must be true or false for each item",
            found=f"{text!r}, which is {kind.simpleString()}",
            fix="compare it with something, as in year >= 1990",
        )
    return F.expr(text)


def available(frame: DataFrame, columns: str, at: str | None) -> Column:
    """Whether items are available: from the first time on, and before the second one.

    Args:
        frame: the items; catalogue-sized.
        columns: the names of both columns, FROM,UNTIL; one may be left out. An item without a time
            has no bound there.
        at: a moment; None: now.

    Raises:
        ParameterError: these are not two names, or the moment is no time.
        ColumnError: a column is not there, or has what is no time.
    """
    names = [name.strip() for name in columns.split(",")]
    if len(names) != 2 or not any(names):
        raise ParameterError(
            "--available names two columns of times",
            found=repr(columns),
            fix="write FROM,UNTIL; either may be left out, as in released,",
        )
    now = F.lit(time.time() if at is None else _moment(frame.sparkSession, at))
    bounds = [_seconds(frame, name) if name else F.lit(None).cast("double") for name in names]
    return F.coalesce(bounds[0] <= now, F.lit(True)) & F.coalesce(now < bounds[1], F.lit(True))


def _seconds(frame: DataFrame, name: str) -> Column:
    """The times of a column in seconds, null where there is none."""
    require_columns(frame, name, of="--items")
    kind = frame.schema[name].dataType
    if not isinstance(kind, T.StringType | T.NumericType | T.DatetimeType):
        raise ColumnError(
            f"the column {name!r} of --items cannot hold times", found=kind.simpleString()
        )
    seconds = epoch_seconds(quoted(name), kind)
    wrong = frame.where(~is_missing(quoted(name), kind) & seconds.isNull()).first()
    if wrong is not None:
        raise ColumnError(
            f"the column {name!r} of --items has what is no time", found=repr(wrong[name])
        )
    return seconds


def _moment(spark: SparkSession, text: str) -> float:
    [row] = spark.range(1).select(epoch_seconds(F.lit(text), T.StringType())).collect()
    if row[0] is None:
        raise ParameterError(
            "--at must be a time", found=repr(text), fix="write it as in 2026-11-27T20:00:00"
        )
    return float(row[0])
