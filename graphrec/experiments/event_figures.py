"""What a table of events holds: events by kind, and rows that are none."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import REASON
from graphrec.data.event_names import KIND
from graphrec.data.events import find_assignment_columns, rejected_rows
from graphrec.errors import EmptyInputError


@dataclass(frozen=True)
class EventFigures:
    """What was read.

    Attributes:
        events: rows that are events.
        rejected: rows by the reason for which they are none.
        kinds: events by kind, the most frequent first.
        rejected_assignments: rows of the assignments by the reason for which they are none.
    """

    events: int
    rejected: dict[str, int]
    kinds: dict[str, int]
    rejected_assignments: dict[str, int]


def event_figures(judged: DataFrame, assignments: DataFrame | None = None) -> EventFigures:
    """Count the events of a table by kind, and the other rows by reason.

    Args:
        judged: as `judge_events` returns.
        assignments: that belong to it; None: there are none.

    Raises:
        EmptyInputError: no row is an event.
    """
    rows = judged.groupBy(REASON, F.when(F.col(REASON).isNull(), F.col(KIND)).alias(KIND)).count()
    counts = rows.orderBy(F.desc("count"), KIND, REASON).collect()  # a row per kind and reason
    kinds = {row[KIND]: row["count"] for row in counts if row[REASON] is None}
    rejected = {row[REASON]: row["count"] for row in counts if row[REASON] is not None}
    if not kinds:
        listed = ", ".join(f"{n} rows: {reason}" for reason, n in rejected.items())
        raise EmptyInputError(
            "no row is an event",
            found=listed or "no rows",
            fix="see that the right columns are named",
        )
    return EventFigures(sum(kinds.values()), rejected, kinds, _rejected(assignments))


def _rejected(assignments: DataFrame | None) -> dict[str, int]:
    if assignments is None:
        return {}
    rows = rejected_rows(assignments, find_assignment_columns(assignments), assignments=True)
    reason = rows.columns[-1]
    counts = rows.groupBy(F.col(reason).alias(REASON)).count().orderBy(F.desc("count")).collect()
    return {row[REASON]: row["count"] for row in counts}
