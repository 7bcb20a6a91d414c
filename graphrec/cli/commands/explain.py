"""`graphrec explain`: why a user is recommended an item, or is not."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import typer

from graphrec.cli.options import (
    LISTS,
    OUTPUT,
    LengthOption,
    LimitOptions,
    ModelOptions,
    RunOptions,
    ShownOptions,
    SourceOptions,
    VerbOption,
    WritingOptions,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphrec.cli.runtime.run import Run
    from graphrec.data.dataset import Dataset
    from graphrec.explanation.explanation import Explanation
    from graphrec.recommenders.hybrid.estimator import HybridRecommender
    from graphrec.recommenders.model import RecommenderModel
    from graphrec.reports.tables.explanation import ExplanationTables
    from graphrec.reports.words.interaction import InteractionWords

_EXPLANATION: Final = "explanation"  # stages
_WRITE: Final = "write"

PAGE: Final = "_explanation.html"
TABLES: Final = ("position", "shares", "contributions", "paths", "features")


@dataclass(frozen=True, kw_only=True)
class Options(
    RunOptions,
    ModelOptions,
    LengthOption,
    LimitOptions,
    ShownOptions,
    VerbOption,
    WritingOptions,
    SourceOptions,
):
    """What `explain` takes."""

    user_id: Annotated[
        str | None,
        typer.Argument(metavar="USER", help="Id of a user of IN.", show_default=False),
    ] = None
    item_id: Annotated[
        str | None,
        typer.Argument(metavar="ITEM", help="Id of an item of IN.", show_default=False),
    ] = None
    paths: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="How many walks to the item are shown, the strongest.",
            rich_help_panel=LISTS,
        ),
    ] = 10
    out: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Directory of the result: Parquet tables and, with the extra `reports`, a page "
            "with a picture of the paths. Without it the explanation is only shown.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None

    def with_query(self) -> Self:
        """Beside a query, and beside --model, the first argument is no file."""
        no_file = self.model is not None or self.input_sql is not None
        if no_file and self.item_id is None:
            named = replace(self, input=None, user_id=self.input, item_id=self.user_id)
            return super(Options, named).with_query()
        return super().with_query()


def run(options: Options) -> None:
    """Explain why USER is recommended ITEM, or is not; with --model there is no IN.

    The result has a folder for each: position (rank, score, what MMR took, or why the item is not
    listed), shares (of each leg in the score), contributions (of each item of the history; they
    sum to the score), paths (user, history item, other user, item, by their weights), features
    (what the item has in common with those of the history, where --features names some).
    """
    from graphrec.cli import hybrid
    from graphrec.cli.io import model_source
    from graphrec.cli.io.id_lists import Filters, list_figures, print_unknown_ids
    from graphrec.cli.io.inputs import column_params, open_titles
    from graphrec.cli.io.item_rules import ItemRules, print_hiding
    from graphrec.cli.io.pages import can_make_pages
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import tables
    from graphrec.progress import stage
    from graphrec.reports.tables.explanation import ExplanationTables
    from graphrec.reports.words.interaction import InteractionWords

    options = _named(options)
    model_source.check_source(options, hybrid.LEARNING)
    recommender = hybrid.hybrid_of(options, **column_params(options), **hybrid.list_params(options))
    with running("explain", options, _stages(options, recommender)) as run:
        with_page = options.out is not None and can_make_pages(run.report)
        origin = model_source.open_source(run.spark, options, timed=hybrid.needs_times(options))
        titles = open_titles(run.spark, options, item=origin.columns.item)
        listed = Filters(run.spark, options, origin)
        rules = ItemRules.open(run.spark, options, item=origin.columns.item)
        model = hybrid.model_of(origin, recommender, run.spark, options)
        dataset = model.dataset
        user, item = _ids(options, dataset)
        counted = listed.figures(dataset)
        with stage(_EXPLANATION):
            hiding = rules.hiding(item, dataset)
            explanation = model.explain(
                user,
                item,
                options.k,
                numPaths=options.paths,
                **rules.narrow(listed.frames(dataset), dataset),
            )
            explanation.paths.persist()  # a few rows, for the screen and for the files
            found = ExplanationTables.of(explanation)
        words = InteractionWords.of(options.verb)
        title_of = titles.of(found.items, dataset.item_type)
        if options.out is not None:
            with stage(_WRITE):
                page = _page(found, title_of, words) if with_page else None
                read = model_source.input_figures(origin.path, dataset) | {
                    "lists": list_figures(counted),
                    "hidden_by": hiding,
                    **rules.limits.as_written,
                }
                _write(run, options, options.out, read, model, explanation, found, page)
        explanation.paths.unpersist()
        model_source.print_input(run.report, dataset, options.out)
        hybrid.print_choice(run.report, model)
        print_unknown_ids(run.report, counted)
        print_hiding(run.report, hiding)
        run.report.end()
        if not options.quiet:
            tables.explanation(found, title_of, words)
        if options.out is not None:
            run.report.line(f"written to {options.out}")


def _stages(options: Options, recommender: HybridRecommender) -> list[str] | None:
    """The stages of the work, in their order; None if the data decide."""
    from graphrec.cli import hybrid
    from graphrec.cli.io import model_source

    before = model_source.stages(options, hybrid.stages_of(recommender, options))
    if before is None:
        return None
    return [*before, _EXPLANATION, *([_WRITE] if options.out is not None else [])]


def _named(options: Options) -> Options:
    """The options with both ids; beside --model the first argument is no file.

    Raises:
        ParameterError: an id is missing.
    """
    from graphrec.errors import ParameterError

    if options.user_id is None or options.item_id is None:
        raise ParameterError(
            "nobody and nothing to explain",
            found=f"USER={options.user_id}, ITEM={options.item_id}",
            fix="write graphrec explain IN USER ITEM, or graphrec explain --model DIR USER ITEM",
        )
    return options


def _ids(options: Options, dataset: Dataset) -> tuple[Any, Any]:
    """The two ids of the command line, converted to the types of the dataset's ids.

    Raises:
        ParameterError: one is no id of its type.
    """
    from graphrec.data.id_types import id_of_text

    assert options.user_id is not None  # see `_named`
    assert options.item_id is not None
    return (
        id_of_text(options.user_id, "user", dataset.user_type),
        id_of_text(options.item_id, "item", dataset.item_type),
    )


def _page(found: ExplanationTables, title_of: Mapping[Any, str], words: InteractionWords) -> str:
    from graphrec.reports.pages.explanation import explanation_page

    return explanation_page(found, title_of, words)


def _write(
    run: Run,
    options: Options,
    out: str,
    read_figures: dict[str, Any],
    model: RecommenderModel,
    explanation: Explanation,
    found: ExplanationTables,
    page: str | None,
) -> None:
    """Write the tables, the page and the record."""
    from graphrec.cli import hybrid
    from graphrec.cli.io import results
    from graphrec.cli.io.result_folder import RESULT, staged, write_text
    from graphrec.cli.options import TableFormat

    inputs = (options.input, options.model, options.items, options.allow, options.deny)
    read = [path for path in (*inputs, options.shown) if path is not None]
    staging = staged(run.spark, out, made_of=RESULT, overwrite=options.overwrite, apart_from=read)
    with staging as folder:
        for name in TABLES:
            table = getattr(explanation, name)
            table.coalesce(1).write.parquet(f"{folder}/{name}")
            if options.format == TableFormat.CSV:
                results.write_csv(table.coalesce(1), f"{folder}/{results.CSV}/{name}")
        if page is not None:
            write_text(run.spark, f"{folder}/{PAGE}", page)
        results.write_rejected(model.rejected, folder)
        run.write_record(
            folder,
            parameters=hybrid.parameters_of(model),
            input=read_figures,
            output=found.position,
        )
