"""`graphrec tune`: the settings of the hybrid, chosen on a part that is held out."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from graphrec.cli.options import (
    LISTS,
    MODEL,
    InputOptions,
    LearningOptions,
    OutputOptions,
    RunOptions,
)

if TYPE_CHECKING:
    from graphrec.recommenders.hybrid.estimator import HybridRecommender
    from graphrec.tuning.grid import Group
    from graphrec.tuning.search import Tuned

CONFIG: Final = "graphrec.toml"
TRIALS: Final = "trials"
DIVERSITY: Final = "diversity"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, LearningOptions, OutputOptions, InputOptions):
    """What `tune` takes."""

    validation_users: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=2,
            help="Users whose lists are measured, at most; a fifth of all histories is held out.",
            rich_help_panel=MODEL,
        ),
    ] = 2000
    validation_seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="Of the draw.", rich_help_panel=MODEL)
    ] = 0
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP,...",
            show_default="pairs,walk,pseudo,ease,als,embedding",
            help="What is tried: settings of the pair table, of the walk, pseudo-interactions, "
            "settings of the regression, of the factors, of the embeddings; also the rank of the "
            "factors; and half-life, order and recency of the histories, by default where "
            "validationCut is last or time. The weights are chosen in any case.",
            rich_help_panel=MODEL,
        ),
    ] = None
    budget: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            min=0.0,
            max=1.0,
            help="Share of the NDCG that diversity may cost; 0 leaves MMR off.",
            rich_help_panel=LISTS,
        ),
    ] = 0.01


def run(options: Options) -> None:
    """Choose the hybrid's settings, weights and diversity on a part of IN that is held out.

    The result is graphrec.toml, which `graphrec recommend --config` takes. Beside it are trials
    (group, settings, NDCG at 20, the same of low-similarity items alone, the standard error of the
    difference of their sum to the best before, chosen) and diversity (what each diversity costs and
    gives).
    """
    from dataclasses import asdict

    import tomli_w

    from graphrec.cli import hybrid
    from graphrec.cli.io import model_source, results
    from graphrec.cli.io.inputs import column_params, open_ratings
    from graphrec.cli.io.result_folder import write_text
    from graphrec.cli.io.small_tables import small_table
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import tables
    from graphrec.errors import ParameterError
    from graphrec.recommenders.hybrid.weights import DEFAULT
    from graphrec.tuning.search import tune

    if options.input is None:
        raise ParameterError("nothing to tune on", fix="give a file of interactions")
    if options.weights is not None:
        raise ParameterError("--weights is what tune looks for", fix="leave it out")
    fixed = replace(options, weights=DEFAULT)  # until they are searched
    recommender = hybrid.hybrid_of(fixed, **column_params(options))
    grid = _grid(options.groups) if options.groups else None
    with running("tune", options, _stages(options, recommender, grid)) as run:
        with results.result_folders(
            run.spark, options, save_model=None, inputs=[options.input]
        ) as folders:
            ratings = open_ratings(run.spark, options, timed=hybrid.needs_times(options))
            tuned = tune(
                recommender,
                ratings.frame,
                grid=grid,
                users=options.validation_users,
                budget=options.budget,
                seed=options.validation_seed,
            )
            figures = tuned.interactions.figures
            # The settings of a row become one text.
            rows = [asdict(one) | {"settings": tables.joined(one.settings)} for one in tuned.trials]
            trials = small_table(run.spark, rows)
            written = results.write_table(trials, f"{folders.result}/{TRIALS}")
            if tuned.diversified:
                costs = small_table(run.spark, tuned.diversified)
                costs.write.parquet(f"{folders.result}/{DIVERSITY}")
            results.write_beside(written, tuned.interactions.rejected, folders, options)
            chosen = _chosen(tuned, options)
            config = tomli_w.dumps({"recommend": chosen})
            write_text(run.spark, f"{folders.result}/{CONFIG}", config)
            run.write_record(
                folders.result,
                parameters={
                    "validation_users": options.validation_users,
                    "validation_seed": options.validation_seed,
                    "budget": options.budget,
                },
                input={
                    "path": options.input,
                    **model_source.read_figures(figures),
                },
                output={"validation_users": tuned.users, "trials": len(tuned.trials), **chosen},
            )
        model_source.print_rows(run.report, figures, options.out)
        if not options.quiet:
            tables.tuning(tuned)
        run.report.line(f"written to {options.out}; use it by --config {options.out}/{CONFIG}")


def _stages(
    options: Options, recommender: HybridRecommender, grid: list[Group] | None
) -> list[str]:
    """The stages of the work, in their order."""
    from graphrec.cli.io import results
    from graphrec.tuning.search import tuning_stages

    return [*tuning_stages(recommender, grid), *results.writing_stages(options)]


def _grid(names: str) -> list[Group]:
    """The groups of settings of `--groups`, in the order in which they are tried."""
    from graphrec.errors import ParameterError
    from graphrec.tuning.grid import GRID

    wanted = [name.strip() for name in names.split(",")]
    known = [group.name for group in GRID]
    if unknown := [name for name in wanted if name not in known]:
        raise ParameterError(
            "--groups names what is no group of settings",
            found=", ".join(unknown),
            fix=f"choose of {', '.join(known)}",
        )
    return [group for group in GRID if group.name in wanted]


def _chosen(tuned: Tuned, options: Options) -> dict[str, Any]:
    """The options for `recommend`: those that were chosen, and those that were given to `tune`."""
    from graphrec.cli.hybrid import parse_settings

    given = {
        name: getattr(options, name)
        for name in ("rank", "liked_from", "half_life", "order", "recency", "candidates")
        if getattr(options, name) is not None
    }
    settings = parse_settings(options.settings or "") | tuned.settings
    weights = {leg: round(weight, 4) for leg, weight in tuned.weights.items()}
    return {
        **given,
        "diversity": tuned.diversity,
        "weights": weights,
        **({"settings": settings} if settings else {}),
    }
