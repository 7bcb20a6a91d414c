"""The contract of events: what users were shown and did, as a table that grows.

One row is one event. Its columns, each recognised by usual names like those of interactions, are

    user         id                        who
    time         any time, see timestamps  when
    kind         text                      impression, click, purchase, session, view ...
    item         id, may be null           what it was about
    value        number, may be null       of a purchase its price, of a session its seconds, of a
                                           rating the rating
    position     whole number, may be null place in the list, 1 for the first
    experiment   text, may be null         the experiment that the row was served under
    arm          text, may be null         the user's arm in it
    propensity   number in (0, 1], null    probability with which the policy showed this item here
    id           text, may be null         of the event: rows with the same one count once

User, time and kind must be there. A server's export of its events is such a table, and
`graphrec recommend` reads the same rows as interactions. A user under several experiments at a
time has a row of the event for each, with the same id: each says which arm he was in, and what he
did counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEM, REASON, USER
from graphrec.data.column_types import finite_number, is_missing, quoted
from graphrec.data.event_names import (
    ARM,
    EVENT_ID,
    EXPERIMENT,
    KIND,
    POSITION,
    PROPENSITY,
    TIME,
    VALUE,
)
from graphrec.data.frames import free_name, require_frame
from graphrec.data.id_types import require_id_type
from graphrec.data.interaction_columns import (
    MALFORMED_LINE,
    USUAL_NAMES,
    recognised,
    require_column,
)
from graphrec.data.timestamps import epoch_seconds
from graphrec.errors import ColumnError

_USUAL: Final = {
    USER: USUAL_NAMES["user"],
    ITEM: USUAL_NAMES["item"],
    TIME: USUAL_NAMES["timestamp"],
    KIND: frozenset(["kind", "type", "event", "eventtype", "eventname", "action", "behavior"]),
    VALUE: frozenset(["value", "amount", "revenue", "price", "duration", "seconds"]),
    POSITION: frozenset(["position", "rank", "slot"]),
    EXPERIMENT: frozenset(["experiment", "experimentid", "experimentname", "test", "testname"]),
    ARM: frozenset(["arm", "armname", "variant", "variation", "variantid", "group", "bucket"]),
    PROPENSITY: frozenset(["propensity", "probability", "pscore"]),
    EVENT_ID: frozenset(["id", "eventid", "eventuuid"]),
}
_OF_EVENTS: Final = (USER, TIME, KIND)  # what a row must have
_OF_ASSIGNMENTS: Final = (USER, ARM)
_BLANKS: Final = " \t\r\n"


class EventReason(StrEnum):
    """Why a row is no event, or no assignment: the first that applies, in this order."""

    MALFORMED = "line cannot be parsed"
    NO_USER = "user id is missing"
    BAD_TIME = "time is missing or cannot be read"
    NO_KIND = "kind is missing"
    NO_ARM = "arm is missing"
    BAD_VALUE = "value is not a finite number"
    NEGATIVE = "value is negative"
    BAD_PROPENSITY = "propensity is not above 0 and at most 1"


@dataclass(frozen=True)
class EventColumns:
    """A table's own names of the columns of events; None: there is no such column."""

    user: str
    time: str | None
    kind: str | None = None
    item: str | None = None
    value: str | None = None
    position: str | None = None
    experiment: str | None = None
    arm: str | None = None
    propensity: str | None = None
    id: str | None = None


def find_event_columns(df: DataFrame, **named: str | None) -> EventColumns:
    """Find the columns of a table of events.

    Args:
        df: the table; only the names of its columns are looked at.
        **named: a role and the column that has it; None finds it by its usual names.

    Raises:
        ColumnError: a named column is not there, several fit, or user, time or kind has none.
    """
    return _found(df, _OF_EVENTS, named)


def find_assignment_columns(df: DataFrame, **named: str | None) -> EventColumns:
    """Find the columns of a table of assignments: user, arm, and perhaps experiment and time.

    Args:
        df: the table.
        **named: see `find_event_columns`.

    Raises:
        ColumnError: a named column is not there, several fit, or user or arm has none.
    """
    return _found(df, _OF_ASSIGNMENTS, named)


def judge_events(df: DataFrame, columns: EventColumns) -> DataFrame:
    """Read each row as an event, or give the reason why it is none; nothing is computed yet.

    Args:
        df: any table.
        columns: its columns.

    Returns:
        (user: string, so that 7 and "7" are one; item: string; time: double, seconds; kind: string
        in lower case; value: double; position: int; experiment, arm: string; propensity: double;
        id: string; reason: string, null for an event).

    Raises:
        ColumnError: a column is of a type that its role cannot have.
    """
    return _judged(df, columns, _OF_EVENTS)


def judge_assignments(df: DataFrame, columns: EventColumns) -> DataFrame:
    """Read each row as an assignment: as `judge_events`, but that it needs an arm and no kind."""
    return _judged(df, columns, _OF_ASSIGNMENTS)


