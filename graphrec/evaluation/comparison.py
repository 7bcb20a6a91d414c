"""Compare models on one test set: accuracy, diversity, popularity bias, catalogue coverage.

    train, test = splits.random_per_user(ratings)
    hybrid = HybridRecommender().fit(train)
    evaluate({**hybrid.baselines(), "hybrid": hybrid}, train, test).summary.show()

Each model lists once for the users of the test set; all metrics at all cutoffs are taken of these
lists. Tables with a row per user stay in Spark; those of models, metrics and groups are small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import reduce
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, NEIGHBOUR, RANK, USER, VECTOR
from graphrec.data.checks import require_columns
from graphrec.data.column_types import quoted
from graphrec.data.dataset import Dataset
from graphrec.data.interaction_columns import require_free_names
from graphrec.errors import ParameterError
from graphrec.evaluation.by_support import recall_by_support
from graphrec.evaluation.catalogue_coverage import CATALOGUE_COVERAGE, GINI, catalogue_metrics
from graphrec.evaluation.cutoffs import Cutoffs, K, distinct_cutoffs
from graphrec.evaluation.diversity import INTRA_LIST_DIVERSITY, SIMILARITY, intra_list_diversity
from graphrec.evaluation.ground_truth import GroundTruthFigures, ground_truth
from graphrec.evaluation.list_positions import named_pairs
from graphrec.evaluation.metrics import FORMULAS, ranking_metrics
from graphrec.evaluation.popularity_bias import (
    NOVELTY,
    PERCENTILE,
    item_popularity,
    popularity_of_lists,
)
from graphrec.evaluation.significance import compare_with
from graphrec.evaluation.summary import METRIC, summarise
from graphrec.progress import planned, stage
from graphrec.recommenders.model import RecommenderModel
from graphrec.spark.checkpoints import checkpointed

MODEL: Final = "model"
REFERENCE: Final = "reference"
HISTORY: Final = "history"  # int, items that the user has in the training set
SHORTEST: Final = "shortest"  # int, of the histories in a group of users
LONGEST: Final = "longest"

PER_USER_METRICS: Final = (*FORMULAS, INTRA_LIST_DIVERSITY, NOVELTY, PERCENTILE)
METRICS: Final = (*PER_USER_METRICS, CATALOGUE_COVERAGE, GINI)
COLUMNS: Final = (MODEL, K, HISTORY, *PER_USER_METRICS)  # that stand beside the user's

_TEST_USERS: Final = "test users"  # stages
_LISTS: Final = "lists"
_METRICS: Final = "metrics"
_LIST: Final = "list"
_ACTIVITIES: Final = 5  # of users by the length of their histories


@dataclass(frozen=True)
class Evaluation:
    """The result of a comparison.

    `per_user` is kept in memory or on disk as long as it is referred to; the other tables are
    small.

    Attributes:
        models: names in the order in which they were given.
        reference: the model that the others were compared with.
        k: the cutoffs, ascending.
        confidence: of the intervals.
        summary: (model, metric, k, mean, ci_low, ci_high, users). Figures of the whole catalogue
            have neither bounds nor users.
        per_user: (model, the user column, k, history: int, items in the training set, one double
            column per metric), one row per model, user and k.
        by_activity: (model, shortest, longest, metric, k, mean, ci_low, ci_high, users): the same
            for groups of users whose histories have between `shortest` and `longest` items. Users
            without a history are a group of their own (0, 0), all others about a fifth each.
        by_support: (model, fewest, most, k, interactions, found, recall): the share of the held-out
            interactions that is found, by how many users have the item in the training set; see
            `graphrec.evaluation.by_support`.
        ground_truth: how much of the test set is measured, what of it is left out, and how many
            users have nothing to find.
        significance: (model, reference, metric, k, users, mean, reference_mean, difference,
            ci_low, ci_high, p_value): of the reference's mean minus the model's, by a paired
            t test. The p values are those of single tests; `graphrec.evaluation.significance.holm`
            corrects several that are looked at together.
        significance_by_activity: the same for the groups of `by_activity`, with `shortest` and
            `longest` after the reference.
    """

    models: tuple[str, ...]
    reference: str
    k: tuple[int, ...]
    confidence: float
    summary: DataFrame
    ground_truth: GroundTruthFigures
    per_user: DataFrame
    by_activity: DataFrame
    by_support: DataFrame
    significance: DataFrame
    significance_by_activity: DataFrame


def evaluate(
    models: Mapping[str, RecommenderModel],
    train: DataFrame,
    test: DataFrame,
    *,
    k: Cutoffs = (10, 20),
    reference: str | None = None,
    similarity: DataFrame | None = None,
    confidence: float = 0.95,
    allow: DataFrame | None = None,
) -> Evaluation:
    """Compare models on the users of a test set.

    Where one of the models leaves out what was seen (`filterSeen`), what is in the training set as
    well is left out of the test set, for all models; see `graphrec.evaluation.ground_truth`.

    Args:
        models: by name, all learned from `train`. Their order is that of the tables.
        train: has the models' user and item columns.
        test: the same of what was held out.
        k: one or several cutoffs.
        reference: the model that the others are compared with; None takes the last one.
        similarity: (item, neighbour, similarity) or (item, vector) for the diversity within lists,
            see `intra_list_diversity`; None takes the item factors of the first model that has
            some, else the cosines of the models' pair table.
        confidence: of the intervals, in (0, 1).
        allow: has the item column: nothing else is listed, as where new items are ranked among
            themselves; the figures of the catalogue are then of these.

    Raises:
        ParameterError: no model, an unknown reference, or models of different columns.
        ColumnError: a column is missing, or of another type in the other frame, or the user column
            has the name of a figure.
        EmptyInputError: nobody is in the test set, or all of it was seen.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> test = spark.createDataFrame([("cas", "milk")], "user string, item string")
        >>> models = {
        ...     "popularity": gr.PopularityRecommender().fit(ratings),
        ...     "knn": gr.ItemKNNRecommender().fit(ratings),
        ... }
        >>> found = gr.evaluate(models, ratings, test, k=1)
        >>> found.summary.where("metric = 'recall'").select("model", "mean").show()
        +----------+----+
        |     model|mean|
        +----------+----+
        |popularity| 0.0|
        |       knn| 1.0|
        +----------+----+
    """
    with planned(comparison_stages(len(models))):
        return _compare(models, train, test, k, reference, similarity, confidence, allow)


def comparison_stages(models: int) -> list[str]:
    """The stages of a comparison of so many models, in their order."""
    return [_TEST_USERS, *[_LISTS] * models, _METRICS]


def _compare(
    models: Mapping[str, RecommenderModel],
    train: DataFrame,
    test: DataFrame,
    k: Cutoffs,
    reference: str | None,
    similarity: DataFrame | None,
    confidence: float,
    allow: DataFrame | None,
) -> Evaluation:
    dataset = _dataset_of(models, reference)
    user, item = dataset.columns.user, dataset.columns.item
    chosen = list(models)[-1] if reference is None else reference
    known = _pairs(train, dataset, "the training frame")
    held_out = _pairs(test, dataset, "the test frame")
    yardsticks = _Yardsticks.of(
        known,
        held_out,
        lambda: _similarity(models, item) if similarity is None else _named(similarity, item),
        distinct_cutoffs(k),
        None if allow is None else _listable(allow, dataset),
        filter_seen=any(model.value("filterSeen") for model in models.values()),
    )
    lists = _lists_by(models, yardsticks)
    with stage(_METRICS):
        per_user = checkpointed(yardsticks.per_user(lists, list(models)))
        catalogue = catalogue_metrics(lists, yardsticks.listable, k=yardsticks.cutoffs, by=[MODEL])
        summary = summarise(per_user.drop(HISTORY), by=[MODEL], confidence=confidence)
        grouped = _with_activity(per_user, yardsticks)
        of_activity = [SHORTEST, LONGEST]
        tables = {
            "summary": summary.unionByName(catalogue).toArrow(),
            "by_activity": summarise(
                grouped, by=[MODEL, *of_activity], confidence=confidence
            ).toArrow(),
            "significance": _significance(per_user, models, chosen, confidence),
            "significance_by_activity": _significance(
                grouped, models, chosen, confidence, of_activity
            ),
        }
        supports = recall_by_support(
            lists, yardsticks.test, known, models=list(models), model=MODEL, k=yardsticks.cutoffs
        ).toArrow()
    spark = train.sparkSession
    return Evaluation(
        models=tuple(models),
        reference=chosen,
        k=tuple(yardsticks.cutoffs),
        confidence=confidence,
        ground_truth=yardsticks.figures,
        per_user=per_user.withColumnRenamed(USER, user),
        by_support=spark.createDataFrame(supports),
        **{name: spark.createDataFrame(_ordered(table, models)) for name, table in tables.items()},
    )


# --- arguments ------------------------------------------------------------------------------------


def _dataset_of(models: Mapping[str, RecommenderModel], reference: str | None) -> Dataset:
    """What the first model was fitted to; all have user and item columns of one name and type."""
    if not isinstance(models, Mapping) or not models:
        raise ParameterError("there is no model to evaluate", fix="give them by name")
    if strangers := [name for name, m in models.items() if not isinstance(m, RecommenderModel)]:
        raise ParameterError(
            "what is evaluated must be fitted recommenders",
            found=", ".join(f"{name}: {type(models[name]).__name__}" for name in strangers),
            fix="give what fit returns",
        )
    if reference is not None and reference not in models:
        raise ParameterError(
            "the reference must be one of the models", found=reference, fix=", ".join(models)
        )
    ids = {_ids_of(model.dataset) for model in models.values()}
    if len(ids) > 1:
        raise ParameterError(
            "the models must have learned from the same columns", found="; ".join(sorted(ids))
        )
    dataset = next(iter(models.values())).dataset
    require_free_names({"user": dataset.columns.user}, COLUMNS)
    return dataset


def _ids_of(dataset: Dataset) -> str:
    """The columns of the ids, and their types."""
    user, item = dataset.user_type.simpleString(), dataset.item_type.simpleString()
    return f"{dataset.columns.user}: {user}, {dataset.columns.item}: {item}"


def _pairs(frame: DataFrame, dataset: Dataset, of: str) -> DataFrame:
    """(user, item) under our own names, without the rows that lack one of them."""
    require_columns(frame, dataset.columns.user, dataset.columns.item, of=of)
    user, item = dataset.users_of(frame).alias(USER), dataset.items_of(frame).alias(ITEM)
    return named_pairs(frame.select(user, item), USER, ITEM)


def _listable(allow: DataFrame, dataset: Dataset) -> DataFrame:
    """(item) of the items that may be listed and are known, each once."""
    require_columns(allow, dataset.columns.item, of="the items that may be listed")
    return (
        allow.select(dataset.items_of(allow).alias(ITEM))
        .distinct()
        .join(dataset.items.select(ITEM), ITEM)
    )


def _named(similarity: DataFrame, item: str) -> DataFrame:
    require_columns(similarity, item, of="the table of similarities")
    return similarity.withColumnRenamed(item, ITEM)


def _similarity(models: Mapping[str, RecommenderModel], item: str) -> DataFrame:
    """The similarity of items for diversity: cosines of factors, or else of a pair table.

    A pair table that is there already comes before one that must be counted.
    """
    for model in models.values():
        factors = model.itemFactors
        if factors is not None:
            return factors.withColumnRenamed(item, ITEM)
    counted = [model for model in models.values() if model.counted_pairs is not None]
    model = (counted or list(models.values()))[0]
    pairs = model.watchedTogether(model.dataset.catalogue.size, measure="cosine", minSupport=1)
    return pairs.select(quoted(item).alias(ITEM), NEIGHBOUR, F.col("cosine").alias(SIMILARITY))


# --- lists and yardsticks -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Yardsticks:
    """The tables that the lists of every model are measured against; all computed."""

    test: DataFrame  # (user, item)
    figures: GroundTruthFigures
    users: DataFrame  # (user, history): of the test set
    similarity: DataFrame  # (item, neighbour, similarity) or (item, vector)
    popularity: DataFrame  # see `item_popularity`
    listable: DataFrame  # (item), each once
    cutoffs: list[int]
    allowed: bool  # whether nothing but these may be listed

    @staticmethod
    def of(
        train: DataFrame,
        test: DataFrame,
        similarity: Callable[[], DataFrame],  # which may have to count pairs
        cutoffs: list[int],
        allowed: DataFrame | None,  # (item), None: those of the training set
        *,
        filter_seen: bool,
    ) -> _Yardsticks:
        """Compute the tables in one pass over the training set."""
        with stage(_TEST_USERS) as counts:
            popularity = checkpointed(item_popularity(train))
            listable = popularity.select(ITEM) if allowed is None else checkpointed(allowed)
            test, figures = ground_truth(train, test, listable, filter_seen=filter_seen)
            learned = train.groupBy(USER).agg(F.count_distinct(ITEM).cast("int").alias(HISTORY))
            users = test.select(USER).distinct().join(learned, USER, "left").fillna(0, [HISTORY])
            yardsticks = _Yardsticks(
                test=test,
                figures=figures,
                users=checkpointed(users),
                similarity=checkpointed(similarity()),
                popularity=popularity,
                listable=listable,
                cutoffs=cutoffs,
                allowed=allowed is not None,
            )
            counts |= {"users": yardsticks.users.count(), "interactions": test.count()}
        return yardsticks

    def per_user(self, lists: DataFrame, models: Sequence[str]) -> DataFrame:
        """(model, user, k, history, metrics) of (model, user, item, rank).

        A list belongs to a model and a user; the metrics take the two together as if each were a
        user, so that all models are measured in one pass.
        """
        names = F.explode(F.array(*map(F.lit, models))).alias(MODEL)
        key = F.struct(MODEL, USER).alias(_LIST)
        test = self.test.select("*", names).select(key, ITEM)
        keyed = lists.select(key, ITEM, RANK)
        k, keys = self.cutoffs, [_LIST, K]
        measured = (
            ranking_metrics(keyed, test, k=k, user=_LIST)
            .join(self._diversity(keyed), keys, "left")
            .join(popularity_of_lists(keyed, self.popularity, k=k, user=_LIST), keys, "left")
        )
        return (
            measured.select(f"{_LIST}.*", K, *PER_USER_METRICS)
            .join(self.users, USER)
            .select(MODEL, USER, K, HISTORY, *PER_USER_METRICS)
        )

    def _diversity(self, keyed: DataFrame) -> DataFrame:
        """(list, item, rank) -> (list, k, diversity within the list)."""
        vectors = VECTOR in self.similarity.columns
        return intra_list_diversity(
            keyed,
            neighbours=None if vectors else self.similarity,
            vectors=self.similarity if vectors else None,
            k=self.cutoffs,
            user=_LIST,
        )


def _lists_by(models: Mapping[str, RecommenderModel], yardsticks: _Yardsticks) -> DataFrame:
    """(model, user, item, rank) of the test users."""
    found = []
    for name, model in models.items():
        with stage(_LISTS) as counts:
            found.append(checkpointed(_lists(name, model, yardsticks)))
            counts[f"rows by {name}"] = found[-1].count()
    return reduce(DataFrame.unionByName, found)


def _lists(name: str, model: RecommenderModel, yardsticks: _Yardsticks) -> DataFrame:
    columns = model.dataset.columns
    users = yardsticks.users.select(F.col(USER).alias(columns.user))
    allow = yardsticks.listable.toDF(columns.item) if yardsticks.allowed else None
    listed = model.rankedLists(yardsticks.cutoffs[-1], users=users, allow=allow)
    return listed.select(
        F.lit(name).alias(MODEL),
        quoted(columns.user).alias(USER),
        quoted(columns.item).alias(ITEM),
        RANK,
    )


# --- all models -----------------------------------------------------------------------------------


def _with_activity(per_user: DataFrame, yardsticks: _Yardsticks) -> DataFrame:
    """The metrics of each user with his group's bounds instead of his own history's length."""
    # Distinct lengths, not users: of n interactions there are fewer than sqrt(2 n).
    lengths = yardsticks.users.groupBy(HISTORY).count().collect()
    groups = activity_groups({row[HISTORY]: row["count"] for row in lengths})
    return per_user.select("*", *_bounds(groups)).drop(HISTORY)


def activity_groups(lengths: Mapping[int, int], parts: int = _ACTIVITIES) -> list[tuple[int, int]]:
    """Cut users into groups of about the same size by the length of their histories.

    Users of the same length are in the same group, so there may be fewer groups. Length 0 is a
    group of its own.

    Args:
        lengths: how many users have each length.
        parts: how many groups of users with a history there are at most.

    Returns:
        (shortest, longest) of each group, ascending.
    """
    known = sorted(length for length in lengths if length > 0)
    total = sum(lengths[length] for length in known)
    groups = [(0, 0)] if 0 in lengths else []
    first, before, closed = 0, 0, 0
    for index, length in enumerate(known):
        before += lengths[length]
        if before * parts >= (closed + 1) * total:
            groups.append((known[first], length))
            first, closed = index + 1, before * parts // total
    return groups


def _bounds(groups: Iterable[tuple[int, int]]) -> list[Column]:
    """The columns `shortest` and `longest` of a row's group."""

    def bound(end: int) -> Column:
        return F.coalesce(
            *(
                F.when(F.col(HISTORY).between(*group), F.lit(group[end]).cast("int"))
                for group in groups
            )
        )

    return [bound(0).alias(SHORTEST), bound(1).alias(LONGEST)]


