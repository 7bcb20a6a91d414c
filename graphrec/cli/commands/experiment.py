"""`graphrec experiment`: which arm of an A/B test is better, and whether that can be trusted."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from graphrec.cli.options import (
    INPUT,
    TESTS,
    EventOptions,
    MultipleTests,
    OutputOptions,
    PowerOptions,
    RunOptions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import DataFrame

    from graphrec.cli.io.results import Folders
    from graphrec.cli.runtime.run import Run
    from graphrec.experiments.analysis import Analysis, Design

DAYS: Final = "_days"  # names that Spark and Arrow pass over when they read the result
SEGMENTS: Final = "_segments"
CHECKS: Final = "_checks"
EFFECTS: Final = "_effects"
REJECTED_ASSIGNMENTS: Final = "_rejected_assignments"
REPORT: Final = "_report.html"
_WRITE: Final = "write"  # stages
_REPORT: Final = "report"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, PowerOptions, OutputOptions, EventOptions):
    """What `experiment` takes."""

    assignments: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default="the impressions' own arms",
            help="Who is in which arm: user, arm, and perhaps experiment and time.",
            rich_help_panel=INPUT,
        ),
    ] = None
    experiment: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            show_default="the only one",
            help="The experiment; several that are crossed are looked at together.",
            rich_help_panel=INPUT,
        ),
    ] = None
    segment: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default=False,
            help="Column of the assignments, or else of the events, that users are split by.",
            rich_help_panel=INPUT,
        ),
    ] = None
    metrics: Annotated[
        str,
        typer.Option(
            metavar="METRIC,...",
            help="ctr, conversion, arpu, winsorised-arpu, session-duration, pages-per-visit, "
            "return-rate, or a ratio of two sums (likes=like/impression, "
            "spent=purchase.value/user); less is better of -NAME. The first one decides.",
            rich_help_panel=TESTS,
        ),
    ] = "ctr"
    control: Annotated[
        str | None,
        typer.Option(
            metavar="ARM",
            show_default="the first by name",
            help="The arm that others are held against.",
            rich_help_panel=TESTS,
        ),
    ] = None
    shares: Annotated[
        str | None,
        typer.Option(
            metavar="ARM=SHARE,...",
            show_default="equal shares",
            help="Planned shares of the users.",
            rich_help_panel=TESTS,
        ),
    ] = None
    days: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            show_default="open",
            help="How long the experiment is planned to run. A fixed test counts at that end "
            "only; before it, and where there is none, what may be looked at every day.",
            rich_help_panel=TESTS,
        ),
    ] = None
    correction: Annotated[
        MultipleTests,
        typer.Option(help="Of comparisons that are looked at together.", rich_help_panel=TESTS),
    ] = MultipleTests.HOLM
    cuped: Annotated[
        bool,
        typer.Option(
            help="Take off what users did before the experiment, which narrows intervals.",
            rich_help_panel=TESTS,
        ),
    ] = True
    bots: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            help="Quantile of a user's events beyond which he may be a program.",
            rich_help_panel=TESTS,
        ),
    ] = 0.999


def run(options: Options) -> None:
    """Compare the arms of an experiment, and say whether to ship, to stop, or to go on.

    The result has a row per metric and arm: users, the values, the difference to the control, its
    variance, the corrected p value and interval, and what may be looked at every day (mSPRT's
    p value, confidence sequence). Beside it are _days (the same at the end of each day), _segments,
    _checks (of soundness), _effects (of crossed experiments), _rejected (rows that are no events)
    and, with the extra `reports`, _report.html. Tests are on sums per user, never on impressions.
    """
    from graphrec.cli.io import results
    from graphrec.cli.io.events import check_events, event_columns, open_table
    from graphrec.cli.io.pages import can_make_pages
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import experiment_tables
    from graphrec.data.events import rejected_rows
    from graphrec.experiments.analysis import STAGES, analyse
    from graphrec.spark.extras import REPORTS

    check_events(options, "compare")
    design = design_of(options)
    inputs = [options.input, options.assignments]
    stages = [*STAGES, _WRITE, *results.writing_stages(options)]
    stages += [] if REPORTS.missing() else [_REPORT]
    with running("experiment", options, stages) as run:
        with_page = can_make_pages(run.report)
        with results.result_folders(run.spark, options, save_model=None, inputs=inputs) as folders:
            events = open_table(run.spark, str(options.input), options)
            assignments = None
            if options.assignments is not None:
                assignments = open_table(run.spark, options.assignments, options)
            columns = event_columns(events, options)
            found = analyse(
                events,
                design,
                columns=columns,
                assignments=assignments,
                segment=options.segment,
            )
            written = _write(run, found, folders)
            rejected = _unread(rejected_rows(events, columns), found.figures.rejected)
            results.write_beside(written, rejected, folders, options)
            if assignments is not None:
                _write_rejected_assignments(assignments, found, folders.result)
            if with_page:
                _write_report(run, found, folders.result, options)
            run.write_record(
                folders.result,
                parameters={},
                input={
                    "path": options.input,
                    "events": found.figures.events,
                    "rejected": found.figures.rejected,
                    "kinds": found.figures.kinds,
                    "rejected_assignments": found.figures.rejected_assignments,
                },
                output={
                    "decision": str(found.verdict.decision),
                    "sentence": found.verdict.sentence,
                    "users": found.users,
                    "days": found.horizon.days,
                },
            )
        for line in experiment_tables.warnings(found):
            run.report.line(line)
        if not options.quiet:
            experiment_tables.comparisons(found)
        run.report.line(found.verdict.sentence)
        if with_page:
            run.report.line(f"charts in {options.out}/{REPORT}")
        run.report.line(f"written to {options.out}")


def design_of(options: Options) -> Design:
    """The options as the design of the experiment.

    Raises:
        ParameterError: one is out of its range, or of another form.
    """
    from graphrec.cli.named_values import named_numbers
    from graphrec.errors import ParameterError
    from graphrec.experiments.analysis import Design
    from graphrec.experiments.metrics import parse_metrics

    for name in ("effect", "power", "confidence", "bots"):
        value = getattr(options, name)
        if not 0 < value < 1:
            raise ParameterError(f"--{name} must lie between 0 and 1", found=str(value))
    weights = None
    if options.shares is not None:
        weights = named_numbers("--shares", options.shares, "old=.5,new=.5")
    names = (options.experiment or "").split(",")
    return Design(
        metrics=parse_metrics(options.metrics),
        experiments=[name.strip() for name in names if name.strip()],
        control=options.control,
        weights=weights,
        days=options.days,
        power=options.power,
        bots=options.bots,
        confidence=options.confidence,
        correction=options.correction.value,
        cuped=options.cuped,
        effect=options.effect,
    )


# --- what is written ------------------------------------------------------------------------------


def _write(run: Run, found: Analysis, folders: Folders) -> DataFrame:
    from graphrec.cli.io import results
    from graphrec.cli.io.small_tables import small_table
    from graphrec.progress import stage

    with stage(_WRITE):
        written = results.write_table(small_table(run.spark, found.final), folders.result)
        beside: dict[str, Iterable[Any]] = {
            DAYS: found.days,
            SEGMENTS: found.segments,
            CHECKS: found.checks,
            EFFECTS: found.effects,
        }
        for name, rows in beside.items():
            if rows:
                small_table(run.spark, rows).write.parquet(f"{folders.result}/{name}")
    return written


def _unread(rejected: DataFrame, counts: Mapping[str, int]) -> DataFrame:
    """The rejected rows; where there are none, a table for which nothing is read again."""
    return rejected if counts else rejected.limit(0)


def _write_rejected_assignments(assignments: DataFrame, found: Analysis, folder: str) -> None:
    from graphrec.data.events import find_assignment_columns, rejected_rows

    columns = find_assignment_columns(assignments)
    rejected = rejected_rows(assignments, columns, assignments=True)
    kept = _unread(rejected, found.figures.rejected_assignments)
    kept.write.parquet(f"{folder}/{REJECTED_ASSIGNMENTS}")


def _write_report(run: Run, found: Analysis, folder: str, options: Options) -> None:
    from graphrec import __version__
    from graphrec.cli.io.result_folder import write_text
    from graphrec.progress import stage
    from graphrec.reports.pages.experiment import experiment_page

    with stage(_REPORT):
        facts = [
            ("Events", f"{options.input}: {found.figures.events:,} read"),
            *(("Rejected", f"{n:,} rows: {why}") for why, n in found.figures.rejected.items()),
            ("Assignments", options.assignments or "the arms of the impressions"),
            *(
                ("Rejected", f"{n:,} assignments: {why}")
                for why, n in found.figures.rejected_assignments.items()
            ),
            ("Correction", f"{options.correction.value}, of all comparisons of a table"),
            ("graphrec", __version__),
        ]
        title = f"Experiment {options.experiment}" if options.experiment else "Experiment"
        page = experiment_page(found, title=title, facts=facts)
        write_text(run.spark, f"{folder}/{REPORT}", page)
