"""Exploration in the lists of a run: the events that it learns from, and what is recorded of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession

from graphrec.cli.exploration import exploration_of
from graphrec.cli.options import ListExploreOptions
from graphrec.data.events import find_event_columns
from graphrec.data.reading.readers import read_table
from graphrec.errors import ParameterError
from graphrec.experiments.exploration import Exploration
from graphrec.experiments.explored_lists import explored_lists
from graphrec.experiments.item_feedback import ItemFeedback, item_feedback

if TYPE_CHECKING:
    from graphrec.cli.runtime.progress_lines import Report
    from graphrec.recommenders.model import RecommenderModel


def check_exploration(options: ListExploreOptions) -> None:
    """Check the options before anything is read.

    Raises:
        ParameterError: one is out of its range, or there is feedback and nothing to explore.
    """
    if exploration_of(options).share == 0 and options.feedback is not None:
        raise ParameterError(
            "--feedback is what exploration learns from",
            found=f"--feedback {options.feedback} without --explore",
            fix="add --explore 0.1",
        )


@dataclass(frozen=True)
class ListExploration:
    """How the lists of a run are explored; perhaps not at all."""

    exploration: Exploration
    feedback: ItemFeedback | None
    seed: int

    @staticmethod
    def open(spark: SparkSession, options: ListExploreOptions) -> ListExploration:
        """Read the events that are learned from.

        Raises:
            UnreadableInputError: they cannot be read.
            ColumnError: a column is missing.
            EmptyInputError: no row is an event.
        """
        exploration, feedback = exploration_of(options), None
        if options.feedback is not None:
            events = read_table(
                spark, options.feedback, encoding=options.encoding, delimiter=options.delimiter
            )
            columns = find_event_columns(events)
            feedback = item_feedback(events, columns, discount=options.discount)
        return ListExploration(exploration, feedback, options.explore_seed)

    def lists(
        self, model: RecommenderModel, length: int, offset: int, frames: dict[str, Any]
    ) -> DataFrame:
        """The ranked lists of a model, of which slots are explored; then with `propensity`."""
        if self.exploration.share == 0:
            return model.rankedLists(length, offset=offset, **frames)
        pool = model.rankedLists(self.exploration.pool(length), offset=offset, **frames)
        earned = None if self.feedback is None else self.feedback.earned
        return explored_lists(
            pool, self.exploration, length, offset=offset, earned=earned, seed=self.seed
        )

    def record(self) -> dict[str, Any] | None:
        """What `_run.json` has of it."""
        if self.exploration.share == 0:
            return None
        given = asdict(self.exploration) | {"seed": self.seed}
        given["policy"] = {"name": type(self.exploration.policy).__name__, **given["policy"]}
        if self.feedback is not None:
            given["feedback"] = asdict(self.feedback.figures)
        return given

    def print_feedback(self, report: Report) -> None:
        """Print what was learned from."""
        if self.feedback is None:
            return
        figures, items = self.feedback.figures, len(self.feedback.earned)
        report.line(f"--feedback: {figures.events:,} events, about {items:,} items")
        for reason, rows in figures.rejected.items():
            report.line(f"--feedback: {rows:,} rejected: {reason}")
