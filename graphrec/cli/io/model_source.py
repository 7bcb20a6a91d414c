"""What a verb starts from: interactions to learn from, or a model that was saved before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from graphrec.cli.io.inputs import Ratings, open_ratings
from graphrec.cli.options import SourceOptions
from graphrec.cli.runtime.progress_lines import Report
from graphrec.cli.text import read_summary
from graphrec.data.dataset import READING, Dataset
from graphrec.data.figures import InteractionFigures
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.errors import ParameterError
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.saved_directory import LOAD_MODEL

_READING: Final = (
    "input_format",
    "user",
    "item",
    "rating",
    "timestamp",
    "event",
    "events",
    "target",
    "implicit",
)


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
class SavedModel:
    """A model that was saved before.

    Attributes:
        path: where it is.
        model: as it was loaded.
    """

    path: str
    model: RecommenderModel

    @property
    def columns(self) -> InteractionColumns:
        """The columns that it was learned from."""
        return self.model.dataset.columns

    @property
    def id_types(self) -> dict[str, T.DataType]:
        """The types of the user and the item column by their names."""
        return self.model.dataset.id_types


Source = Ratings | SavedModel


def open_source(spark: SparkSession, options: SourceOptions, *, timed: str | None) -> Source:
    """Open the interactions, or load the model.

    Args:
        spark: reads either.
        options: passed by `check_source`.
        timed: what needs the interactions' times, if anything does.
    """
    if options.model is None:
        return open_ratings(spark, options, timed=timed)
    return SavedModel(options.model, RecommenderModel.load(options.model))


def stages(options: SourceOptions, learning: Sequence[str] | None) -> list[str] | None:
    """The stages of making a model of the source; None if the data decide.

    Args:
        options: of the verb.
        learning: the stages of learning from a dataset, in their order.
    """
    if options.model is not None:
        return [LOAD_MODEL]
    return None if learning is None else [*READING, *learning]


# --- figures --------------------------------------------------------------------------------------


def input_figures(path: str, dataset: Dataset) -> dict[str, Any]:
    """What `_run.json` has of the input, a file of interactions or a model."""
    figures = {
        "path": path,
        "columns": asdict(dataset.columns),
        "users": dataset.users,
        "items": dataset.catalogue.size,
    }
    return figures if dataset.figures is None else figures | read_figures(dataset.figures)


def read_figures(figures: InteractionFigures) -> dict[str, Any]:
    """What `_run.json` has of the rows that were read."""
    return {
        "rows_read": figures.rows_read,
        "accepted_rows": figures.accepted_rows,
        "rejected_rows": figures.rejected_rows,
        "rejected": figures.rejected,
        "interactions": figures.interactions,
        "dislikes": figures.dislikes,
        "ratings": None if figures.ratings is None else asdict(figures.ratings),
        "fingerprint": figures.fingerprint,
        "combined_rows": figures.combined_rows,
        "duplicates": figures.duplicates,
        "capped": None if figures.capped is None else asdict(figures.capped),
    }


def print_input(report: Report, dataset: Dataset, folder: str | None) -> None:
    """What was learned from, and what was rejected and why; nothing of a model that was loaded."""
    if dataset.interactions is None:
        return
    figures = dataset.interactions.figures
    report.line()
    report.line(
        f"{figures.interactions:,} interactions of {dataset.users:,} users "
        f"with {dataset.catalogue.size:,} items"
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
