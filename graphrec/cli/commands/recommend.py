"""`graphrec recommend`: a ranked, explained list for every user."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from graphrec.cli.options import (
    LISTS,
    OUTPUT,
    LengthOption,
    LimitOptions,
    ListExploreOptions,
    ModelOptions,
    OffsetOption,
    OutputOptions,
    RunOptions,
    SampleOption,
    SaveModelOption,
    ShownOptions,
    SourceOptions,
    VerbOption,
    WriteMode,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from graphrec.cli.io.inputs import Titles
    from graphrec.cli.io.model_source import Source
    from graphrec.cli.io.results import Folders
    from graphrec.cli.runtime.progress_lines import Report
    from graphrec.recommenders.hybrid.estimator import HybridRecommender
    from graphrec.recommenders.model import RecommenderModel

_LISTS: Final = "lists"  # a stage


@dataclass(frozen=True, kw_only=True)
class Options(
    RunOptions,
    ModelOptions,
    LengthOption,
    OffsetOption,
    LimitOptions,
    ListExploreOptions,
    SampleOption,
    ShownOptions,
    VerbOption,
    OutputOptions,
    SaveModelOption,
    SourceOptions,
):
    """What `recommend` takes."""

    to: Annotated[
        str | None,
        typer.Option(
            metavar="redis://...|table:NAME",
            show_default=False,
            help="Write each user's list there, too: to a Redis server, as in "
            "redis://HOST:6379/0?prefix=lists:&ttl=86400, or to a table of Spark's catalog.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    mode: Annotated[
        WriteMode | None,
        typer.Option(
            show_default="overwrite",
            help="What becomes of what the table of --to has: overwrite: nothing of it stays; "
            "append: all of it; merge: the lists of users who get none now.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    users: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default="all of IN",
            help="Users to serve; those without a history get what is popular.",
            rich_help_panel=LISTS,
        ),
    ] = None
    changed_since: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            show_default=False,
            help="With --model: list only for users of whom something new was taken in since this "
            "version, or model, from which it was updated.",
            rich_help_panel=LISTS,
        ),
    ] = None
    buy_again: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Also list N items of each user's own that are likely to be taken again soon, in "
            "DIR/_again; it needs IN with times and repeats.",
            rich_help_panel=LISTS,
        ),
    ] = 0
    horizon: Annotated[
        float,
        typer.Option(metavar="DAYS", help="How soon, for --buy-again.", rich_help_panel=LISTS),
    ] = 30.0


def run(options: Options) -> None:
    """Write a ranked, explained list for every user of IN.

    The result has the user and item columns of IN, with --items the title, rank (1..k), score, one
    column per leg with its share of the score, because (the items of the history that contributed
    most), source: personal; or, for users without a history, demographic, trending, popular, picked
    (by --default) or new; and history_size (the interactions that the list rests on). With
    --explore there is propensity, too: the probability of what stands in the slot, given the slots
    above. With --buy-again it has a folder _again beside them: rank, score (the probability that
    the item is taken again within the horizon), times and last (on which days the user took it),
    interval (usual days between). With --to, each user's list is written to a Redis server or a
    table as well.
    """
    from graphrec.cli import hybrid
    from graphrec.cli.io import model_source, results
    from graphrec.cli.io.destinations import destination, recorded, sent
    from graphrec.cli.io.id_lists import Filters, list_figures, print_unknown_ids
    from graphrec.cli.io.inputs import column_params, open_titles
    from graphrec.cli.io.item_rules import ItemRules, print_rules, rule_figures
    from graphrec.cli.io.list_exploration import ListExploration
    from graphrec.cli.io.titles import check_free, with_titles
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import tables
    from graphrec.progress import stage
    from graphrec.reports.words.interaction import InteractionWords

    _check(options)
    recommender = hybrid.hybrid_of(options, **column_params(options), **hybrid.list_params(options))
    with running("recommend", options, _stages(options, recommender)) as run:
        to = destination(run.spark, options.to, options.mode)
        with results.result_folders(
            run.spark, options, save_model=options.save_model, inputs=_inputs(options)
        ) as folders:
            origin = model_source.open_source(run.spark, options, timed=hybrid.needs_times(options))
            titles = open_titles(run.spark, options, item=origin.columns.item)
            check_free(titles, origin.columns)
            listed = Filters(run.spark, options, origin, users=options.users)
            rules = ItemRules.open(run.spark, options, item=origin.columns.item)
            explored = ListExploration.open(run.spark, options)
            model = hybrid.model_of(origin, recommender, run.spark, options)
            dataset = model.dataset  # new items are in its catalogue
            counted = listed.figures(dataset)
            ruled = rules.figures(dataset)
            with stage(_LISTS) as counts:
                frames = rules.narrow(listed.frames(dataset), dataset) | _changed(model, options)
                lists = explored.lists(model, options.k, options.offset, frames)
                written = results.write_table(with_titles(lists, dataset, titles), folders.result)
                figures = _figures(written, origin.columns.user)
                counts.update(_counts(figures))
                figures |= _again(options, origin, model, titles, folders)
            results.write_beside(written, dataset.rejected, folders, options)
            results.save_model(model, folders)
            figures |= sent(to, written, origin.columns.user)
            run.write_record(
                folders.result,
                parameters=hybrid.parameters_of(model)
                | {"offset": options.offset, "exploration": explored.record()}
                | recorded(to),
                input=model_source.input_figures(origin.path, dataset)
                | {"lists": list_figures(counted), "rules": rule_figures(rules, ruled)}
                | rules.limits.as_written,
                output=figures,
            )
        model_source.print_input(run.report, dataset, options.out)
        hybrid.print_choice(run.report, model)
        print_unknown_ids(run.report, counted)
        print_rules(run.report, rules, ruled)
        _print_figures(run.report, figures)
        explored.print_feedback(run.report)
        if not options.quiet:
            result = results.read_result(run.spark, options.out)
            words = InteractionWords.of(options.verb)
            tables.lists(result, dataset, titles, options.sample, words)
        run.report.line(f"written to {options.out}")


def _check(options: Options) -> None:
    """Refuse options that contradict each other, before anything is read."""
    from graphrec.cli import hybrid
    from graphrec.cli.io import model_source
    from graphrec.cli.io.list_exploration import check_exploration
    from graphrec.cli.io.repeats import check_repeats
    from graphrec.errors import ParameterError

    model_source.check_source(options, hybrid.LEARNING)
    if options.changed_since is not None and (options.model is None or options.users is not None):
        raise ParameterError(
            "--changed-since chooses among the users of a saved model",
            fix="give --model, and no --users",
        )
    check_repeats(options.buy_again, options.model)
    check_exploration(options)


def _changed(model: RecommenderModel, options: Options) -> dict[str, DataFrame]:
    """The users to serve, if only some are: as a keyword of `rankedLists`."""
    from graphrec.cli.io.id_lists import USERS
    from graphrec.recommenders.model import RecommenderModel as Saved
    from graphrec.recommenders.versions import version_beside

    if options.changed_since is None:
        return {}
    assert options.model is not None  # see `_check`
    since = Saved.load(version_beside(options.model, options.changed_since))
    return {USERS: model.changedUsers(since)}


def _inputs(options: Options) -> list[str | None]:
    """The paths that are read."""
    return [
        options.input,
        options.model,
        options.items,
        options.users,
        options.allow,
        options.deny,
        options.shown,
        options.user_features,
        options.default,
        options.feedback,
        options.changed_since,
    ]


def _stages(options: Options, recommender: HybridRecommender) -> list[str] | None:
    """The stages of the work, in their order; None if the data decide."""
    from graphrec.cli import hybrid
    from graphrec.cli.io import model_source, results
    from graphrec.cli.io.destinations import SENDING

    stages = results.table_stages(
        model_source.stages(options, hybrid.stages_of(recommender, options)),
        _LISTS,
        options,
        learned=options.model is None,
        save_model=options.save_model,
    )
    return stages if stages is None or options.to is None else [*stages, SENDING]


def _again(
    options: Options,
    origin: Source,
    model: RecommenderModel,
    titles: Titles,
    folders: Folders,
) -> dict[str, Any]:
    """Write what is likely to be taken again, if it is asked for; figures of it."""
    from graphrec.cli.io.repeats import write_again

    if not options.buy_again:
        return {}
    count, horizon = options.buy_again, options.horizon
    return {"again": write_again(origin, model, titles, count, horizon, folders.result)}


def _figures(written: DataFrame, user: str) -> dict[str, Any]:
    """What `_run.json` has of the result."""
    from pyspark.sql import functions as F

    from graphrec.columns import SOURCE
    from graphrec.data.column_types import quoted
    from graphrec.serving.sources import SOURCES

    users = F.count_distinct(quoted(user))
    counted = (
        written.rollup(SOURCE)  # one row per source, and one of all
        .agg(users.alias("users"), F.count("*").alias("rows"))
        .collect()
    )
    by_source = {row[SOURCE]: {"users": row["users"], "rows": row["rows"]} for row in counted}
    total = by_source.get(None, {"users": 0, "rows": 0})
    sources = {name: by_source[name] for name in SOURCES if name in by_source}
    return {**total, "sources": sources}


def _counts(figures: dict[str, Any]) -> dict[str, int]:
    """What the stage of the lists says that it made."""
    from graphrec.serving.sources import PERSONAL

    others = {name: of["users"] for name, of in figures["sources"].items() if name != PERSONAL}
    return {"users": figures["users"], "rows": figures["rows"], **others}


def _print_figures(report: Report, figures: dict[str, Any]) -> None:
    """How many users have items of each source, where some are not personal; what was sent."""
    from graphrec.serving.sources import PERSONAL

    sources = figures["sources"]
    if set(sources) - {PERSONAL}:
        counts = ", ".join(f"{name} {of['users']:,}" for name, of in sources.items())
        report.line(f"users who have items of each source: {counts}")
    if "sent" in figures:
        report.line("{users:,} users' lists sent to {to}".format(**figures["sent"]))
