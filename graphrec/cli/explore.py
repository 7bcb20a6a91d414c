"""`graphrec explore`: what the graph of users and items looks like."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from graphrec.cli.options import (
    InputOptions,
    ItemsOptions,
    LengthOption,
    OutputOptions,
    RunOptions,
    SampleOption,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from graphrec.analytics.exploration import Keep
    from graphrec.data.columns_found import InteractionColumns

GRAPH: Final = "Graph"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, SampleOption, LengthOption, OutputOptions, ItemsOptions, InputOptions):
    """What `explore` takes."""

    edges_per_item: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Edges that each item adds to the item graph, to its best partners by cosine.",
            rich_help_panel=GRAPH,
        ),
    ] = 20
    resolution: Annotated[
        float,
        typer.Option(
            metavar="NUMBER",
            help="Of the communities: above 1 they are smaller, below 1 larger.",
            rich_help_panel=GRAPH,
        ),
    ] = 1.0


def run(options: Options) -> None:
    """Write tables of what the graph of users and items looks like.

    The result has a folder for each: size, degrees and power_laws, components, cores and shells,
    distances, reach (items three steps from each user), importance (PageRank against popularity),
    item_edges, communities and item_roles (which items are bridges), similar_users.
    """
    from graphrec.analytics.exploration import Settings, explore
    from graphrec.analytics.headline import headline
    from graphrec.cli import findings, results, source
    from graphrec.cli.inputs import column_params, open_titles
    from graphrec.cli.run import running
    from graphrec.graphframes_jar import require_graphframes
    from graphrec.models.popularity import PopularityRecommender

    _check(options)
    settings = Settings(options.edges_per_item, options.resolution, options.k)
    recommender = PopularityRecommender(**column_params(options), preference="weight")
    with running("explore", options) as run:
        require_graphframes(run.spark)
        with results.result_folders(
            run.spark, options, save_model=None, inputs=[options.input, options.items]
        ) as folders:
            origin = source.open_interactions(run.spark, options, timed=None)
            titles = open_titles(run.spark, options, item=origin.columns.item)
            model = origin.model(recommender)
            with model.graph as graph:
                keep = _writer(folders.result, origin.columns, options)
                tables = explore(graph, model.learned.tables.catalogue, keep, settings)
            figures = headline(tables)
            results.write_rejected(model.rejected, folders.result)
            run.write_record(
                folders.result,
                parameters={},
                input=source.input_figures(origin, model),
                output=figures,
            )
        source.tell_input(run.report, model, options.out)
        if not options.quiet:
            found = findings.read(run.spark, options.out)
            findings.show(found, figures, model, titles, options.sample)
        run.report.line(f"written to {options.out}")


def _check(options: Options) -> None:
    from graphrec.errors import ParameterError

    if options.input is None:
        raise ParameterError("nothing to explore", fix="give a file of interactions")
    if not options.resolution > 0:
        raise ParameterError(
            "--resolution must be a number above 0", found=f"{options.resolution:g}"
        )


def _writer(folder: str, columns: InteractionColumns, options: Options) -> Keep:
    """Write each table to its folder, with the input's names of users and items."""
    from graphrec.cli import results
    from graphrec.cli.options import TableFormat
    from graphrec.columns import ITEM, USER

    def keep(name: str, table: DataFrame) -> DataFrame:
        place = f"{folder}/{name}"
        named = table.withColumnsRenamed({USER: columns.user, ITEM: columns.item})
        named.write.parquet(place)
        written = results.read_result(table.sparkSession, place)
        if options.format == TableFormat.CSV:
            results.write_csv(written, f"{folder}/{results.CSV}/{name}")
        return written

    return keep
