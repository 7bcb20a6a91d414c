"""Interactions split into a training set and a test set, as `--split` says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from graphrec.cli.io.inputs import Ratings
from graphrec.cli.io.model_source import read_figures
from graphrec.cli.options import Split, SplitOptions
from graphrec.columns import ITEM, STARS, TIMESTAMP, USER, WEIGHT
from graphrec.data.column_types import quoted
from graphrec.data.contract import Interactions, validate_interactions
from graphrec.data.duplicates import DuplicateRule
from graphrec.data.event_kinds import EventKinds
from graphrec.data.figures import InteractionFigures
from graphrec.data.interaction_columns import UNUSED, InteractionColumns
from graphrec.data.splits import (
    by_time,
    cold_start_items,
    cold_start_users,
    last_n,
    random_per_user,
)
from graphrec.errors import EmptyInputError, ParameterError
from graphrec.evaluation.comparison import Evaluation
from graphrec.progress import stage
from graphrec.recommenders.model import RecommenderModel

SPLIT = "split"  # a stage
_KIND = "kind"
_DEFAULT_FRACTION = 0.2
_DEFAULT_LAST = 5
_DEFAULT_SEED = 0

_OPTIONS_OF_SPLIT = {
    Split.RANDOM: ("test_fraction", "seed"),
    Split.LAST_N: ("last",),
    Split.TIME: ("test_fraction",),
    Split.COLD_ITEMS: ("test_fraction", "seed"),
    Split.COLD_USERS: ("test_fraction", "seed"),
}  # the options that a split takes
_WHOLE = {Split.COLD_ITEMS: "items", Split.COLD_USERS: "users"}  # of which all is held out


@dataclass(frozen=True)
class Divided:
    """Accepted interactions in two sets without a common pair, both kept until `unpersist`.

    Attributes:
        train: to learn from, with the input's own columns of the four roles.
        test: to test on, with the same columns.
        interactions: all that were read, and the rejected rows.
        columns: the names of the interactions' columns.
        rows: of the two sets.
        users: who are in the test set.
    """

    train: DataFrame
    test: DataFrame
    interactions: Interactions
    columns: InteractionColumns
    rows: tuple[int, int]
    users: int

    def unpersist(self) -> None:
        """Free the memory that the frames take."""
        for frame in (self.train, self.test, self.interactions):
            frame.unpersist()


def check_split(options: SplitOptions) -> None:
    """Check the options of the split: their ranges, and that none is given without effect.

    Raises:
        ParameterError: one is.
    """
    for name in ("test_fraction", "last", "seed"):
        if getattr(options, name) is not None and name not in _OPTIONS_OF_SPLIT[options.split]:
            raise ParameterError(
                f"--{name.replace('_', '-')} has no effect on --split {options.split}",
                fix="leave it out",
            )
    if not 0 < _given(options.test_fraction, _DEFAULT_FRACTION) < 1:
        raise ParameterError(
            "--test-fraction must lie between 0 and 1", found=str(options.test_fraction)
        )
    if _given(options.last, _DEFAULT_LAST) < 1:
        raise ParameterError("--last must be at least 1", found=str(options.last))


def timed_by(options: SplitOptions) -> str | None:
    """The option that needs times, None if there is none."""
    return f"--split {options.split}" if options.split in (Split.LAST_N, Split.TIME) else None


def values_of(options: SplitOptions) -> dict[str, Any]:
    """The options that are in force, given or not."""
    values = {
        "test_fraction": _given(options.test_fraction, _DEFAULT_FRACTION),
        "last": _given(options.last, _DEFAULT_LAST),
        "seed": _given(options.seed, _DEFAULT_SEED),
    }
    return {name: values[name] for name in _OPTIONS_OF_SPLIT[options.split]}


def describe_split(options: SplitOptions) -> str:
    """The split in words."""
    values = values_of(options)
    if options.split == Split.LAST_N:
        return f"the last {values['last']} interactions of each user are held out"
    share = f"{100 * values['test_fraction']:g} %"
    if options.split == Split.TIME:
        return f"the latest {share} of all interactions are held out"
    if options.split in _WHOLE:
        who = _WHOLE[options.split]
        return f"{share} of the {who} are held out with all interactions, seed {values['seed']}"
    return f"{share} of each user's interactions are held out at random, seed {values['seed']}"


def divide(
    ratings: Ratings,
    options: SplitOptions,
    duplicates: DuplicateRule,
    *,
    events: EventKinds | None = None,
    relevant_from: float | None = None,
) -> Divided:
    """Accept or reject every row, and split what is accepted.

    Pairs that come several times are combined before the cut, so that none is in both sets. What is
    disliked by a rating below 0 is in the training set.

    Args:
        ratings: the interactions.
        options: passed by `check_split`.
        duplicates: what several rows of the same user and item become.
        events: their kinds, where the interactions have some: of these the target is held out,
            with all that the user did with the item.
        relevant_from: the least rating of what is tested on; None: any.

    Raises:
        ParameterError: there are no ratings, and one should be relevant.
        EmptyInputError: no row is accepted, or nothing is left on one side of the cut.
    """
    if relevant_from is not None and ratings.columns.rating is None:
        raise ParameterError(
            "--relevant-from needs ratings",
            found="no rating column",
            fix="name it by --rating, or leave --relevant-from out",
        )
    with stage(SPLIT) as counts:
        interactions = validate_interactions(
            ratings.frame, ratings.columns, duplicates=duplicates, events=events
        )
        cuttable = F.col(STARS) >= (0.0 if events is None else events.least_target)
        if STARS in interactions.pairs.columns:
            accepted = _own_columns(interactions.pairs.where(cuttable), ratings.columns, events)
        else:
            accepted = _own_columns(interactions.pairs, ratings.columns, events)
        train, test = _cut(accepted, ratings.columns, options)
        if interactions.figures.dislikes or events is not None:
            others = interactions.pairs.where(~cuttable)
            train = train.unionByName(_own_columns(others, ratings.columns, events))
        if relevant_from is not None:
            test = test.where(quoted(str(ratings.columns.rating)) >= relevant_from)
        train = train.persist(StorageLevel.MEMORY_AND_DISK)
        test = test.persist(StorageLevel.MEMORY_AND_DISK)
        tested = test.select(F.count("*"), F.count_distinct(quoted(ratings.columns.user))).first()
        assert tested is not None  # an aggregate always has its row
        divided = Divided(
            train=train,
            test=test,
            interactions=interactions,
            columns=ratings.columns,
            rows=(train.count(), tested[0]),
            users=tested[1],
        )
        counts["rows"] = interactions.figures.rows_read
        counts |= dict(zip(("to learn from", "to test on"), divided.rows, strict=True))
    if not all(divided.rows):
        divided.unpersist()
        raise EmptyInputError(
            "the split leaves nothing to learn from or nothing to test on",
            found=f"{divided.rows[0]} and {divided.rows[1]} interactions",
            fix="choose another split",
        )
    return divided


def params_of(columns: InteractionColumns) -> dict[str, str]:
    """The columns that were found, as parameters of a recommender."""
    return {
        "userCol": columns.user,
        "itemCol": columns.item,
        "ratingCol": columns.rating or UNUSED,
        "timestampCol": columns.timestamp or UNUSED,
    }


def figures_of(divided: Divided, model: RecommenderModel) -> InteractionFigures:
    """The figures of the rows, with how many interactions the fit left out of long histories."""
    capped = None if model.figures is None else model.figures.capped
    return replace(divided.interactions.figures, capped=capped)


def input_figures(
    divided: Divided, figures: InteractionFigures, found: Evaluation, path: str | None
) -> dict[str, Any]:
    """What `_run.json` has of the input."""
    return {
        "path": path,
        "columns": asdict(divided.columns),
        **read_figures(figures),
        "train": divided.rows[0],
        "test": divided.rows[1],
        "ground_truth": asdict(found.ground_truth),
    }


def _cut(
    accepted: DataFrame, columns: InteractionColumns, options: SplitOptions
) -> tuple[DataFrame, DataFrame]:
    values = values_of(options)
    names = {"user": columns.user, "item": columns.item}
    if options.split == Split.RANDOM:
        return random_per_user(accepted, values["test_fraction"], seed=values["seed"], **names)
    if options.split == Split.COLD_ITEMS:
        return cold_start_items(
            accepted, values["test_fraction"], seed=values["seed"], item=columns.item
        )
    if options.split == Split.COLD_USERS:
        return cold_start_users(
            accepted, values["test_fraction"], seed=values["seed"], user=columns.user
        )
    assert columns.timestamp is not None
    if options.split == Split.LAST_N:
        return last_n(accepted, values["last"], timestamp=columns.timestamp, **names)
    return by_time(accepted, values["test_fraction"], timestamp=columns.timestamp)


def _own_columns(
    pairs: DataFrame, columns: InteractionColumns, events: EventKinds | None
) -> DataFrame:
    """Pairs under the names of the input; what it lacks is left out, and a dislike is below 0."""
    if STARS in pairs.columns:
        disliked = F.when(F.col(STARS) < 0, F.col(STARS))
        pairs = pairs.withColumn(WEIGHT, F.coalesce(disliked, F.col(WEIGHT)))
    if events is not None:
        pairs = pairs.withColumn(_KIND, _kind_of(events))
    names = {
        USER: columns.user,
        ITEM: columns.item,
        WEIGHT: columns.rating,
        TIMESTAMP: columns.timestamp,
        _KIND: columns.event,
    }
    return pairs.select(*(F.col(ours).alias(own) for ours, own in names.items() if own))


def _kind_of(events: EventKinds) -> Column:
    """A kind of the stars of a pair; of several alike it does not matter which."""
    ascending = sorted(events.scaled.items(), key=lambda kind: kind[1])
    dislikes = [name for name, weight in ascending if weight < 0]
    kind = F.lit(dislikes[0] if dislikes else None)
    for name, weight in ascending:
        if weight > 0:
            kind = F.when(F.col(STARS) >= weight, F.lit(name)).otherwise(kind)
    return kind


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value
