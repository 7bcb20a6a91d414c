"""Points in time, however they are written, as seconds since 1970-01-01 UTC."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.bounds import DAY_SECONDS
from graphrec.data.column_types import finite_number

# The year 5138 in seconds is 1973 in milliseconds: no date of an interaction fits two units.
MILLISECONDS_FROM: Final = 1e11
MICROSECONDS_FROM: Final = 1e14
NANOSECONDS_FROM: Final = 1e17

# Whole numbers that are written like dates: the digits, and the least and the largest of them. As
# seconds or milliseconds they would all be moments of 1970, of 1976 or after 2500.
_DIGITAL_DATES: Final = (
    (r"(\d{4})(\d{2})(\d{2})", "$1-$2-$3", 19000101, 21001231),
    (r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})", "$1-$2-$3T$4:$5", 190001010000, 210012312359),
    (
        r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})",
        "$1-$2-$3T$4:$5:$6",
        19000101000000,
        21001231235959,
    ),
)

# What is not read at all: a column in which every number is a year, or a month (yyyymm).
_YEARS: Final = (1900, 2100)
_MONTHS: Final = (190001, 210012)

_DAY = r"\d{4}-\d{1,2}-\d{1,2}"
_MINUTE = rf"{_DAY}[T ]\d{{1,2}}:\d{{2}}"


def epoch_seconds(column: Column, kind: T.DataType) -> Column:
    """The cell as a double, seconds since 1970-01-01 UTC; null where it cannot be read.

    Numbers, and strings that hold a number, are read by their magnitude, each value for itself.
    Whole numbers from 19000101 to 21001231 are dates (yyyymmdd), those from 190001010000 to
    210012312359 dates with a time (yyyymmddHHMM), and those from 19000101000000 to 21001231235959
    the same with seconds; what is no date of the calendar cannot be read. All others are seconds,
    or milliseconds from 1e11, microseconds from 1e14, nanoseconds from 1e17. Other strings are
    ISO 8601: a date, or date and time with `T` or a space between them, with or without seconds,
    fraction and time zone. Where no zone is given (also in TIMESTAMP_NTZ and DATE columns) it is
    UTC, whatever the session's time zone.

    Args:
        column: a column of numbers, strings, timestamps or dates.
        kind: its type.
    """
    if isinstance(kind, T.TimestampType):
        return F.unix_micros(column) / 1e6
    if isinstance(kind, T.DateType):
        return F.unix_date(column) * DAY_SECONDS
    if isinstance(kind, T.TimestampNTZType):
        return _iso_seconds(column.cast("string"))
    number = _of_number(finite_number(column, kind))
    if isinstance(kind, T.StringType):
        return F.coalesce(number, _iso_seconds(F.trim(column.cast("string"))))
    return number


def written_as_years(least: float | None, largest: float | None) -> bool:
    """Whether numbers from `least` to `largest` are years or months (yyyymm), and no moments."""
    if least is None or largest is None:
        return False
    years = _YEARS[0] <= least <= largest <= _YEARS[1]
    months = _MONTHS[0] <= least <= largest <= _MONTHS[1]
    return years or months


def _of_number(number: Column) -> Column:
    moment = _by_magnitude(number)
    for digits, iso, least, largest in _DIGITAL_DATES:
        text = F.regexp_replace(number.cast("decimal(20,0)").cast("string"), rf"^{digits}$", iso)
        written = number.between(least, largest) & (number == F.floor(number))
        moment = F.when(written, _iso_seconds(text)).otherwise(moment)
    return moment


def _by_magnitude(number: Column) -> Column:
    return (
        F.when(number < MILLISECONDS_FROM, number)
        .when(number < MICROSECONDS_FROM, number / 1e3)
        .when(number < NANOSECONDS_FROM, number / 1e6)
        .otherwise(number / 1e9)
    )


def _iso_seconds(text: Column) -> Column:
    """Complete the text to date, time with seconds, and zone: Spark reads no less with a zone.

    Text that does not begin with a date stays unread: Spark would take "10:30" as today.
    """
    complete = F.regexp_replace(text, rf"^{_DAY}$", "$0T00:00:00Z")
    complete = F.regexp_replace(complete, rf"^{_MINUTE}(?![\d:])", "$0:00")
    complete = F.regexp_replace(complete, rf"^{_MINUTE}:\d{{2}}(\.\d*)?$", "$0Z")
    moment = F.when(complete.rlike(rf"^{_MINUTE}"), complete).try_cast("timestamp")
    return F.unix_micros(moment) / 1e6
