"""Means of metrics over users, with confidence intervals.

All tables of figures have the same columns, (metric, k, mean, ci_low, ci_high, users), so that
they can be put under each other into one report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy import special

from graphrec import columns
from graphrec.data.checks import require_columns
from graphrec.errors import ParameterError
from graphrec.evaluation.cutoffs import K

METRIC: Final = "metric"
MEAN: Final = "mean"
CI_LOW: Final = "ci_low"
CI_HIGH: Final = "ci_high"
USERS: Final = "users"


def summarise(
    per_user: DataFrame,
    *,
    by: Sequence[str] = (),
    confidence: float = 0.95,
    user: str = columns.USER,
) -> DataFrame:
    """Average metrics over users.

    The interval is the normal approximation mean ± z * s / sqrt(users), with the sample deviation
    s. A user whose value is null or NaN, because a metric is not defined for his list, does not
    count in that metric.

    Args:
        per_user: (user, k, one column per metric), as `ranking_metrics` and its kin return.
        by: columns that are no metrics, such as the model: each group is averaged by itself.
        confidence: of the intervals, in (0, 1).
        user: name of the user column.

    Returns:
        (the columns of `by`, metric, k, mean, ci_low, ci_high, users), one row per group, metric
        and k, in this order; the bounds are null where there is one user only.

    Raises:
        ParameterError: `confidence` is out of its range.
        ColumnError: the user column, `k` or one of `by` is missing.
    """
    require_columns(per_user, user, K, *by, of="the table of metrics per user")
    z = normal_quantile(confidence)
    metrics = [name for name in per_user.columns if name not in (user, K, *by)]
    figures = [_figures(metric, z) for metric in metrics]
    wide = per_user.groupBy(*by, K).agg(
        *(row.alias(m) for m, row in zip(metrics, figures, strict=True))
    )
    rows = wide.select(*by, K, F.inline(F.array(*(F.col(f"`{metric}`") for metric in metrics))))
    return rows.select(*by, METRIC, K, MEAN, CI_LOW, CI_HIGH, USERS).orderBy(*by, METRIC, K)


def defined(value: Column) -> Column:
    """A metric as a double, null where it is not defined: NaN is no value of any."""
    return F.nanvl(value.cast("double"), F.lit(None).cast("double"))


def normal_quantile(confidence: float) -> float:
    """Return z such that a normal variable is within z deviations with this probability.

    Raises:
        ParameterError: `confidence` does not lie between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ParameterError("confidence must lie between 0 and 1", found=str(confidence))
    return float(special.ndtri((1 + confidence) / 2))


def _figures(metric: str, z: float) -> Column:
    values = defined(F.col(f"`{metric}`"))
    mean, users = F.avg(values), F.count(values)
    # Without any user there is no mean either, and the null spreads.
    half = F.lit(z) * F.stddev_samp(values) / F.sqrt(F.greatest(users, F.lit(1)))
    return F.struct(
        F.lit(metric).alias(METRIC),
        mean.alias(MEAN),
        (mean - half).alias(CI_LOW),
        (mean + half).alias(CI_HIGH),
        users.alias(USERS),
    )
