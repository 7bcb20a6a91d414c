"""What items have earned in past events: the feedback of explored lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, REASON
from graphrec.data.bounds import DAY_SECONDS
from graphrec.data.event_names import CLICK, IMPRESSION, KIND, TIME
from graphrec.data.events import EventColumns, judge_events, once
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.experiments.event_figures import EventFigures, event_figures
from graphrec.experiments.user_sums import DAY
from graphrec.spark.persisted import PersistedFrames

CLICKS: Final = "clicks"
SHOWN: Final = "shown"


@dataclass(frozen=True)
class ItemFeedback:
    """What items have earned.

    Attributes:
        earned: (item: text, clicks, shown), a row for each item; parts of them where some is
            forgotten.
        figures: what was read.
    """

    earned: pd.DataFrame
    figures: EventFigures


def item_feedback(
    events: DataFrame, columns: EventColumns, *, discount: float = 1.0
) -> ItemFeedback:
    """Add up clicks and impressions by item; a click counts wherever the item stood.

    Args:
        events: as in `graphrec.data.events`.
        columns: of the events.
        discount: by which what is known is multiplied for each impression of a later day.

    Raises:
        EmptyInputError: no row is an event.
    """
    with PersistedFrames() as persisted, one_line_errors(events.sparkSession):
        judged = persisted.persist(judge_events(events, columns))
        figures = event_figures(judged)
        known = judged.where(F.col(REASON).isNull() & F.col(ITEM).isNotNull())
        daily = persisted.persist(_by_item_and_day(once(known, columns)))
        shown = {
            row[DAY]: row[SHOWN]
            for row in daily.groupBy(DAY).agg(F.sum(SHOWN).alias(SHOWN)).collect()
        }
        weights = events.sparkSession.createDataFrame(
            list(_kept(shown, discount).items()) or [(0, 1.0)], f"{DAY} int, weight double"
        )
        sums = (
            daily.join(F.broadcast(weights), DAY)
            .groupBy(ITEM)
            .agg(*(F.sum(F.col(name) * F.col("weight")).alias(name) for name in (CLICKS, SHOWN)))
        )
        return ItemFeedback(sums.toPandas(), figures)


def _by_item_and_day(events: DataFrame) -> DataFrame:
    counted = events.where(F.col(KIND).isin(CLICK, IMPRESSION))
    return counted.groupBy(ITEM, F.floor(F.col(TIME) / DAY_SECONDS).cast("int").alias(DAY)).agg(
        F.count_if(F.col(KIND) == CLICK).alias(CLICKS),
        F.count_if(F.col(KIND) == IMPRESSION).alias(SHOWN),
    )


def _kept(shown: Mapping[int, int], discount: float) -> dict[int, float]:
    """What is left of each day after the impressions of later ones."""
    later, kept = 0, {}
    for day in sorted(shown, reverse=True):
        kept[day] = discount**later
        later += shown[day]
    return kept
