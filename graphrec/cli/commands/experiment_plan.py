"""`graphrec experiment plan`: what an experiment of some days would find, by past events."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from graphrec.cli.options import TESTS, EventOptions, OutputOptions, PowerOptions, RunOptions

_WRITE: Final = "write"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, PowerOptions, OutputOptions, EventOptions):
    """What `experiment plan` takes."""

    metric: Annotated[
        str,
        typer.Option(
            metavar="METRIC",
            help="The metric that is to decide, as in --metrics of `graphrec experiment`.",
            rich_help_panel=TESTS,
        ),
    ] = "ctr"
    arms: Annotated[
        int, typer.Option(metavar="N", min=2, help="Arms of equal size.", rich_help_panel=TESTS)
    ] = 2


def run(options: Options) -> None:
    """Say how many days and users an experiment needs, from past events.

    The result has a row per number of days: users who came in that time, the metric, and the
    smallest relative difference that is found with the power that is asked for. Both the number
    of users and how much they differ are those of the past.
    """
    from graphrec.cli.io import results
    from graphrec.cli.io.events import check_events, event_columns, open_table
    from graphrec.cli.io.small_tables import small_table
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import experiment_tables
    from graphrec.errors import ParameterError
    from graphrec.experiments.analysis import PLAN_STAGES, plan_from
    from graphrec.experiments.metrics import parse_metrics
    from graphrec.progress import stage

    check_events(options, "plan by")
    metrics = parse_metrics(options.metric)
    if len(metrics) > 1:
        raise ParameterError("--metric is a single one", found=options.metric)
    for name in ("effect", "power", "confidence"):
        if not 0 < (value := getattr(options, name)) < 1:
            raise ParameterError(f"--{name} must lie between 0 and 1", found=str(value))
    stages = [*PLAN_STAGES, _WRITE, *results.writing_stages(options, learned=False)]
    with running("experiment-plan", options, stages) as run:
        with results.result_folders(
            run.spark, options, save_model=None, inputs=[options.input]
        ) as folders:
            events = open_table(run.spark, str(options.input), options)
            plans = plan_from(
                events,
                metrics[0],
                columns=event_columns(events, options),
                arms=options.arms,
                power=options.power,
                confidence=options.confidence,
            )
            with stage(_WRITE):
                written = results.write_table(small_table(run.spark, plans), folders.result)
            results.write_beside(written, None, folders, options)
            sentence = experiment_tables.plan_sentence(plans, metrics[0].name, options.effect)
            run.write_record(
                folders.result,
                parameters={},
                input={"path": options.input},
                output={"days": len(plans), "sentence": sentence},
            )
        if not options.quiet:
            experiment_tables.plans(plans, metrics[0].name)
        run.report.line(sentence)
        run.report.line(f"written to {options.out}")
