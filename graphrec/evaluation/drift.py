"""Whether new interactions are still like those that a model was learned from.

Five things are held against the model's own histories: which items are chosen, what ratings are
given, how active users are, and how many users and items are new; and how well the lists predict
what came, against what is known of the fit. Each is a distribution over a few bins. It has drifted
where it differs by more than chance (corrected for the number of checks, and for rows that come by
user, see `graphrec.evaluation.distributions`) *and* by more than a limit: of a million rows
everything differs by more than chance, of a thousand everything by a little.

Activity and newcomers depend on how long one looks, so they are held against the last part of the
histories that is as long as the new interactions; without times they are only stated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from scipy import special

from graphrec.columns import INDEX, ITEM, ITEMS, STARS, TIMES, TIMESTAMP, USER
from graphrec.data.frames import require_frame
from graphrec.data.pair_figures import lower_bound
from graphrec.errors import EmptyInputError
from graphrec.evaluation.distributions import Sample, design_effect, shift
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.params import between, checked
from graphrec.progress import stage
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.model_card import Metric
from graphrec.spark.persisted import PersistedFrames

DRIFT = "drift"  # a stage
_BIN, _ROWS = "bin", "rows"
_GROUPS = 10  # of items, with as many interactions each
_MAX_ACTIVITY = 10  # the last bin has all users with 2 ** this and more
_K = 20
_HALF_WIDTH = 1.96  # of an interval of 95 %, in standard errors

Bins = dict[str, tuple[float, float]]  # shares of both by the name of the bin


@dataclass(frozen=True)
class DriftCheck:
    """One thing that is held against the model's own interactions.

    Attributes:
        name: what it is.
        old: what it was: a share, or a metric; NaN where there is nothing to compare with.
        new: what it is now; NaN of a distribution of several bins.
        psi: the population stability index; NaN of a metric.
        expected: what it would be on the average without drift.
        divergence: Jensen-Shannon, with base 2.
        p_value: how often as much is seen without drift; NaN where nothing can be tested.
        drifted: it differs by more than chance and by more than the limit.
        bins: shares of both by bin.
    """

    name: str
    old: float
    new: float
    psi: float
    expected: float
    divergence: float
    p_value: float
    drifted: bool
    bins: Bins


@dataclass(frozen=True)
class Drift:
    """All that was compared.

    Attributes:
        checks: one per thing.
        interactions: distinct pairs that are new.
    """

    checks: list[DriftCheck]
    interactions: int

    @property
    def drifted(self) -> list[str]:
        """The names of what has drifted."""
        return [one.name for one in self.checks if one.drifted]


def drift(
    model: RecommenderModel,
    interactions: DataFrame,
    *,
    falseAlarms: float = 0.01,
    minShift: float = 0.1,
    minLoss: float = 0.1,
) -> Drift:
    """Compare new interactions with those that a model was learned from.

    Args:
        model: it, or one that was loaded.
        interactions: what came since, in columns named as those that it was learned from.
        falseAlarms: how often any check may fire where nothing has changed, at most.
        minShift: the least PSI, beyond what chance alone gives, that counts as drift.
        minLoss: the least share of the NDCG that has to be lost, likewise.

    Raises:
        ColumnError: the user or the item column is missing.
        ParameterError: a number is out of its range, or there is no table.
        EmptyInputError: no row can be used.

    Examples:
        >>> rows = [(f"u{user}", f"m{(user * step) % 30}") for user in range(60) for step in (1, 7)]
        >>> ratings = spark.createDataFrame(rows, "user string, item string")
        >>> model = gr.PopularityRecommender().fit(ratings)
        >>> gr.drift(model, ratings).drifted
        []
        >>> other = ratings.selectExpr("user", "'m1' AS item")
        >>> gr.drift(model, other.where("user != 'u1'")).drifted
        ['item shares']
    """
    require_frame(interactions, "the table of new interactions")
    level = checked("falseAlarms", falseAlarms, between(0.0, 0.5, open_low=True))
    least = checked("minShift", minShift, between(0.0, 10.0))
    loss = checked("minLoss", minLoss, between(0.0, 1.0))
    with stage(DRIFT), PersistedFrames() as persisted:
        old = persisted.persist(_old(model))
        new = persisted.persist(_new(model, interactions))
        number = new.count()
        if not number:
            raise EmptyInputError("no new row is a usable interaction", fix="see its columns")
        compared = [*_compared(old, new), *_ndcg(model, new, loss)]
    level /= sum(not math.isnan(one.p_value) for one in compared) or 1
    return Drift([_judged(one, level, least) for one in compared], number)


def _judged(one: DriftCheck, level: float, least: float) -> DriftCheck:
    """With the verdict; what a metric has to lose was looked at before."""
    large = one.drifted if math.isnan(one.psi) else one.psi - one.expected > least
    return replace(one, drifted=bool(large and one.p_value < level))


# --- both sides as rows ---------------------------------------------------------------------------


def _old(model: RecommenderModel) -> DataFrame:
    """(user, item: index, group, timestamp, perhaps stars) of the model's own histories."""
    histories = model.dataset.histories
    names = [name for name in (ITEMS, TIMES, STARS) if name in histories.columns]
    rows = histories.select(USER, F.explode(F.arrays_zip(*names)).alias("one"))
    columns = {ITEMS: INDEX, TIMES: TIMESTAMP, STARS: STARS}
    flat = rows.select(USER, *(F.col(f"one.{name}").alias(columns[name]) for name in names))
    return flat.join(F.broadcast(_item_groups(model)), INDEX)


