"""Which columns of a table hold the user, the item, the rating and the time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass
from difflib import get_close_matches
from typing import Final

from pyspark.sql import DataFrame

from graphrec.data.frames import named_alike, require_frame
from graphrec.errors import ColumnError

UNUSED: Final = ""  # instead of a column's name: none is used, even if one has a usual name
MALFORMED_LINE: Final = "_corrupt_record"  # Spark's name for the text of a line it cannot parse

# In lower case, without underscores, hyphens and blanks.
_SPELLINGS: Final = {
    "user": """
        user userid userno username uid u account accountid buyerid client clientid consumerid
        customer customerid customerno listenerid member memberid playerid profileid readerid
        reviewerid subscriberid viewerid visitor visitorid""",
    "item": """
        item itemid itemno iid i album albumid anime animeid app appid article articleid artist
        artistid asin beerid book bookid business businessid contentid course courseid film filmid
        game gameid hotelid isbn locationid movie movieid newsid poi poiid product productid
        recipeid restaurantid show showid sku song songid stockcode track trackid venue venueid
        video videoid""",
    "rating": """
        rating ratings bookrating userrating starrating score stars overall preference weight
        count listencount listens playcount plays""",
    "timestamp": """
        timestamp ts time date datetime dt checkintime createdat epoch eventdate eventtime
        eventtimestamp interactiontime playedat ratedat ratingdate tdat unixreviewtime unixtime
        unixtimestamp watchedat""",
}
USUAL_NAMES: Final = {role: frozenset(names.split()) for role, names in _SPELLINGS.items()}


@dataclass(frozen=True)
class InteractionColumns:
    """The input's own names of the columns that graphrec reads.

    Attributes:
        user: the column of user ids.
        item: the column of item ids.
        rating: the column of ratings or weights; None: implicit, every interaction weighs 1.
        timestamp: the column of times; None: there are none.
        event: the column of kinds of events, instead of ratings; None: there is none.
    """

    user: str
    item: str
    rating: str | None = None
    timestamp: str | None = None
    event: str | None = None


def find_columns(
    df: DataFrame,
    *,
    user: str | None = None,
    item: str | None = None,
    rating: str | None = None,
    timestamp: str | None = None,
    event: str | None = None,
) -> InteractionColumns:
    """Find the columns of an interactions table.

    A name that is given must be there as it is spelled. What is not given is found by its usual
    names (`userId`, `customer_id`, `movieId`, `asin`, `rating`, `plays`, `ts` ...), where case,
    underscores, hyphens and blanks do not count; beside `book_id`, a column `book` is no choice.

    Args:
        df: the table; only its column names are looked at.
        user: the user column, or None to find it.
        item: the item column, or None to find it.
        rating: the rating column, None to find it, or `UNUSED` for implicit interactions.
        timestamp: the time column, None to find it, or `UNUSED` to leave times out.
        event: the column of kinds of events, which takes the place of ratings, or None.

    Raises:
        ParameterError: it is no DataFrame, or a stream.
        ColumnError: a given name is not there, two roles have one column, a role fits several
            columns, or no column fits the user or the item.
    """
    require_frame(df, "the table of interactions")
    names = _own_columns(df)
    given = {"user": user, "item": item, "rating": rating, "timestamp": timestamp}
    if event is not None:
        if rating:
            raise ColumnError(
                "kinds of events have weights of their own, beside which ratings do not count",
                found=f"the rating {rating!r}",
                fix="leave ratingCol (--rating) or eventCol (--event) out",
            )
        given["rating"] = UNUSED
    for role, name in (given | {"event": event}).items():
        if name:
            require_column(df, role, name)
    free = [name for name in names if name not in (*given.values(), event)]
    found = {
        role: recognised(role, free) if name is None else name or None
        for role, name in given.items()
    }
    for role in ("user", "item"):
        if found[role] is None:
            raise ColumnError(
                f"no column has a usual name for the {role}", found=_listed(names), fix=_fix(role)
            )
    columns = InteractionColumns(**found, event=event)  # type: ignore[arg-type]  # user and item are not None
    _check_distinct(columns)
    return columns


def require_column(df: DataFrame, role: str, name: str) -> None:
    """Raise a ColumnError, with the nearest match, unless `df` has exactly this one column."""
    require_frame(df, f"the table with the column of the {role}")
    names = _own_columns(df)
    alike = named_alike(names, name)
    if alike == [name]:
        return
    if name in names:
        raise ColumnError(
            f"several columns are named {name!r}, in which case does not count",
            found=_listed(names),
            fix="rename all but one",
        )
    by_lower_case = {known.lower(): known for known in names}
    nearest = get_close_matches(name.lower(), by_lower_case, n=1)
    hint = f"did you mean {by_lower_case[nearest[0]]!r}? " if nearest else ""
    raise ColumnError(
        f"there is no column {name!r} for the {role}",
        found=_listed(names),
        fix=hint + _fix(role),
    )


def has_column(df: DataFrame, role: str, name: str) -> bool:
    """Whether a frame has a column that it need not have.

    Raises:
        ColumnError: it has one of this name but for upper and lower case. It may be meant, and to
            ignore it would change the result silently.
    """
    require_frame(df, f"the table with the column of the {role}")
    if not named_alike(_own_columns(df), name):
        return False
    require_column(df, role, name)
    return True


def require_free_names(names: Mapping[str, str], taken: Iterable[str]) -> None:
    """Check that a result can have the input's names beside its own.

    Args:
        names: of columns of the input, by role.
        taken: the columns of the result.

    Raises:
        ColumnError: a column is named like one of the result.
    """
    lower = {name.lower() for name in taken}  # Spark's columns have no case
    for role, name in names.items():
        if name.lower() in lower:
            raise ColumnError(
                f"the {role} column cannot be named like a column of the result",
                found=repr(name),
                fix="rename it in the input",
            )


def _own_columns(df: DataFrame) -> list[str]:
    return [name for name in df.columns if name != MALFORMED_LINE]


def recognised(
    role: str, names: Collection[str], usual: Mapping[str, Collection[str]] = USUAL_NAMES
) -> str | None:
    """The column with a usual name for a role, None if there is none.

    Args:
        role: what the column is to hold.
        names: of the columns to choose from.
        usual: the usual names of each role, in lower case and of letters alone.

    Raises:
        ColumnError: several fit.
    """
    fitting = [name for name in names if _plain(name) in usual[role]]
    fitting = [name for name in fitting if _plain(name).endswith("id")] or fitting
    if len(fitting) > 1:
        raise ColumnError(
            f"several columns could hold the {role}", found=_listed(fitting), fix=_fix(role)
        )
    return fitting[0] if fitting else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _check_distinct(columns: InteractionColumns) -> None:
    used = [name for name in astuple(columns) if name is not None]
    for name in used:
        if used.count(name) > 1:
            raise ColumnError(
                f"the column {name!r} is used twice", found=str(columns), fix="name distinct ones"
            )


def _fix(role: str) -> str:
    """Say how to name the column, in the library and on the command line."""
    fix = f"name it by {role}Col (--{role})"
    return fix if role in ("user", "item") else f"{fix}, or give it empty to use none"


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) if names else "no columns"
