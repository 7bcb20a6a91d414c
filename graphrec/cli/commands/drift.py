"""`graphrec drift`: whether new interactions are still like those that a model was learned from."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from graphrec.cli.options import TESTS, OutputOptions, RunOptions, SavedModelOption, TextOptions

if TYPE_CHECKING:
    from graphrec.cli.io.results import Folders
    from graphrec.cli.runtime.run import Run
    from graphrec.evaluation.drift import Drift

REPORT: Final = "_report.html"
_WRITE: Final = "write"  # a stage


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, OutputOptions, TextOptions, SavedModelOption):
    """What `drift` takes."""

    new: Annotated[
        str,
        typer.Argument(
            metavar="NEW", help="Interactions since, with the columns that MODEL was learned from."
        ),
    ]
    false_alarms: Annotated[
        float,
        typer.Option(
            metavar="0..0.5",
            help="How often the data are said to have drifted where they have not, at most.",
            rich_help_panel=TESTS,
        ),
    ] = 0.01
    min_shift: Annotated[
        float,
        typer.Option(
            metavar="PSI",
            min=0.0,
            help="The least population stability index, beyond what chance gives, that is drift.",
            rich_help_panel=TESTS,
        ),
    ] = 0.1
    min_loss: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            min=0.0,
            max=1.0,
            help="The least share of the NDCG that has to be lost.",
            rich_help_panel=TESTS,
        ),
    ] = 0.1


def run(options: Options) -> None:
    """Compare NEW with what MODEL was learned from: items, ratings, activity, newcomers, NDCG.

    The result has a row per check: old, new, psi, expected (of the PSI, without drift),
    divergence (Jensen-Shannon, base 2), p_value, drifted, bins. The exit code is 3 if anything has
    drifted: by more than chance and by more than a limit.
    """
    from graphrec.cli.io import results
    from graphrec.cli.io.pages import can_make_pages
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text.drift import drift_table
    from graphrec.data.reading.readers import read_table
    from graphrec.errors import DriftError
    from graphrec.evaluation.drift import DRIFT, drift
    from graphrec.recommenders.model import RecommenderModel
    from graphrec.recommenders.saved_directory import LOAD_MODEL

    stages = [LOAD_MODEL, DRIFT, _WRITE, *results.writing_stages(options, learned=False)]
    with running("drift", options, stages) as run:
        with_page = can_make_pages(run.report)
        inputs = [options.served, options.new]
        with results.result_folders(run.spark, options, save_model=None, inputs=inputs) as folders:
            new = read_table(
                run.spark, options.new, encoding=options.encoding, delimiter=options.delimiter
            )
            found = drift(
                RecommenderModel.load(options.served),
                new,
                falseAlarms=options.false_alarms,
                minShift=options.min_shift,
                minLoss=options.min_loss,
            )
            _write(run, options, found, folders, with_page=with_page)
        if not options.quiet:
            drift_table(found)
        run.report.line(f"written to {options.out}")
    if found.drifted:
        raise DriftError(
            f"the data have drifted: {', '.join(found.drifted)}", fix="learn the model again"
        )


def _write(run: Run, options: Options, found: Drift, folders: Folders, *, with_page: bool) -> None:
    """Write the table, the page and the record."""
    from graphrec.cli.io import results
    from graphrec.cli.io.result_folder import write_text
    from graphrec.cli.io.small_tables import small_table
    from graphrec.progress import stage
    from graphrec.reports.words.drift import drift_rows

    with stage(_WRITE):
        table = small_table(run.spark, drift_rows(found))
        written = results.write_table(table, folders.result)
        if with_page:
            from graphrec.reports.pages.drift import drift_page

            facts = [("Model", options.served), ("New interactions", options.new)]
            write_text(run.spark, f"{folders.result}/{REPORT}", drift_page(found, facts=facts))
    results.write_beside(written, None, folders, options)
    run.write_record(
        folders.result,
        parameters={},
        input={"model": options.served, "path": options.new, "interactions": found.interactions},
        output={"checks": len(found.checks), "drifted": found.drifted},
    )