def _new(model: RecommenderModel, interactions: DataFrame) -> DataFrame:
    """The same of new interactions: the index is null of an item that nobody had."""
    accepted = model.dataset.accepted_in(interactions)
    if STARS in accepted.columns:
        accepted = accepted.where(F.col(STARS) >= 0)
    indexed = accepted.join(F.broadcast(model.dataset.items), ITEM, "left")
    names = [name for name in (USER, ITEM, INDEX, TIMESTAMP, STARS) if name in indexed.columns]
    return indexed.select(*names).join(F.broadcast(_item_groups(model)), INDEX, "left")


def _item_groups(model: RecommenderModel) -> DataFrame:
    """(index, group): the items by popularity, in tenths of the interactions."""
    support = model.dataset.catalogue.support
    before = np.cumsum(support) - support
    group = np.minimum(before * _GROUPS // max(int(support.sum()), 1), _GROUPS - 1)
    rows = [(index, int(number)) for index, number in enumerate(group)]
    return model.dataset.spark.createDataFrame(rows, f"{INDEX} int, {_BIN} int")


# --- what is compared -----------------------------------------------------------------------------


class _Counted(NamedTuple):
    """Rows by bin, and the design effect of their shares."""

    rows: dict[float, int]
    effect: float = 1.0


def _compared(old: DataFrame, new: DataFrame) -> Iterator[DriftCheck]:
    known = new.where(F.col(INDEX).isNotNull())
    yield _check("item shares", _by_user(old, F.col(_BIN)), _by_user(known, F.col(_BIN)))
    if STARS in old.columns and STARS in new.columns:
        ratings = lower_bound(F.col(STARS))
        yield _check("ratings", _by_user(old, ratings), _by_user(new, ratings))
    window = _window(old, new)
    earlier, lately = (None, None) if window is None else window
    yield _check("activity", None if lately is None else _activity(lately), _activity(new))
    for name, key in (("new users", USER), ("new items", INDEX)):
        before = None if lately is None or earlier is None else _newcomers(lately, earlier, key)
        yield _check(name, before, _newcomers(new, old, key))


def _window(old: DataFrame, new: DataFrame) -> tuple[DataFrame, DataFrame] | None:
    """The old rows before and in their last part that is as long as the new ones; with times."""
    span = F.max(TIMESTAMP) - F.min(TIMESTAMP)
    length, latest = new.agg(span).first(), old.agg(F.max(TIMESTAMP)).first()
    assert length is not None and latest is not None  # noqa: PT018 an aggregate has one row
    if length[0] is None or latest[0] is None:
        return None
    begin = F.lit(latest[0] - length[0])
    return old.where(F.col(TIMESTAMP) < begin), old.where(F.col(TIMESTAMP) >= begin)


def _activity(rows: DataFrame) -> _Counted:
    """Users by the power of two that their number of rows is at least."""
    power = F.least(F.floor(F.log2("count")), F.lit(_MAX_ACTIVITY))
    counted = rows.groupBy(USER).count().groupBy(power.alias(_BIN)).agg(F.count("*").alias(_ROWS))
    return _Counted({2.0 ** row[_BIN]: row[_ROWS] for row in counted.collect()})  # a row per bin


def _newcomers(rows: DataFrame, before: DataFrame, key: str) -> _Counted:
    """How many are of users (each counts once) or items (in each row) that were not there before.

    Bins are 1 for these, and 0 for the others.
    """
    there = F.lit(True).alias("there")
    marked = rows.join(before.select(key, there).distinct(), key, "left")
    is_new = F.col("there").isNull().cast("int")
    return _by_user(marked.dropDuplicates([USER]) if key == USER else marked, is_new)


def _by_user(rows: DataFrame, bins: Column) -> _Counted:
    """Rows by bin, and by how much more their shares vary because rows come by user."""
    cells = rows.groupBy(USER, bins.alias(_BIN)).agg(F.count("*").alias("x"))
    sizes = cells.withColumn("n", F.sum("x").over(Window.partitionBy(USER)))
    x, n = F.col("x").cast("double"), F.col("n").cast("double")
    sums = (
        sizes.groupBy(_BIN)
        .agg(
            F.sum("x").alias(_ROWS),
            F.sum(x * x).alias("squares"),
            F.sum(x * n).alias("products"),
        )
        .orderBy(_BIN)
        .collect()  # a row per bin
    )
    total, squares, products = (
        [row[name] for row in sums] for name in (_ROWS, "squares", "products")
    )
    effect = design_effect(total, squares, products, sum(products))  # a user's x sum to n
    return _Counted({float(row[_BIN]): row[_ROWS] for row in sums}, effect)


def _check(name: str, old: _Counted | None, new: _Counted) -> DriftCheck:
    """Two distributions held against each other; without an old one the new one is only stated."""
    before = old or _Counted({})
    names = sorted(before.rows.keys() | new.rows.keys())
    samples = [
        Sample(np.array([side.rows.get(one, 0) for one in names], float), side.effect)
        for side in (before, new)
    ]
    shares = [one.counts / max(one.counts.sum(), 1.0) for one in samples]
    bins = {f"{one:g}": (float(p), float(q)) for one, p, q in zip(names, *shares, strict=True)}
    of_new = bins.get("1", (0.0, 0.0)) if name.startswith("new") else (math.nan, math.nan)
    found = shift(*samples)
    return DriftCheck(
        name=name,
        old=math.nan if old is None else of_new[0],
        new=of_new[1],
        psi=found.psi,
        expected=found.expected,
        divergence=found.divergence,
        p_value=math.nan if old is None else found.p_value,
        drifted=False,
        bins=bins,
    )


def _ndcg(model: RecommenderModel, new: DataFrame, loss: float) -> Iterator[DriftCheck]:
    """How well lists of before predict what known users took then, against the fit's figure."""
    known = [one for one in model.metrics if one.name == f"NDCG@{_K}" and one.low is not None]
    users = model.dataset.histories.select(USER)
    wanted = new.where(F.col(INDEX).isNotNull()).join(users, USER, "left_semi")
    if not known or wanted.isEmpty():
        return
    columns = model.dataset.columns
    test = wanted.select(F.col(USER).alias(columns.user), F.col(ITEM).alias(columns.item))
    lists = model.rankedLists(_K, users=test)
    measured = ranking_metrics(
        lists, test, k=_K, metrics=["ndcg"], user=columns.user, item=columns.item
    )
    row = measured.agg(F.avg("ndcg"), F.stddev("ndcg"), F.count("*")).first()
    assert row is not None  # an aggregate without groups has one row
    yield _lost(known[-1], row[0], (row[1] or 0.0) / math.sqrt(row[2]), loss)


def _lost(before: Metric, value: float, error: float, loss: float) -> DriftCheck:
    """A metric against what it was; only less of it is drift."""
    assert before.low is not None and before.high is not None  # noqa: PT018 see `_ndcg`
    known = (before.high - before.low) / (2 * _HALF_WIDTH)
    deviation = math.hypot(error, known) or math.inf
    return DriftCheck(
        name=before.name,
        old=before.value,
        new=value,
        psi=math.nan,
        expected=math.nan,
        divergence=math.nan,
        p_value=float(special.ndtr((value - before.value) / deviation)),
        drifted=value < before.value * (1 - loss),
        bins={},
    )
