"""`graphrec evaluate`: compare the hybrid with its legs and with popularity on held-out data."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from graphrec.cli.options import (
    LISTS,
    ColdStartOptions,
    InputOptions,
    LearningOptions,
    OutputOptions,
    RelevanceOption,
    RunOptions,
    Split,
    SplitOptions,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphrec.cli.io.results import Folders
    from graphrec.cli.io.train_test import Divided
    from graphrec.cli.runtime.run import Run
    from graphrec.evaluation.comparison import Evaluation
    from graphrec.recommenders.hybrid.estimator import HybridRecommender
    from graphrec.recommenders.model import RecommenderModel
    from graphrec.reports.tables.evaluation import EvaluationTables

HYBRID: Final = "hybrid"
WITH_MMR: Final = "hybrid + MMR"

PER_USER: Final = "_per_user"  # names that Spark and Arrow pass over when they read the result
ACTIVITY: Final = "_activity"
SUPPORT: Final = "_support"
SIGNIFICANCE: Final = "_significance"
SIGNIFICANCE_BY_ACTIVITY: Final = "_activity_significance"
REPORT: Final = "_report.html"
_WRITE: Final = "write"  # stages
# How a hybrid holds out what it chooses by; None: by time, where enough users come back.
_CUTS: Final = {
    Split.RANDOM: "random",
    Split.LAST_N: "last",
    Split.TIME: None,
    Split.COLD_ITEMS: "random",
    Split.COLD_USERS: "random",
}
_REPORT: Final = "report"


@dataclass(frozen=True, kw_only=True)
class Options(
    RunOptions,
    LearningOptions,
    RelevanceOption,
    SplitOptions,
    OutputOptions,
    ColdStartOptions,
    InputOptions,
):
    """What `evaluate` takes."""

    cutoffs: Annotated[
        str,
        typer.Option(
            "--cutoffs",
            "-k",
            metavar="K,...",
            help="Lengths of the lists that are measured; the charts are of the smallest.",
            rich_help_panel=LISTS,
        ),
    ] = "10,20"
    mmr: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            help="Diversity of the hybrid with MMR.",
            rich_help_panel=LISTS,
        ),
    ] = 0.3


def run(options: Options) -> None:
    """Compare popularity, each leg alone, and the hybrid with and without MMR on held-out data.

    The result has model, metric, k, mean, ci_low, ci_high and users. Beside it are _per_user (the
    metrics of every user), _activity (the means by length of the history), _support (how much is
    found of items by the number of their users), _significance and
    _activity_significance (paired differences of the hybrid to the others, of all users and by
    length of the history) and, with the extra `reports`, _report.html, a page with charts that
    needs no network. Where popularity or a leg alone is better than the hybrid beyond chance, the
    screen and the page say so.
    """
    from graphrec.cli import hybrid
    from graphrec.cli.io import model_source, results, train_test
    from graphrec.cli.io.inputs import column_params, open_ratings
    from graphrec.cli.io.pages import can_make_pages
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import read_summary, tables
    from graphrec.data.interaction_columns import require_free_names
    from graphrec.evaluation.comparison import COLUMNS, evaluate
    from graphrec.reports.tables.evaluation import EvaluationTables
    from graphrec.reports.words.better_models import better_models

    train_test.check_split(options)
    check_features(options)
    cutoffs = parse_cutoffs(options.cutoffs)
    check_mmr(options)
    recommender = hybrid.hybrid_of(options, allLegs=True, **column_params(options))
    with running("evaluate", options, _stages(options, recommender)) as run:
        with_page = can_make_pages(run.report)
        with results.result_folders(
            run.spark,
            options,
            save_model=None,
            inputs=[options.input, options.items, options.user_features, options.default],
        ) as folders:
            timed = train_test.timed_by(options) or hybrid.needs_times(options)
            ratings = open_ratings(run.spark, options, timed=timed)
            require_free_names({"user": ratings.columns.user}, COLUMNS)
            hybrid.give_tables(recommender, run.spark, options, ratings.columns)
            divided = train_test.divide(
                ratings,
                options,
                recommender.value("duplicates"),
                events=recommender.events,
                relevant_from=options.relevant_from,
            )
            recommender.setParams(**train_test.params_of(ratings.columns))
            _choose_as_it_is_judged(recommender, options.split)
            models = _compared(recommender.fit(divided.train), options.mmr)
            found = evaluate(
                models,
                divided.train,
                divided.test,
                k=cutoffs,
                reference=HYBRID,
                allow=divided.test if options.split == Split.COLD_ITEMS else None,
            )
            figures = train_test.figures_of(divided, models[HYBRID])
            parameters = hybrid.parameters_of(models[HYBRID]) | train_test.values_of(options)
            parameters["relevant_from"] = options.relevant_from
            _write(found, divided, folders, options)
            shown, remedy = EvaluationTables.of(found), remedy_of(options)
            if with_page:
                facts = _facts(options, divided, found, parameters)
                _write_report(run, shown, folders.result, facts, remedy)
            run.write_record(
                folders.result,
                parameters=parameters,
                input=train_test.input_figures(divided, figures, found, options.input),
                output={"models": len(models), "users": divided.users},
            )
        model_source.print_rows(run.report, figures, options.out)
        for line in read_summary.ground_truth(found.ground_truth):
            run.report.line(line)
        if not options.quiet:
            tables.comparison(results.read_result(run.spark, options.out).toPandas(), list(models))
        for line in better_models(shown, variant=WITH_MMR, remedy=remedy):
            run.report.line(line)
        divided.unpersist()
        if with_page:
            run.report.line(f"charts in {options.out}/{REPORT}")
        run.report.line(f"written to {options.out}")


def _choose_as_it_is_judged(recommender: HybridRecommender, split: Split) -> None:
    """Have weights chosen by what is held out in the way of the split, unless settings say how."""
    if not recommender.isSet(recommender.validationCut):
        recommender.setParams(validationCut=_CUTS[split])


def _stages(options: Options, recommender: HybridRecommender) -> list[str] | None:
    """The stages of the work, in their order; None if the data decide."""
    from graphrec.cli import hybrid
    from graphrec.cli.io import results, train_test
    from graphrec.data.dataset import READING
    from graphrec.evaluation.comparison import comparison_stages
    from graphrec.spark.extras import REPORTS

    learning = hybrid.stages_of(recommender, options)
    if learning is None:
        return None
    models = len(("popularity", *recommender.legs, HYBRID, WITH_MMR))
    writing = [_WRITE, *results.writing_stages(options), *([] if REPORTS.missing() else [_REPORT])]
    return [train_test.SPLIT, *READING, *learning, *comparison_stages(models), *writing]


# --- options --------------------------------------------------------------------------------------


def parse_cutoffs(text: str) -> list[int]:
    """`10,20` as numbers.

    Raises:
        ParameterError: it is something else.
    """
    from graphrec.errors import ParameterError
    from graphrec.evaluation.cutoffs import distinct_cutoffs

    try:
        return distinct_cutoffs([int(part) for part in text.split(",")])
    except ValueError:
        raise ParameterError(
            "-k is a list of whole numbers of at least 1", found=repr(text), fix="write it as 10,20"
        ) from None


def check_mmr(options: Options) -> None:
    """Check that there is an input, and that `--mmr` is above 0: the hybrid itself has no MMR.

    Raises:
        ParameterError: it is another, or there is no input.
    """
    from graphrec.errors import ParameterError

    if options.input is None:
        raise ParameterError("nothing to evaluate on", fix="give a file of interactions")
    if not 0 < options.mmr <= 1:
        raise ParameterError("--mmr must be above 0 and at most 1", found=str(options.mmr))


def check_features(options: Options) -> None:
    """Check that features are there where new items are listed, and that --items has an effect.

    Raises:
        ParameterError: they are not, or it has none.
    """
    from graphrec.errors import ParameterError

    if options.split == Split.COLD_ITEMS and not options.has_features:
        raise ParameterError(
            "--split cold-items lists items that nobody has, by their features alone",
            found="no --features",
            fix="name columns of --items, as in --features genres,year",
        )
    if options.items is not None and not options.has_features:
        raise ParameterError("--items has no effect without --features", fix="leave it out")


def _compared(hybrid: RecommenderModel, mmr: float) -> dict[str, RecommenderModel]:
    """All models of the comparison by name; they share what the hybrid has learned."""
    from graphrec.recommenders.hybrid.model import HybridRecommenderModel

    assert isinstance(hybrid, HybridRecommenderModel)
    with_mmr = hybrid.copy({hybrid.diversity: mmr})
    return {**hybrid.baselines(), HYBRID: hybrid, WITH_MMR: with_mmr}


def remedy_of(options: Options) -> str:
    """What to do where a leg alone is better than the hybrid."""
    from graphrec.recommenders.hybrid.weights import LEARNED

    if options.weights in {None, LEARNED}:
        return "Try graphrec tune, which chooses settings on held-out interactions."
    return "Try --weights learned, or graphrec tune."


# --- what is written ------------------------------------------------------------------------------


def _write(found: Evaluation, divided: Divided, folders: Folders, options: Options) -> None:
    """Write the tables, and the rejected rows."""
    from graphrec.cli.io import results
    from graphrec.progress import stage

    with stage(_WRITE):
        written = results.write_table(found.summary.coalesce(1), folders.result)
        found.per_user.write.parquet(f"{folders.result}/{PER_USER}")
        found.by_activity.coalesce(1).write.parquet(f"{folders.result}/{ACTIVITY}")
        found.by_support.coalesce(1).write.parquet(f"{folders.result}/{SUPPORT}")
        found.significance.coalesce(1).write.parquet(f"{folders.result}/{SIGNIFICANCE}")
        found.significance_by_activity.coalesce(1).write.parquet(
            f"{folders.result}/{SIGNIFICANCE_BY_ACTIVITY}"
        )
    results.write_beside(written, divided.interactions.rejected, folders, options)


def _write_report(
    run: Run,
    found: EvaluationTables,
    folder: str,
    facts: Sequence[tuple[str, str]],
    remedy: str,
) -> None:
    from graphrec.cli.io.result_folder import write_text
    from graphrec.progress import stage
    from graphrec.reports.pages.evaluation import evaluation_page

    with stage(_REPORT):
        page = evaluation_page(
            found,
            title="Comparison of recommenders",
            facts=facts,
            variant=WITH_MMR,
            remedy=remedy,
        )
        write_text(run.spark, f"{folder}/{REPORT}", page)


def _facts(
    options: Options, divided: Divided, found: Evaluation, parameters: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """How the result was made, as (label, text) for the foot of the page."""
    from graphrec import __version__
    from graphrec.cli.io.train_test import describe_split
    from graphrec.cli.text import read_summary

    figures = divided.interactions.figures
    learned, held_out = divided.rows
    weights = ", ".join(f"{leg} {weight:g}" for leg, weight in parameters["weights"].items())
    tested = (line.strip() for line in read_summary.ground_truth(found.ground_truth))
    return [
        ("Input", str(options.input)),
        ("Rows", f"{figures.rows_read:,} read, {figures.rejected_rows:,} rejected"),
        ("Split", describe_split(options)),
        ("Interactions", f"{learned:,} to learn from, {held_out:,} to test on"),
        ("Test set", "; ".join(tested)),
        ("Weights of the hybrid", weights),
        (WITH_MMR, f"the same with --mmr {options.mmr:g}"),
        ("Listed", _listed(options)),
        ("graphrec", __version__),
    ]


def _listed(options: Options) -> str:
    if options.split == Split.COLD_ITEMS:
        return "the items that were held out, and no others"
    return "all items that the user does not have in the training set"
