"""The options of the verbs, each declared once.

A verb's options are a frozen dataclass that inherits the groups it shares with others and adds
its own. Name, type, default and help of an option are those of its field; the key in a
configuration file is the field's name. None stands for the default of the library or, where a
saved model is served, for what that model was given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final, Self

import typer

from graphrec.cli.config import apply_config
from graphrec.data.reading.catalog_names import QUERY
from graphrec.errors import ParameterError

INPUT: Final = "Input"
OUTPUT: Final = "Output"
MODEL: Final = "Model"
LISTS: Final = "Lists"
RUN: Final = "Run"
SPLIT: Final = "Split"
TESTS: Final = "Tests"
EXPLORATION: Final = "Exploration"


class Split(StrEnum):
    """How interactions are held out."""

    RANDOM = "random"
    LAST_N = "last-n"
    TIME = "time"
    COLD_ITEMS = "cold-items"
    COLD_USERS = "cold-users"


class MultipleTests(StrEnum):
    """How comparisons that are looked at together are corrected."""

    HOLM = "holm"
    BENJAMINI_HOCHBERG = "benjamini-hochberg"
    BONFERRONI = "bonferroni"
    NONE = "none"


class Policies(StrEnum):
    """How an explored slot of a list is filled."""

    THOMPSON = "thompson"
    UCB = "ucb"
    EPSILON_GREEDY = "epsilon-greedy"


class WriteMode(StrEnum):
    """What becomes of what a table has when lists are written to it."""

    OVERWRITE = "overwrite"
    APPEND = "append"
    MERGE = "merge"


class TableFormat(StrEnum):
    """What result tables are written as."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, kw_only=True)
class DebugOption:
    """What every verb has."""

    debug: Annotated[
        bool, typer.Option(help="Show the traceback of an error.", rich_help_panel=RUN)
    ] = False


