"""Significance of the difference of two models: paired t test and bootstrap over users."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy import special

from graphrec import columns
from graphrec.data.checks import require_columns
from graphrec.data.hashing import seeded_poisson
from graphrec.errors import EmptyInputError, InputError, ParameterError
from graphrec.evaluation.cutoffs import K
from graphrec.evaluation.summary import defined
from graphrec.kernels.rounding import ROUNDING, is_rounding

MIN_USERS: Final = 20  # of fewer the t test proves little: two users may agree by chance

Method = Literal["t", "bootstrap"]


@dataclass(frozen=True)
class Comparison:
    """Model B against model A in one metric, over the same users."""

    metric: str
    k: int
    users: int  # with a value from both models
    mean_a: float
    mean_b: float
    difference: float  # mean_b - mean_a
    ci_low: float  # of the difference
    ci_high: float
    p_value: float  # two-sided, of "no difference"


def compare(
    per_user_a: DataFrame,
    per_user_b: DataFrame,
    metric: str,
    *,
    k: int,
    method: Method = "t",
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    user: str = columns.USER,
) -> Comparison:
    """Test the difference of two models' means, paired by user.

    With `method="t"` it is the paired t test: d̄ / (s_d / sqrt(users)) against Student's t with
    users - 1 degrees of freedom. With `method="bootstrap"` users are drawn again and again, as a
    Poisson(1) number of times each, which needs no order and no second pass (Chamandy et al.
    2012); the interval is that between the quantiles of the drawn means, and the p value twice
    the smaller share of them on either side of 0, counting the sample itself. Its work is
    users x resamples, its numbers are drawn by a hash of the user's id: the same on any layout.

    What rounding leaves of equal values is no difference, and no deviation of differences: where
    the t test finds the same difference for everybody, the interval is that difference alone, and
    the p value 0, or 1 if it is 0.

    Args:
        per_user_a: (user, k, metric ...) of the model to beat, as `ranking_metrics` returns.
        per_user_b: the same of the other model, on the same users.
        metric: the column to compare; users for whom it is null or NaN in either frame do not
            count.
        k: the cutoff.
        method: "t" or "bootstrap".
        confidence: of the interval, in (0, 1).
        resamples: number of bootstrap samples, at least 100.
        seed: another seed draws other samples.
        user: name of the user column in both frames.

    Returns:
        The means, the difference b - a with its interval, and the p value.

    Raises:
        ParameterError: `method`, `confidence` or `resamples` is out of its range.
        ColumnError: a column is missing.
        InputError: the frames are not of the same users, or have a user twice.
        EmptyInputError: fewer than two users have a value from both models.
    """
    if method not in ("t", "bootstrap"):
        raise ParameterError("method must be 't' or 'bootstrap'", found=repr(method))
    if not 0 < confidence < 1:
        raise ParameterError("confidence must lie between 0 and 1", found=str(confidence))
    if resamples < 100:
        raise ParameterError("resamples must be at least 100", found=str(resamples))
    for per_user in (per_user_a, per_user_b):
        require_columns(per_user, user, K, metric, of="the table of metrics per user")
    pairs = _pairs(per_user_a, per_user_b, metric, k, user)
    _require_same_users(pairs)
    paired = pairs.withColumn("d", _difference(F.col("a"), F.col("b"))).filter("d IS NOT NULL")
    moments = _Moments(*paired.agg(*_moments(F.col("a"), F.col("b"))).collect()[0])
    if moments.users < 2:
        raise EmptyInputError(
            f"too few users have '{metric}' at k={k} from both models", found=str(moments.users)
        )
    if method == "t":
        interval, p_value = _t_test(moments, confidence)
    else:
        means = _drawn_means(paired, resamples, seed)
        interval, p_value = _bootstrap(means, confidence)
    return _compared(metric, k, moments, interval, p_value)


def compare_with(
    per_user: DataFrame,
    reference: str,
    metrics: Sequence[str],
    *,
    model: str,
    by: Sequence[str] = (),
    confidence: float = 0.95,
    user: str = columns.USER,
) -> dict[tuple[Any, ...], list[Comparison]]:
    """Test one model against each other one, paired by user: `compare`'s t test, all in one pass.

    Args:
        per_user: (model, user, k, metric ...): the tables of all models under each other.
        reference: model B of every comparison; each other model is A once.
        metrics: the columns to compare.
        model: name of the column that identifies the models.
        by: columns that are the same in all rows of a user, such as the group he is in: the users
            of each group are compared by themselves.
        confidence: of the intervals, in (0, 1).
        user: name of the user column.

    Returns:
        The comparisons by (the name of the other model, the values of `by`); those are left out
        for which fewer than two users have a value from both models. The p values are those of
        single tests, see `holm`.

    Raises:
        ColumnError: a column is missing.
    """
    require_columns(per_user, model, user, K, *by, *metrics, of="the table of metrics per user")
    is_reference = F.col(model) == reference
    own = per_user.where(is_reference).select(user, K, *(F.col(m).alias(f"b_{m}") for m in metrics))
    others = per_user.where(~is_reference).select(model, *by, user, K, *metrics)
    rows = (
        others.join(own, [user, K])
        .groupBy(model, *by, K)
        .agg(
            *(
                F.struct(*_moments(F.col(metric), F.col(f"b_{metric}"))).alias(metric)
                for metric in metrics
            )
        )
    )
    found: dict[tuple[Any, ...], list[Comparison]] = {}
    for row in rows.orderBy(model, *by, K).collect():  # one row per model, group and cutoff
        for metric in metrics:
            moments = _Moments(*row[metric])
            if moments.users >= 2:
                compared = _compared(metric, row[K], moments, *_t_test(moments, confidence))
                found.setdefault(tuple(row[name] for name in (model, *by)), []).append(compared)
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for the number of tests, by Holm (1979).

    Whoever calls a difference more than chance where the corrected value is below 5 % is wrong
    about any of the tests in one of twenty tables at most, however the tests depend on each other.

    Args:
        p_values: of all tests that are looked at together.

    Returns:
        The corrected value of each: the smallest times the number of tests, the next times one
        less and so on, at most 1, and none below one that was smaller before.
    """
    corrected = [1.0] * len(p_values)
    greatest = 0.0
    for number, index in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        greatest = max(greatest, min(1.0, p_values[index] * (len(p_values) - number)))
        corrected[index] = greatest
    return corrected


