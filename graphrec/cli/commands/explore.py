"""`graphrec explore`: describe the graph of users and items in tables and on pages."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from graphrec.cli.options import (
    INPUT,
    OUTPUT,
    FeatureOptions,
    InputOptions,
    LengthOption,
    OutputOptions,
    RunOptions,
    SampleOption,
    VerbOption,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from graphrec.cli.io.inputs import Titles
    from graphrec.cli.runtime.run import Run
    from graphrec.data.dataset import Dataset
    from graphrec.data.interaction_columns import InteractionColumns
    from graphrec.graph.exploration import Keep, Settings
    from graphrec.graph.feature_information import FeatureInformation
    from graphrec.graph.highlights import Highlights

GRAPH: Final = "Graph"

REPORT: Final = "_report.html"  # names that Spark and Arrow pass over when they read the result
EXPLORER: Final = "_explorer.html"
_PAGES: Final = "pages"  # a stage


@dataclass(frozen=True, kw_only=True)
class Options(
    RunOptions, SampleOption, VerbOption, LengthOption, OutputOptions, FeatureOptions, InputOptions
):
    """What `explore` takes."""

    edges_per_item: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Edges that each item adds to the item graph, to its best neighbours by cosine.",
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
    min_users: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            show_default="half of the interactions are with such items",
            help="Users that an item must have to be among the bridges, or among those that matter "
            "more than their popularity says: what fewer have looks special by chance.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    genres: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="genres, category, tags ...",
            help="Column of --items with what kind an item is, a list or text with | ; or , "
            "between. Communities are called by what they have more often than others, without "
            "such a column by words of the titles.",
            rich_help_panel=INPUT,
        ),
    ] = None
    explorer_users: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Users, drawn by lot, that the interactive page has with their histories.",
            rich_help_panel=OUTPUT,
        ),
    ] = 200


def run(options: Options) -> None:
    """Describe the graph of users and items in tables and on pages.

    Two pages that need no network are written with the extra `reports`: _report.html shows what
    was found, _explorer.html is a map of the items to search and to walk through. The result has a
    folder for each: size, degrees and power_laws, components, cores and shells, distances, reach
    (items three steps from each user), importance (PageRank against popularity), item_edges,
    communities and item_roles (which items are bridges), similar_users, and with --features
    features: what each says of what users take.
    """
    from graphrec.cli.io import model_source, results
    from graphrec.cli.io.features import judged
    from graphrec.cli.io.inputs import column_params, open_features, open_ratings, open_titles
    from graphrec.cli.io.item_words import named_communities
    from graphrec.cli.io.pages import can_make_pages
    from graphrec.cli.runtime.run import running
    from graphrec.cli.text import explore_tables
    from graphrec.data.dataset import Dataset
    from graphrec.graph import exploration as names
    from graphrec.graph.exploration import Settings
    from graphrec.graph.headline import headline
    from graphrec.graph.highlights import Highlights
    from graphrec.graph.min_users import default_min_users
    from graphrec.progress import stage
    from graphrec.reports.map.data import TYPICAL
    from graphrec.reports.words.interaction import InteractionWords
    from graphrec.spark.jars import require_graphframes

    _check(options)
    settings = Settings(options.edges_per_item, options.resolution, options.k)
    columns = column_params(options)
    with running("explore", options, _stages(options), needs_jvm=True) as run:
        require_graphframes(run.spark)
        with_pages = can_make_pages(run.report)
        with results.result_folders(
            run.spark, options, save_model=None, inputs=[options.input, options.items]
        ) as folders:
            ratings = open_ratings(run.spark, options, timed=None)
            _check_names(ratings.columns)
            titles = open_titles(
                run.spark, options, item=ratings.columns.item, genres=options.genres
            )
            features = open_features(run.spark, options, item=ratings.columns.item)
            dataset = Dataset.from_interactions(ratings.frame, **columns, preference="weight")
            keep = _writer(folders.result, dataset.columns, options)
            tables = _explored(dataset, keep, settings)
            found = judged(dataset, features, keep)
            with stage(_PAGES):
                figures = headline(tables)
                item = dataset.columns.item
                roles = tables[names.ITEM_ROLES]
                highlights = Highlights.of(
                    tables,
                    item,
                    min_users=options.min_users or default_min_users(dataset.catalogue.support),
                    typical=max(TYPICAL, options.sample),
                    names=named_communities(roles, item, titles.words, dataset.item_type),
                )
                if with_pages:
                    _write_pages(
                        *(run, options, tables, figures, highlights, dataset, titles, found),
                        folders.result,
                    )
            results.write_rejected(dataset.rejected, folders.result)
            run.write_record(
                folders.result,
                parameters={},
                input=model_source.input_figures(ratings.path, dataset),
                output={
                    **figures,
                    "min_users": highlights.min_users,
                    "community_names": {str(n): name for n, name in highlights.names.items()},
                },
            )
        model_source.print_input(run.report, dataset, options.out)
        if not options.quiet:
            words = InteractionWords.of(options.verb)
            explore_tables.show(highlights, figures, dataset, titles, options.sample, words, found)
        if with_pages:
            run.report.line(f"report in {options.out}/{REPORT}")
            run.report.line(f"map of the items in {options.out}/{EXPLORER}")
        run.report.line(f"written to {options.out}")


def _explored(dataset: Dataset, keep: Keep, settings: Settings) -> dict[str, DataFrame]:
    """The tables of the graph."""
    from graphrec.graph.bipartite import UserItemGraph
    from graphrec.graph.exploration import explore

    with UserItemGraph.from_histories(dataset.histories, dataset.catalogue) as graph:
        return explore(graph, dataset.catalogue, keep, settings)


def _stages(options: Options) -> list[str]:
    """The stages of the work, in their order."""
    from graphrec.cli.io import results
    from graphrec.data.dataset import READING
    from graphrec.graph.exploration import STAGES
    from graphrec.recommenders.content.estimator import ITEM_FEATURES

    judging = [ITEM_FEATURES] if options.has_features else []
    return [*READING, *STAGES, *judging, _PAGES, results.REJECTED_ROWS]


def _check(options: Options) -> None:
    from graphrec.errors import ParameterError
    from graphrec.spark.extras import GRAPH, REPORTS, require_extras

    if options.input is None:
        raise ParameterError("nothing to explore", fix="give a file of interactions")
    if not options.resolution > 0:
        raise ParameterError(
            "--resolution must be a number above 0", found=f"{options.resolution:g}"
        )
    if GRAPH.missing():  # the pages alone may be: the tables are of use without them
        require_extras("the tables and pages of the graph", GRAPH, REPORTS)


def _check_names(columns: InteractionColumns) -> None:
    """Check that the id columns are not named like another column of the result tables.

    Raises:
        ColumnError: it has.
    """
    from graphrec.data.interaction_columns import require_free_names
    from graphrec.graph.exploration import COLUMNS

    require_free_names({"user": columns.user, "item": columns.item}, COLUMNS)


def _writer(folder: str, columns: InteractionColumns, options: Options) -> Keep:
    """Write each table to its folder, with the input's names of users and items."""
    from graphrec.cli.io import results
    from graphrec.cli.options import TableFormat
    from graphrec.columns import ITEM, USER

    def keep(name: str, table: DataFrame) -> DataFrame:
        path = f"{folder}/{name}"
        # One after the other they could meet: an input may call its users `item`.
        given = {USER: columns.user, ITEM: columns.item}
        named = table.toDF(*(given.get(name, name) for name in table.columns))
        named.write.parquet(path)
        written = results.read_result(table.sparkSession, path)
        if options.format == TableFormat.CSV:
            results.write_csv(written, f"{folder}/{results.CSV}/{name}")
        return written

    return keep