@dataclass(frozen=True, kw_only=True)
class RunOptions(DebugOption):
    """How a verb runs on Spark."""

    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            is_eager=True,
            callback=apply_config,
            help="TOML file with any of these options by their names, at the top or in a table "
            "named like the command. An option given here wins over the file.",
            rich_help_panel=RUN,
        ),
    ] = None
    master: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default="local[*]",
            help="Spark master of a new session.",
            rich_help_panel=RUN,
        ),
    ] = None
    quiet: Annotated[
        bool, typer.Option("--quiet/--no-quiet", "-q", help="Errors only.", rich_help_panel=RUN)
    ] = False


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How text files are written: interactions, titles and lists of ids alike."""

    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="utf-8",
            help="Of all text files without a byte-order mark: latin-1, cp1252, utf-16 ...",
            rich_help_panel=INPUT,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="CHARACTER",
            show_default="',' in CSV, tab in TSV",
            help="What stands between the values in all CSV and TSV files: ';', '|', tab ...",
            rich_help_panel=INPUT,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TableOptions(TextOptions):
    """The table that a verb is about."""

    input: Annotated[
        str | None,
        typer.Argument(
            metavar="IN",
            help="Interactions, or what `experiment` reads, events: a CSV, TSV, Parquet, ORC or "
            "JSON file, a directory of such files of one kind, or table:NAME of Spark's catalog.",
            show_default=False,
        ),
    ] = None
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            show_default="by the suffix",
            help="csv, tsv, parquet, orc or json.",
            rich_help_panel=INPUT,
        ),
    ] = None
    input_sql: Annotated[
        str | None,
        typer.Option(
            metavar="QUERY",
            show_default="none",
            help="A query in Spark's SQL whose rows are read, instead of IN.",
            rich_help_panel=INPUT,
        ),
    ] = None

    def with_query(self) -> Self:
        """The options with the query, if there is one, in the place of IN.

        Raises:
            ParameterError: IN is given as well.
        """
        if self.input_sql is None:
            return self
        if self.input is not None:
            raise ParameterError(
                "IN and --input-sql exclude each other", found=self.input, fix="give one of them"
            )
        return replace(self, input=f"{QUERY}{self.input_sql}")


@dataclass(frozen=True, kw_only=True)
class InputOptions(TableOptions):
    """Interactions and how to read them."""

    user: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="by its usual names",
            help="Column of user ids.",
            rich_help_panel=INPUT,
        ),
    ] = None
    item: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="by its usual names",
            help="Column of item ids.",
            rich_help_panel=INPUT,
        ),
    ] = None
    rating: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="by its usual names, if there is one",
            help="Column of ratings; '' for none.",
            rich_help_panel=INPUT,
        ),
    ] = None
    timestamp: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="by its usual names, if there is one",
            help="Column of times; '' for none.",
            rich_help_panel=INPUT,
        ),
    ] = None
    event: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="none",
            help="Column of kinds of events, instead of ratings; it needs --events.",
            rich_help_panel=INPUT,
        ),
    ] = None
    events: Annotated[
        str | None,
        typer.Option(
            metavar="KIND=W,...",
            show_default="none",
            help="Weights of the kinds, as in view=1,cart=3,purchase=5,dislike=-1: what is below 0 "
            "hides the item, and rows of other kinds are rejected.",
            rich_help_panel=INPUT,
        ),
    ] = None
    target: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            show_default="the kind of the largest weight",
            help="The kind that lists should lead to: what a user has by a weaker kind alone may "
            "be listed, and `evaluate` holds out this kind.",
            rich_help_panel=INPUT,
        ),
    ] = None
    implicit: Annotated[
        bool,
        typer.Option(
            help="Take every row as an interaction, whatever its rating: the same as --rating ''.",
            rich_help_panel=INPUT,
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class SourceOptions(InputOptions):
    """Interactions to learn from, or a model that has done so before."""

    model: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="A saved model, or the versions of `update --keep`, used as it is: there is no IN "
            "then.",
            show_default=False,
            rich_help_panel=MODEL,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class SaveModelOption:
    """Where the model goes."""

    save_model: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Keep the model here, for --model.",
            show_default=False,
            rich_help_panel=MODEL,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ItemsOptions(TextOptions):
    """What items are called."""

    items: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Titles of the items, shown and written beside the ids; its id column is named as "
            "in IN, or by a usual name.",
            show_default=False,
            rich_help_panel=INPUT,
        ),
    ] = None
    title: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="title, name ...",
            help="Column of titles in --items.",
            rich_help_panel=INPUT,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class FeatureOptions(ItemsOptions):
    """What is known of items."""

    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            show_default="none: lists have the items of IN alone",
            help="Columns of --items by which items that nobody has had get a place in the lists, "
            "such as genres,year,title:words; all: each but the ids. A kind (number, category, "
            "list, words, vector) is taken from the values where none is written.",
            rich_help_panel=MODEL,
        ),
    ] = None
    text_vectors: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            show_default="none",
            help="Columns of --items that are read as one text, such as title,genres, of which a "
            "sentence model makes a vector, as a feature; it needs the extra text.",
            rich_help_panel=MODEL,
        ),
    ] = None

    @property
    def has_features(self) -> bool:
        """Whether any feature of items is named."""
        return self.features is not None or self.text_vectors is not None


@dataclass(frozen=True, kw_only=True)
class ColdUserOptions(TextOptions):
    """What is listed to users who have no history."""

    user_features: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="What is known of users, one row each: age, occupation, town ... Those of whom "
            "IN has nothing get lists by it; the id column is named as in IN, or by a usual name.",
            rich_help_panel=MODEL,
        ),
    ] = None
    user_columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            show_default="all but the ids",
            help="Columns of --user-features that are used, perhaps with a kind, as zip:category.",
            rich_help_panel=MODEL,
        ),
    ] = None
    trend_half_life: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS",
            show_default="90, where there are times",
            help="Age at which an interaction counts half in what is popular now, for users of "
            "whom nothing is known.",
            rich_help_panel=LISTS,
        ),
    ] = None
    default: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Items that an editor picked, the best first, for users of whom nothing is known: "
            "listed behind all that anybody has had.",
            rich_help_panel=LISTS,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ColdStartOptions(ColdUserOptions, FeatureOptions):
    """What is known of new items and new users."""

    new_item_share: Annotated[
        float | None,
        typer.Option(
            metavar="0..1",
            show_default="as their scores have it",
            help="Share of all that is listed to users with a history that new items shall have; "
            "it needs --features.",
            rich_help_panel=LISTS,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class RuleOptions(ItemsOptions):
    """Which items may be listed, by what is known of them."""

    where: Annotated[
        str | None,
        typer.Option(
            metavar="SQL",
            show_default=False,
            help="A condition on the columns of --items: nothing else is listed. In a text file, "
            'columns of numbers are numbers, and those with | in them lists: "year >= 1990 AND '
            "array_contains(genres, 'Drama')\".",
            rich_help_panel=LISTS,
        ),
    ] = None
    available: Annotated[
        str | None,
        typer.Option(
            metavar="FROM,UNTIL",
            show_default=False,
            help="Columns of --items with the times from and until which an item may be listed; "
            "one may be left out, and where an item has no time there is no bound.",
            rich_help_panel=LISTS,
        ),
    ] = None
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            show_default="now",
            help="The moment of --available.",
            rich_help_panel=LISTS,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class QuotaOptions:
    """What lists have more or less of, by columns of the items."""

    quota: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=N,...",
            show_default="none",
            help="How many items of each value of a column of --items a list may have, as in "
            "genre=3; a text such as Comedy|Romance counts for both. Others take their place.",
            rich_help_panel=LISTS,
        ),
    ] = None
    calibrate: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="none",
            help="Column of --items, such as genres, whose values a list shall have in the shares "
            "of the history; a text such as Comedy|Romance counts for both.",
            rich_help_panel=LISTS,
        ),
    ] = None
    calibration: Annotated[
        float | None,
        typer.Option(
            metavar="0..1",
            show_default="0.05, which costs nothing on MovieLens",
            help="How much: 0 keeps the blended order, 1 looks at the shares alone.",
            rich_help_panel=LISTS,
        ),
    ] = None
    boost: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            show_default="none",
            help="Column of --items with a factor above 0 for the score of each: a score above 0 "
            "is multiplied by it, one below 0 divided. None is 1.",
            rich_help_panel=LISTS,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class LimitOptions(QuotaOptions, RuleOptions):
    """Which items may be listed, and what lists have more or less of."""


@dataclass(frozen=True, kw_only=True)
class OutOption:
    """Where the result goes."""

    out: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Directory of the result: Parquet files, the rejected rows in _rejected, "
            "figures in _run.json.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class OverwriteOption:
    """Whether what is there is replaced."""

    overwrite: Annotated[
        bool,
        typer.Option(help="Replace what graphrec wrote there before.", rich_help_panel=OUTPUT),
    ] = False


@dataclass(frozen=True, kw_only=True)
class VersionOptions:
    """Where a model that has changed goes."""

    out: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            show_default="MODEL, if it is versions",
            help="Directory of the updated model, or folder of its versions.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    keep: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            show_default="3 of versions",
            help="Write a version beside the others in DIR, and keep the latest N.",
            rich_help_panel=OUTPUT,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class WritingOptions(OverwriteOption):
    """How the result is written."""

    format: Annotated[
        TableFormat,
        typer.Option(
            help="csv: the result also as CSV files, in DIR/_csv, lists joined by |.",
            rich_help_panel=OUTPUT,
        ),
    ] = TableFormat.PARQUET


@dataclass(frozen=True, kw_only=True)
class OutputOptions(WritingOptions, OutOption):
    """Where the result goes and how."""


@dataclass(frozen=True, kw_only=True)
class FilterOptions(TextOptions):
    """What may be listed."""

    allow: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Items that may be listed, and no others.",
            rich_help_panel=LISTS,
        ),
    ] = None
    deny: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Items never to be listed, or with a column of users: not to these users.",
            rich_help_panel=LISTS,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ShownOptions(FilterOptions):
    """What was listed before."""

    shown: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Users and the items that they were shown, a row each time, or with a column "
            "count: what was not taken counts less in the lists.",
            rich_help_panel=LISTS,
        ),
    ] = None
    shown_factor: Annotated[
        float | None,
        typer.Option(
            metavar="0.01..1",
            show_default="0.8",
            help="What a score counts for each time that its item was shown and not taken.",
            rich_help_panel=LISTS,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class SampleOption:
    """How much of the result is shown."""

    sample: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="How many lists, or items of each community, are shown at the end.",
            rich_help_panel=OUTPUT,
        ),
    ] = 3


@dataclass(frozen=True, kw_only=True)
class VerbOption:
    """What users do with items, in the words of tables and pages."""

    verb: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            show_default="none: words that fit any data",
            help="What users do with items, as in 'users who have WORD it': bought, read, seen ... "
            "Printed tables and pages use it.",
            rich_help_panel=OUTPUT,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class LengthOption:
    """How long lists are."""

    k: Annotated[
        int, typer.Option("-k", min=1, help="Length of the lists.", rich_help_panel=LISTS)
    ] = 10


@dataclass(frozen=True, kw_only=True)
class ExploreOptions:
    """Slots of lists that are filled to learn from them."""

    explore: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            help="Chance of each slot of a list to be filled by exploration, among the best "
            "--explore-candidates. The propensity of each item goes with the list.",
            rich_help_panel=EXPLORATION,
        ),
    ] = 0.0
    explore_slots: Annotated[
        str | None,
        typer.Option(
            metavar="RANK,...",
            show_default="all",
            help="The slots that alone are explored, counted from 1.",
            rich_help_panel=EXPLORATION,
        ),
    ] = None
    explore_candidates: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="How many of the best items an explored slot is filled from.",
            rich_help_panel=EXPLORATION,
        ),
    ] = 50
    policy: Annotated[
        Policies, typer.Option(help="How it is filled.", rich_help_panel=EXPLORATION)
    ] = Policies.THOMPSON
    floor: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            help="Least probability of a candidate in an explored slot, as a share of equal ones; "
            "the epsilon of epsilon-greedy.",
            rich_help_panel=EXPLORATION,
        ),
    ] = 0.05
    discount: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            help="What is known is multiplied by it for each impression that follows; 1 forgets "
            "nothing.",
            rich_help_panel=EXPLORATION,
        ),
    ] = 1.0


@dataclass(frozen=True, kw_only=True)
class ListExploreOptions(ExploreOptions, TextOptions):
    """The same for lists of all users, which learn from a file."""

    feedback: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default="none: all items are alike",
            help="Events of earlier lists, such as export-events writes: impressions and clicks.",
            rich_help_panel=EXPLORATION,
        ),
    ] = None
    explore_seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Another number draws anew: change it for each run whose lists are shown.",
            rich_help_panel=EXPLORATION,
        ),
    ] = 0


@dataclass(frozen=True, kw_only=True)
class LearningOptions:
    """What the hybrid is made of."""

    weights: Annotated[
        str | None,
        typer.Option(
            metavar="LEG=W,...",
            show_default="learned",
            help="Weights of the legs in the blend; a leg that is not named is left out. learned: "
            "those that predict held-out items best (the fit takes up to twice as long); default: "
            "walk=0.1,ease=0.16,als=0.32,embedding=0.42. neural, a network, is a leg where it is "
            "named.",
            rich_help_panel=MODEL,
        ),
    ] = None
    rank: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            show_default="half the root of the interactions, at most 256",
            help="Latent dimensions of the leg als.",
            rich_help_panel=MODEL,
        ),
    ] = None
    liked_from: Annotated[
        str | None,
        typer.Option(
            metavar="RATING",
            show_default="the middle of the ratings, where they are a scale",
            help="The least rating of an item that a user likes, or mean, mean-1, mean+0.5 ...: "
            "the user's own mean. What is rated lower is no reason, and never listed again.",
            rich_help_panel=MODEL,
        ),
    ] = None
    half_life: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS",
            show_default="no decay",
            help="Age at which an interaction counts half.",
            rich_help_panel=MODEL,
        ),
    ] = None
    order: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            show_default="0",
            help="How much it counts that other users had an item later than those of the "
            "history: walk and EASE weights times (2 x their share)^X. Needs times.",
            rich_help_panel=MODEL,
        ),
    ] = None
    recency: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS",
            show_default="all count alike",
            help="Age, before a user's latest interaction, at which an item of the history "
            "counts half in the user's list.",
            rich_help_panel=LISTS,
        ),
    ] = None
    candidates: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            show_default="300",
            help="Items that are retrieved for a user and then ranked by the blend.",
            rich_help_panel=LISTS,
        ),
    ] = None
    settings: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=V,...",
            show_default="none",
            help="Any other parameter of the library, a leg's as leg.name, such as "
            "maxNeighbours=200,walk.itemExponent=0.75.",
            rich_help_panel=MODEL,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class HybridOptions(LearningOptions):
    """How the hybrid learns and lists."""

    diversity: Annotated[
        float | None,
        typer.Option(
            metavar="0..1",
            show_default="0.0",
            help="0 keeps the blended order, 1 looks at dissimilarity alone (MMR).",
            rich_help_panel=LISTS,
        ),
    ] = None
    keep_seen: Annotated[
        bool | None,
        typer.Option(
            show_default="no-keep-seen",
            help="List also what the user has in the history.",
            rich_help_panel=LISTS,
        ),
    ] = None
    again_after: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS",
            show_default="never",
            help="Days, before the latest interaction of all, after which what a user has may be "
            "listed again.",
            rich_help_panel=LISTS,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ModelOptions(HybridOptions, ColdStartOptions):
    """What a model is made of, or what a saved one is served with."""


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """What is held out of the interactions to test on."""

    split: Annotated[
        Split,
        typer.Option(
            help="random: a share of each user's interactions; last-n: the latest of each user; "
            "time: everything after one moment; cold-items: a share of the items with all their "
            "interactions, which are then ranked among themselves; cold-users: likewise of the "
            "users.",
            rich_help_panel=SPLIT,
        ),
    ] = Split.RANDOM
    test_fraction: Annotated[
        float | None,
        typer.Option(
            metavar="0..1",
            show_default="0.2",
            help="Share that is held out, but by last-n.",
            rich_help_panel=SPLIT,
        ),
    ] = None
    last: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            show_default="5",
            help="Interactions per user that last-n holds out.",
            rich_help_panel=SPLIT,
        ),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            show_default="0",
            help="Another seed draws others, where a split is drawn.",
            rich_help_panel=SPLIT,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class OffsetOption:
    """Where lists begin."""

    offset: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="How many of the best items are left out at the top of each list: the next page.",
            rich_help_panel=LISTS,
        ),
    ] = 0


@dataclass(frozen=True, kw_only=True)
class RelevanceOption:
    """What of the held-out interactions a list should find."""

    relevant_from: Annotated[
        float | None,
        typer.Option(
            metavar="RATING",
            show_default="all",
            help="The least rating of a held-out interaction that lists should find; the others "
            "are held out and not measured.",
            rich_help_panel=SPLIT,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class EventOptions(TableOptions):
    """Events and how to read them."""

    columns: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE=COLUMN,...",
            show_default="by their usual names",
            help="Columns of the events: user, time, kind, value, experiment, arm, id.",
            rich_help_panel=INPUT,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class PowerOptions:
    """What is to be found, and how surely."""

    effect: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="The smallest relative difference that matters: .02 is 2 %.",
            rich_help_panel=TESTS,
        ),
    ] = 0.02
    power: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            help="Probability with which such a difference is to be found.",
            rich_help_panel=TESTS,
        ),
    ] = 0.8
    confidence: Annotated[
        float, typer.Option(metavar="0..1", help="Of the intervals.", rich_help_panel=TESTS)
    ] = 0.95


@dataclass(frozen=True, kw_only=True)
class SavedModelOption(DebugOption):
    """A model that is read without Spark."""

    served: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Directory of `recommend --save-model`, or the versions of `update --keep`.",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class ServedOptions(SavedModelOption):
    """What a service is of."""

    events: Annotated[
        str, typer.Option(metavar="FILE", help="Where the service keeps its events.")
    ] = "events.db"