def _pairs(a: DataFrame, b: DataFrame, metric: str, k: int, user: str) -> DataFrame:
    """(user, k, metric) twice -> (user, a, b, rows_a, rows_b), null where a side is missing."""

    def side(per_user: DataFrame, name: str) -> DataFrame:
        at_k = per_user.filter(F.col(K) == k).groupBy(F.col(user).alias("user"))
        return at_k.agg(
            F.first(defined(F.col(metric))).alias(name), F.count(F.lit(1)).alias(f"rows_{name}")
        )

    return side(a, "a").join(side(b, "b"), "user", "full")


def _require_same_users(pairs: DataFrame) -> None:
    alone = F.col("rows_a").isNull() | F.col("rows_b").isNull()
    repeated = F.greatest("rows_a", "rows_b") > 1  # of the side that is there
    single, several = pairs.agg(F.count_if(alone), F.count_if(repeated)).collect()[0]
    if several:
        raise InputError(
            "a table of metrics must have one row per user and k",
            found=f"{several} users with several",
            fix="measure each model's lists once",
        )
    if single:
        raise InputError(
            "the two tables are not of the same users",
            found=f"{single} users in only one of them",
            fix="evaluate both models on the same test set at the same k",
        )


class _Moments(NamedTuple):
    """Of a, b and d = b - a, over the users with both."""

    users: int
    mean_a: float
    mean_b: float
    difference: float  # mean of d
    deviation: float  # of d, that of a sample
    greatest: float  # magnitude of a value


def _difference(a: Column, b: Column) -> Column:
    """What b has more than a, 0 where the two are equal but for rounding; null as either is."""
    d, scale = b - a, F.greatest(F.abs(a), F.abs(b))
    return F.when(d.isNotNull(), F.when(F.abs(d) > F.lit(ROUNDING) * scale, d).otherwise(0.0))


def _moments(a: Column, b: Column) -> list[Column]:
    """The columns of `_Moments`."""
    a, b = defined(a), defined(b)
    d = _difference(a, b)
    both = d.isNotNull()
    moments = (
        F.count(d),
        F.avg(F.when(both, a)),
        F.avg(F.when(both, b)),
        F.avg(d),
        F.stddev_samp(d),
        F.max(F.when(both, F.greatest(F.abs(a), F.abs(b)))),
    )
    return [moment.alias(name) for name, moment in zip(_Moments._fields, moments, strict=True)]


def _compared(
    metric: str, k: int, moments: _Moments, interval: tuple[float, float], p_value: float
) -> Comparison:
    means = (moments.mean_a, moments.mean_b, moments.difference)
    return Comparison(metric, k, moments.users, *means, *interval, p_value)


def _t_test(moments: _Moments, confidence: float) -> tuple[tuple[float, float], float]:
    users, difference = moments.users, moments.difference
    if is_rounding(moments.deviation, moments.greatest):  # the same difference for everybody
        none = is_rounding(difference, moments.greatest)
        return (difference, difference), float(none)
    error = moments.deviation / math.sqrt(users)
    half = float(special.stdtrit(users - 1, (1 + confidence) / 2)) * error
    p_value = 2 * float(special.stdtr(users - 1, -abs(difference) / error))
    return (difference - half, difference + half), p_value


def _drawn_means(paired: DataFrame, resamples: int, seed: int) -> list[float]:
    """Return the mean of d in each bootstrap sample: `resamples` numbers, not users."""
    samples = F.explode(F.sequence(F.lit(1), F.lit(resamples))).alias("sample")
    times = seeded_poisson(seed, F.col("sample"), F.col("user"))
    drawn = paired.select("user", "d", samples).select("sample", "d", times.alias("times"))
    sums = drawn.groupBy("sample").agg(F.sum(F.col("d") * F.col("times")), F.sum("times"))
    # A sample of nobody, possible with a handful of users, has no mean.
    return [total / times for _, total, times in sums.collect() if times]


def _bootstrap(means: list[float], confidence: float) -> tuple[tuple[float, float], float]:
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    smaller = min(sum(mean <= 0 for mean in means), sum(mean >= 0 for mean in means))
    p_value = min(1.0, 2 * (smaller + 1) / (len(means) + 1))
    return (float(low), float(high)), p_value
