"""Where a verb's model comes from: learned from interactions, or saved before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from graphrec.cli.io.inputs import open_ratings
from graphrec.cli.options import InputOptions, SourceOptions
from graphrec.cli.runtime.progress_lines import Report
from graphrec.cli.text import read_summary
from graphrec.data.contract import InteractionFigures
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.data.text_ids import is_untyped
from graphrec.errors import ParameterError
from graphrec.recommenders.base import Recommender, RecommenderModel
from graphrec.recommenders.directory import LOAD_MODEL

_READING: Final = ("input_format", "user", "item", "rating", "timestamp", "implicit")


def check_source(options: SourceOptions, learning: Sequence[str]) -> None:
    """Require one source, and no option that has no effect on it.

    Args:
        options: of the verb.
        learning: names of its options that matter for learning alone.

    Raises:
        ParameterError: none is given, or both are, or options that need interactions.
    """
    if options.model is None:
        if options.input is None:
            raise ParameterError(
                "nothing to learn from", fix="give a file of interactions, or a model by --model"
            )
        return
    if options.input is not None:
        raise ParameterError(
            "IN and --model exclude each other",
            found=f"{options.input} and {options.model}",
            fix="give one of them",
        )
    for name in (*_READING, *learning):
        if getattr(options, name) not in (None, False):
            raise ParameterError(
                f"--{name.replace('_', '-')} has no effect on a saved model", fix="leave it out"
            )


@dataclass(frozen=True)
class Source:
    """Interactions to learn from, or a model that was saved.

    Attributes:
        path: of either.
        columns: the names of the interactions' columns.
    """

    path: str
    columns: InteractionColumns
    _ratings: DataFrame | None
    _saved: RecommenderModel | None

    @property
    def id_types(self) -> dict[str, T.DataType]:
        """The types of the user and the item column by their names, as far as they are known.

        What a file without types holds is known when all of it was read.
        """
        if self._saved is not None:
            return id_types(self._saved)
        assert self._ratings is not None
        return {
            name: self._ratings.schema[name].dataType
            for name in (self.columns.user, self.columns.item)
            if not is_untyped(self._ratings, name)
        }

    def model(self, recommender: Recommender) -> RecommenderModel:
        """The saved model, or one that the recommender learns."""
        if self._saved is not None:
            return self._saved
        assert self._ratings is not None
        return recommender.fit(self._ratings)


def open_source(spark: SparkSession, options: SourceOptions, *, timed: str | None) -> Source:
    """Open the interactions, or load the model.

    Args:
        spark: reads either.
        options: passed by `check_source`.
        timed: what needs the interactions' times, if anything does.
    """
    if options.model is not None:
        saved: RecommenderModel = RecommenderModel.load(options.model)
        return Source(options.model, saved.learned.columns, None, saved)
    return open_interactions(spark, options, timed=timed)


def stages(options: SourceOptions, recommender: Recommender) -> list[str] | None:
    """The stages of making a model of the source; None if the data decide."""
    return recommender.stages() if options.model is None else [LOAD_MODEL]


def open_interactions(spark: SparkSession, options: InputOptions, *, timed: str | None) -> Source:
    """Open the interactions.

    Args:
        spark: reads them.
        options: `input` is there.
        timed: what needs their times, if anything does.
    """
    assert options.input is not None
    ratings = open_ratings(spark, options, timed=timed)
    return Source(options.input, ratings.columns, ratings.frame, None)


def id_types(model: RecommenderModel) -> dict[str, T.DataType]:
    """The types of the user and the item column, by their names."""
    learned = model.learned
    return {
        learned.columns.user: learned.user_type,
        learned.columns.item: learned.item_type,
    }


# --- figures --------------------------------------------------------------------------------------


def input_figures(source: Source, model: RecommenderModel) -> dict[str, Any]:
    """What `_run.json` has of the input."""
    tables = model.learned.tables
    figures = {
        "path": source.path,
        "columns": asdict(source.columns),
        "users": tables.users,
        "items": tables.catalogue.size,
    }
    if model.figures is None:
        return figures
    return figures | read_figures(model.figures)


def read_figures(figures: InteractionFigures) -> dict[str, Any]:
    """What `_run.json` has of the rows that were read."""
    return {
        "rows_read": figures.rows_read,
        "accepted_rows": figures.accepted_rows,
        "rejected_rows": figures.rejected_rows,
        "rejected": figures.rejected,
        "interactions": figures.interactions,
        "combined_rows": figures.combined_rows,
        "duplicates": figures.duplicates,
        "capped": None if figures.capped is None else asdict(figures.capped),
    }


def print_input(report: Report, model: RecommenderModel, folder: str | None) -> None:
    """What was learned from, and what was rejected and why."""
    if model.figures is None:
        return
    figures, tables = model.figures, model.learned.tables
    report.line()
    report.line(
        f"{figures.interactions:,} interactions of {tables.users:,} users "
        f"with {tables.catalogue.size:,} items"
    )
    print_rows(report, figures, folder)


def print_rows(report: Report, figures: InteractionFigures, folder: str | None) -> None:
    """What the rows became: combined, capped, or rejected and why."""
    for line in read_summary.learned_from(figures):
        report.line(line)
    if figures.rejected_rows:
        share = figures.rejected_rows / figures.rows_read
        report.line(
            f"{figures.rejected_rows:,} of {figures.rows_read:,} rows rejected ({share:.1%})"
            + ("" if folder is None else f", see {folder}/_rejected")
            + ":"
        )
        for reason, rows in figures.rejected.items():
            report.line(f"{rows:>8,}  {reason}")
