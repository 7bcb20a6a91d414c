"""What was shown to users and not taken: its score counts less in their lists."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import COUNT, DEMOTION, INDEX, ITEMS, SHOWN, USER
from graphrec.data.checks import number_within
from graphrec.data.dataset import Dataset
from graphrec.data.histories import or_empty
from graphrec.serving.demoted import MIN_FACTOR

_MAX_COUNT: Final = 1e9
_ENTRIES: Final = f"array<struct<{INDEX}:int,{DEMOTION}:float>>"


def demote_shown(
    dataset: Dataset, histories: DataFrame, shown: DataFrame, factor: float
) -> DataFrame:
    """Histories with the items that were shown and not taken, and what their scores count.

    Args:
        dataset: has the catalogue and the columns' names.
        histories: (user, items, ...).
        shown: has the user and item columns, and perhaps `count`, 1 where it is missing.
        factor: what a score counts for each time, above 0 and at most 1.

    Returns:
        The histories with `shown`: array<int>, ascending, and `demotion`: array<float>.
    """
    times = F.lit(1.0)
    if COUNT in shown.columns:
        times = F.coalesce(number_within(shown, COUNT, 0, _MAX_COUNT, of="shown"), times)
    counted = dataset.indexed_rows(shown, **{COUNT: times}).groupBy(USER, INDEX)
    demotion = F.greatest(F.pow(F.lit(factor), F.sum(COUNT)), F.lit(MIN_FACTOR)).cast("float")
    entry = F.struct(INDEX, DEMOTION)
    entries = F.array_sort(F.collect_list(entry)).cast(_ENTRIES).alias(SHOWN)
    by_user = counted.agg(demotion.alias(DEMOTION)).groupBy(USER).agg(entries)
    joined = histories.join(by_user, USER, "left")
    not_taken = F.filter(
        or_empty(F.col(SHOWN), _ENTRIES), lambda one: ~F.array_contains(ITEMS, one[INDEX])
    )
    return joined.withColumn(SHOWN, not_taken).withColumns(
        {
            SHOWN: F.transform(SHOWN, lambda one: one[INDEX]),
            DEMOTION: F.transform(SHOWN, lambda one: one[DEMOTION]),
        }
    )
