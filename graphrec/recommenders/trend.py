"""What is on the rise: items that are had more often lately than over the whole time.

An item's score is `log((n + 1) / (q·N + 1))`: n users had it lately, N in all, and q is the share
of all interactions that are recent, so that q·N users are expected lately if nothing changes. The
score is above 0 for what is on the rise, below 0 for what fades, and near 0 where there is too
little to tell, because 1 is added to both numbers. It is the same for all users.

Source: the smoothed ratio of two rates, as in the "trending" lists of shops and newspapers; a score
that is the logarithm of a ratio adds up with the other legs' as a prior probability would (the
item's rate is q·N · exp(score) now).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEMS, TIMES
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.data.quantiles import exact_quantile
from graphrec.errors import ParameterError
from graphrec.params import between, param
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.constant_fold_in import ConstantFoldIn
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.tables import FactorLeg

_DAY_SECONDS: Final = 86400.0
_UNIT: Final = 1 << 20  # what an interaction of this moment counts


class TrendModel(RecommenderModel):
    """Scores are logarithms: 0 for an item that is had as often lately as ever, above it more."""


class TrendRecommender(Recommender):
    """Items that are had more often lately than over the whole time; the same for all users.

    As a leg of the hybrid it lifts what is on the rise among the items that suit a user. Its
    default weight there is 0; `weights="learned"` finds out whether it helps. It needs times.

    For the formula see `graphrec.recommenders.trend`.

    Raises:
        ParameterError: at fitting, when the interactions have no times.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ben", "tea", 2), ("cas", "tea", 3), ("dan", "tea", 4)]
        ...     + [("ann", "ham", 8), ("ben", "ham", 9), ("cas", "salt", 5)],
        ...     "user string, item string, timestamp long",
        ... )
        >>> model = gr.TrendRecommender(recentShare=0.3).fit(ratings)
        >>> dan = ratings.where("user = 'dan'")
        >>> model.rankedLists(1, users=dan).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | dan| ham|   1|
        +----+----+----+
    """

    recentShare = param(
        0.05,
        "share of the interactions that are recent, the latest ones",
        between(0.0, 1.0, open_low=True, open_high=True),
    )

    leg = "trend"
    _model = TrendModel

    def exponents(self) -> frozenset[float]:
        """None of the sums; but MMR compares items by the pairs, as it cannot by one dimension."""
        return frozenset()

    def learning(self) -> list[str]:
        """The trend."""
        return [self.leg]

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "trend"."""
        with stage(self.leg):
            score = _log_ratios(dataset, self.value("recentShare"))
        eigenvalue = np.square(score, dtype=np.float64).sum(axis=0, keepdims=True)
        factors = ItemFactors(score[:, np.newaxis], eigenvalue.astype(np.float32), ConstantFoldIn())
        return [FactorLeg(self.leg, factors)]


def decayed_ratios(dataset: Dataset, half_life: float) -> npt.NDArray[np.float64] | None:
    """How often each item is had now, over the whole time, (items,): n over what is expected.

    n is a decayed count here, of interactions that count half at the age of a half-life.

    Args:
        dataset: has times.
        half_life: in days.

    Returns:
        None where all times are missing.
    """
    timed = _timed(dataset)
    latest = dataset.latest
    if latest is None:
        return None
    # In whole numbers, so that the sums do not depend on the order of the rows.
    age = (F.lit(latest) - F.col("time")) / (half_life * _DAY_SECONDS)
    return _ratios(timed, F.round(F.pow(F.lit(0.5), age) * _UNIT).cast("long"), dataset, _UNIT)


def _log_ratios(dataset: Dataset, recent_share: float) -> npt.NDArray[np.float32]:
    """The score of each item, (items,).

    Raises:
        ParameterError: there are no times.
    """
    timed = _timed(dataset)
    moment = exact_quantile(timed, F.col("time"), 1.0 - recent_share)
    if moment is None:
        raise ParameterError(
            "the trend needs times",
            found="interactions without any",
            fix="name the column by timestampCol, or leave this recommender out",
        )
    recent = (F.col("time") > moment).cast("long")
    return np.log(_ratios(timed, recent, dataset, 1)).astype(np.float32)


def _timed(dataset: Dataset) -> DataFrame:
    """(index, time) of the interactions that have a time."""
    entries = dataset.histories.select(F.explode(F.arrays_zip(ITEMS, TIMES)).alias("entry"))
    return entries.select(
        F.col(f"entry.{ITEMS}").alias(INDEX), F.col(f"entry.{TIMES}").alias("time")
    ).where(F.col("time").isNotNull())


def _ratios(
    timed: DataFrame, recent: Column, dataset: Dataset, unit: int
) -> npt.NDArray[np.float64]:
    """(n + 1) / (q·N + 1) of each item, (items,).

    Args:
        timed: see `_timed`.
        recent: how much an interaction counts, from 0 to the unit.
        dataset: has the items.
        unit: what a recent one counts.
    """
    counted = timed.groupBy(INDEX).agg(
        F.count(F.lit(1)).alias("all"), F.sum(recent).alias("recent")
    )
    table = counted.toArrow()  # one row per item
    everything, now = np.zeros((2, dataset.catalogue.size))
    everything[table[INDEX].to_numpy()] = table["all"].to_numpy()
    now[table[INDEX].to_numpy()] = table["recent"].to_numpy() / unit
    share = now.sum() / everything.sum()
    ratios: npt.NDArray[np.float64] = (now + 1.0) / (share * everything + 1.0)
    return ratios