# --- pages ----------------------------------------------------------------------------------------


def _write_pages(
    run: Run,
    options: Options,
    tables: Mapping[str, DataFrame],
    figures: Mapping[str, Any],
    highlights: Highlights,
    dataset: Dataset,
    titles: Titles,
    features: Sequence[FeatureInformation],
    folder: str,
) -> None:
    from graphrec.cli.io.result_folder import write_text
    from graphrec.reports.map.data import explorer_data
    from graphrec.reports.map.page import explorer_page
    from graphrec.reports.pages.exploration import exploration_page
    from graphrec.reports.tables.exploration import ExplorationTables
    from graphrec.reports.words.interaction import InteractionWords

    words = InteractionWords.of(options.verb)
    assert dataset.figures is not None  # it was read just now

    def title_of(ids: Iterable[Any]) -> Mapping[Any, str]:
        return titles.of(ids, dataset.item_type)

    found = ExplorationTables.of(tables, figures, highlights, dataset.columns.item, title_of)
    report = exploration_page(
        found,
        dataset.figures,
        title="What the graph looks like",
        facts=_facts(options, features),
        explorer=EXPLORER,
        words=words,
    )
    write_text(run.spark, f"{folder}/{REPORT}", report)
    shown = explorer_data(
        tables,
        highlights,
        dataset.histories,
        dataset.catalogue,
        dataset.columns,
        title_of,
        users=options.explorer_users,
    )
    page = explorer_page(shown, title="Map of the items", report=REPORT, words=words)
    write_text(run.spark, f"{folder}/{EXPLORER}", page)


def _naming(options: Options) -> str:
    if options.items is None:
        return "none, there are no genres or titles"
    return "genres, or words of titles, that their items have more often than others"


def _facts(options: Options, features: Sequence[FeatureInformation]) -> list[tuple[str, str]]:
    """How the result was made, as (label, text) for the foot of the page."""
    from graphrec import __version__
    from graphrec.reports.words.features import sentence

    return [
        ("Input", str(options.input)),
        ("Titles", options.items or "none, items are named by their ids"),
        ("Item graph", f"each item and its {options.edges_per_item} best neighbours by cosine"),
        ("Communities", f"Leiden, resolution {options.resolution:g}"),
        ("Names of communities", _naming(options)),
        *([("What features say of what users take", sentence(features))] if features else []),
        ("graphrec", __version__),
    ]
