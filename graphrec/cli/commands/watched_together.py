"""`graphrec watched-together`: the items that go together with each item."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from graphrec.cli.options import (
    LISTS,
    ItemsOptions,
    LengthOption,
    OutputOptions,
    RunOptions,
    SampleOption,
    SaveModelOption,
    SourceOptions,
    VerbOption,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from graphrec.cli.io.model_source import Source
    from graphrec.cooccurrence.table import PairTable
    from graphrec.data.dataset import Dataset
    from graphrec.data.interaction_columns import InteractionColumns
    from graphrec.recommenders.model import RecommenderModel

DEFAULT_MEASURE: Final = "npmi"  # those of the library, which is too heavy for --help
DEFAULT_SUPPORT: Final = 2
DEFAULT_SHRINKAGE: Final = 5.0
_NEIGHBOURS: Final = "neighbours"  # a stage


@dataclass(frozen=True, kw_only=True)
class Options(
    RunOptions,
    LengthOption,
    SampleOption,
    VerbOption,
    OutputOptions,
    ItemsOptions,
    SaveModelOption,
    SourceOptions,
):
    """What `watched-together` takes."""

    measure: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What neighbours are ranked by: support, confidence, lift, cosine, jaccard, pmi, "
            "npmi (normalised pointwise mutual information) or llr (log-likelihood ratio).",
            rich_help_panel=LISTS,
        ),
    ] = DEFAULT_MEASURE
    min_support: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Users that two items need in common.",
            rich_help_panel=LISTS,
        ),
    ] = DEFAULT_SUPPORT
    shrinkage: Annotated[
        float,
        typer.Option(
            metavar="N",
            min=0.0,
            help="Holds pairs of few common users back: the measure is multiplied by n / (n + N) "
            "for the ranking, n being those users.",
            rich_help_panel=LISTS,
        ),
    ] = DEFAULT_SHRINKAGE
    ordered: Annotated[
        bool,
        typer.Option(help="Rank what users had after the item.", rich_help_panel=LISTS),
    ] = False
    neighbours: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            show_default="200 to 2000, by the number of items",
            help="Neighbours that each item keeps for the choice, the best by cosine.",
            rich_help_panel=LISTS,
        ),
    ] = None


def run(options: Options) -> None:
    """Write the items that go together with each item of IN, and how strongly.

    The result has the item column of IN, neighbour, rank (1..k), together (users who have both),
    after (those who had the neighbour later), support_item and support_neighbour (users who have
    each), and the measures support, confidence, lift, cosine, jaccard, pmi, npmi and llr; with
    --items, title and neighbour_title stand behind the ids. With --save-model the item pairs are
    saved as an item kNN model of the measure: --model takes it here for other lists of the same
    pairs, and in `graphrec recommend` for lists for users.
    """
    from graphrec.cli.io import model_source, results
    from graphrec.cli.io.inputs import column_params, open_titles
    from graphrec.cli.io.titles import check_free, with_titles
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import tables
    from graphrec.cooccurrence.association import watched_together
    from graphrec.cooccurrence.table import count_pairs
    from graphrec.data.dataset import Dataset
    from graphrec.progress import stage
    from graphrec.recommenders.shared_params import TrainingParams
    from graphrec.reports.words.interaction import InteractionWords

    model_source.check_source(options, ["neighbours"])
    _check_measure(options.measure)
    columns = column_params(options)
    spec = TrainingParams(maxNeighbours=options.neighbours).pair_spec()
    with running("watched-together", options, _stages(options)) as run:
        with results.result_folders(
            run.spark,
            options,
            save_model=options.save_model,
            inputs=[options.input, options.model, options.items],
        ) as folders:
            origin = model_source.open_source(
                run.spark, options, timed="--ordered" if options.ordered else None
            )
            titles = open_titles(run.spark, options, item=origin.columns.item)
            check_free(titles, origin.columns)
            if isinstance(origin, model_source.SavedModel):
                dataset = origin.model.dataset
                spec = origin.model.pair_spec()
                pairs = origin.model.pairs
            else:
                dataset = Dataset.from_interactions(origin.frame, **columns)
                pairs = count_pairs(dataset, spec)
            ranked: dict[str, Any] = {
                "measure": options.measure,
                "minSupport": options.min_support,
                "shrinkage": options.shrinkage,
                "ordered": options.ordered,
            }
            with stage(_NEIGHBOURS) as counts:
                if isinstance(origin, model_source.SavedModel):  # which may have new items
                    found = origin.model.watchedTogether(options.k, **ranked)
                else:
                    found = watched_together(dataset, pairs, options.k, **ranked)
                written = results.write_table(with_titles(found, dataset, titles), folders.result)
                figures = _figures(written, origin.columns)
                counts.update(figures)
            results.write_beside(written, dataset.rejected, folders, options)
            if folders.model is not None:
                results.save_model(_model(options, origin, dataset, pairs), folders)
            run.write_record(
                folders.result,
                parameters={"neighbours": spec.neighbours_kept(dataset.catalogue.size)},
                input=model_source.input_figures(origin.path, dataset),
                output=figures,
            )
        model_source.print_input(run.report, dataset, options.out)
        if not options.quiet:
            result = results.read_result(run.spark, options.out)
            words = InteractionWords.of(options.verb)
            tables.neighbours(result, dataset, titles, options.sample, options.measure, words)
        run.report.line(f"written to {options.out}")


def _check_measure(name: str) -> None:
    from graphrec.cooccurrence.measures import MEASURES
    from graphrec.errors import ParameterError

    if name not in MEASURES:
        raise ParameterError(
            "--measure is none of association", found=name, fix=f"choose of {', '.join(MEASURES)}"
        )


def _stages(options: Options) -> list[str] | None:
    """The stages of the work, in their order."""
    from graphrec.cli.io import model_source, results
    from graphrec.cooccurrence.table import ITEM_PAIRS
    from graphrec.recommenders.base import MERGE_TABLES
    from graphrec.recommenders.item_knn import ItemKNNRecommender
    from graphrec.recommenders.saved_directory import SAVE_MODEL

    written = results.table_stages(
        model_source.stages(options, [ITEM_PAIRS]),
        _NEIGHBOURS,
        options,
        learned=options.model is None,
        save_model=None,
    )
    if written is None or options.save_model is None:
        return written
    learning = [] if options.model else [*ItemKNNRecommender().learning(), MERGE_TABLES]
    return [*written, *learning, SAVE_MODEL]


def _model(
    options: Options, origin: Source, dataset: Dataset, pairs: PairTable
) -> RecommenderModel:
    """The model that is saved: the one that was loaded, or item kNN by the measure."""
    from graphrec.cli.io.model_source import SavedModel
    from graphrec.recommenders.item_knn import ItemKNNRecommender

    if isinstance(origin, SavedModel):
        return origin.model
    recommender = ItemKNNRecommender(
        measure=options.measure,
        shrinkage=options.shrinkage,
        maxNeighbours=options.neighbours,
        **dataset.params,
    )
    return recommender.fit_to_pairs(dataset, pairs)


def _figures(written: DataFrame, columns: InteractionColumns) -> dict[str, Any]:
    """What `_run.json` has of the result."""
    from pyspark.sql import functions as F

    from graphrec.data.column_types import quoted

    row = written.select(F.count("*"), F.count_distinct(quoted(columns.item))).first()
    assert row is not None  # an aggregate always has its row
    return {"items": row[1], "rows": row[0]}