def _significance(
    per_user: DataFrame,
    models: Iterable[str],
    reference: str,
    confidence: float,
    groups: Sequence[str] = (),
) -> pa.Table:
    """A row per other model, group of users, metric and k."""
    found = compare_with(
        per_user, reference, PER_USER_METRICS, model=MODEL, by=groups, confidence=confidence
    )
    rows = [
        (name, reference, *bounds, *astuple(compared))
        for name in models
        for (other, *bounds), comparisons in sorted(found.items())
        if other == name
        for compared in sorted(comparisons, key=_as_listed)
    ]
    schema = pa.schema(
        [(MODEL, pa.string()), (REFERENCE, pa.string())]
        + [(bound, pa.int32()) for bound in groups]
        + [(METRIC, pa.string()), (K, pa.int32()), ("users", pa.int64())]
        + [(name, pa.float64()) for name in ("mean", "reference_mean", "difference")]
        + [(name, pa.float64()) for name in ("ci_low", "ci_high", "p_value")]
    )
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)


def _as_listed(row: Any) -> tuple[int, int]:
    return METRICS.index(row.metric), row.k


def _ordered(table: pa.Table, models: Mapping[str, RecommenderModel]) -> pa.Table:
    """By model, metric and the rest, each in the order in which it is listed."""
    ranks = {
        "at_model": [list(models).index(name) for name in table[MODEL].to_pylist()],
        "at_metric": [METRICS.index(name) for name in table[METRIC].to_pylist()],
    }
    keyed = table
    for name, rank in ranks.items():
        keyed = keyed.append_column(name, pa.array(rank))
    order = [
        "at_model",
        "at_metric",
        *(name for name in (K, SHORTEST) if name in table.schema.names),
    ]
    return keyed.sort_by([(name, "ascending") for name in order]).select(table.schema.names)