def rejected_rows(df: DataFrame, columns: EventColumns, *, assignments: bool = False) -> DataFrame:
    """The rows that are no events, each with its `reason`; nothing is computed yet.

    Args:
        df: any table, which is read again: so events need not be kept as they came.
        columns: its columns.
        assignments: the rows are assignments.

    Returns:
        The table's own columns and `reason`: string.
    """
    name = free_name(REASON, df.columns)
    required = _OF_ASSIGNMENTS if assignments else _OF_EVENTS
    reason = _reason(df, columns, _parsed(df, columns), required)
    return df.select("*", reason.alias(name)).where(F.col(name).isNotNull())


def _judged(df: DataFrame, columns: EventColumns, required: tuple[str, ...]) -> DataFrame:
    parsed = _parsed(df, columns)
    reason = _reason(df, columns, parsed, required)
    return df.select(*(value.alias(name) for name, value in parsed.items()), reason.alias(REASON))


def _parsed(df: DataFrame, columns: EventColumns) -> dict[str, Column]:
    """What each row says, by the names of `judge_events`."""
    require_id_type(df, USER, columns.user)
    parsed = {
        name: _text(df, getattr(columns, name))
        for name in (USER, ITEM, KIND, EXPERIMENT, ARM, EVENT_ID)
    }
    parsed[KIND] = F.lower(parsed[KIND])
    for name in (VALUE, POSITION, PROPENSITY):
        parsed[name] = _number(df, getattr(columns, name))
    parsed[POSITION] = parsed[POSITION].cast("int")
    parsed[TIME] = _time(df, columns.time)
    return parsed


def once(events: DataFrame, columns: EventColumns) -> DataFrame:
    """Rows of the same event once, whatever their experiments; those without an id all differ."""
    if columns.id is None:
        return events
    known = events.where(F.col(EVENT_ID).isNotNull())
    return known.dropDuplicates([EVENT_ID]).unionByName(events.where(F.col(EVENT_ID).isNull()))


def _found(df: DataFrame, required: tuple[str, ...], named: dict[str, str | None]) -> EventColumns:
    require_frame(df, "the table of events")
    roles = [field.name for field in fields(EventColumns)]
    given = {role: named.get(role) for role in roles}
    for role, name in given.items():
        if name:
            require_column(df, role, name)
    free = [name for name in df.columns if name not in (*given.values(), MALFORMED_LINE)]
    found = {role: name or recognised(role, free, _USUAL) for role, name in given.items()}
    for role in required:
        if found[role] is None:
            raise ColumnError(
                f"no column has a usual name for the {role} of an event",
                found=", ".join(name for name in df.columns if name != MALFORMED_LINE),
                fix=f"name one of them {role}",
            )
    return EventColumns(**found)  # type: ignore[arg-type]  # a user is required


def _text(df: DataFrame, name: str | None) -> Column:
    """Trimmed text; null for a blank."""
    if name is None:
        return F.lit(None).cast("string")
    trimmed = F.btrim(quoted(name).cast("string"), F.lit(_BLANKS))
    return F.when(F.length(trimmed) > 0, trimmed)


def _number(df: DataFrame, name: str | None) -> Column:
    if name is None:
        return F.lit(None).cast("double")
    return finite_number(quoted(name), df.schema[name].dataType)


def _time(df: DataFrame, name: str | None) -> Column:
    if name is None:
        return F.lit(None).cast("double")
    return epoch_seconds(quoted(name), df.schema[name].dataType)


def _reason(
    df: DataFrame, columns: EventColumns, parsed: dict[str, Column], required: tuple[str, ...]
) -> Column:
    timed = TIME in required or columns.time is not None
    bad_time = ~F.coalesce(parsed[TIME] > 0, F.lit(False))
    checks: list[tuple[EventReason, Column]] = []
    if MALFORMED_LINE in df.columns:
        checks.append((EventReason.MALFORMED, F.col(MALFORMED_LINE).isNotNull()))
    checks += [
        (EventReason.NO_USER, parsed[USER].isNull()),
        (EventReason.BAD_TIME, bad_time if timed else F.lit(False)),
        (EventReason.NO_KIND, parsed[KIND].isNull() if KIND in required else F.lit(False)),
        (EventReason.NO_ARM, parsed[ARM].isNull() if ARM in required else F.lit(False)),
        (EventReason.BAD_VALUE, _unreadable(df, columns.value, parsed[VALUE])),
        (EventReason.NEGATIVE, parsed[VALUE] < 0),
        (
            EventReason.BAD_PROPENSITY,
            _unreadable(df, columns.propensity, parsed[PROPENSITY])
            | ~F.coalesce(parsed[PROPENSITY].between(5e-324, 1), F.lit(True)),
        ),
    ]
    return F.coalesce(*(F.when(applies, F.lit(str(name))) for name, applies in checks))


def _unreadable(df: DataFrame, name: str | None, number: Column) -> Column:
    """Something is there, and it is no number."""
    if name is None:
        return F.lit(False)
    kind: T.DataType = df.schema[name].dataType
    return number.isNull() & ~is_missing(quoted(name), kind)
