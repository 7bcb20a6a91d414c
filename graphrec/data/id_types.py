"""The rule for ids: an id that cannot be converted to the model's type without loss is refused.

An id is text or a whole number. A model that learned from text takes text, and one that learned
from whole numbers takes whole numbers, of any width; 7, "7" and "007" are three ids, and nothing
turns one of them into another. Left alone, Spark would: to compare text with numbers it casts the
text, so that "007" is 7, and which text makes it fail depends on its ANSI mode.

Where a column has no type, because it was read from a file without types, text is a whole number
if it is written as Python would write it; see `graphrec.data.text_ids`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from numbers import Integral
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.column_types import is_missing, quoted
from graphrec.data.interaction_columns import require_column
from graphrec.data.text_ids import is_plain_integer, is_untyped
from graphrec.errors import ColumnError, ParameterError

_BITS: Final[dict[type[T.DataType], int]] = {
    T.ByteType: 8,
    T.ShortType: 16,
    T.IntegerType: 32,
    T.LongType: 64,
}
_PLAIN: Final = re.compile(r"0|-?[1-9][0-9]{0,38}")


def is_text(kind: T.DataType) -> bool:
    """Whether ids of this type are text, and equal only if they are written alike.

    Text with a collation is not: to UTF8_LCASE "a" and "A" are equal.
    """
    return isinstance(kind, T.StringType) and kind.isUTF8BinaryCollation()


def is_whole(kind: T.DataType) -> bool:
    """Whether ids of this type are whole numbers."""
    return _end(kind) > 0


def same_kind(one: T.DataType, other: T.DataType) -> bool:
    """Whether ids of one type can be ids of the other."""
    return (is_text(one) and is_text(other)) or (is_whole(one) and is_whole(other))


def comparable(one: T.DataType, other: T.DataType) -> bool:
    """Whether values of the types can be compared as they are."""
    return same_kind(one, other) or (one == other and not isinstance(one, T.StringType))


def require_id_type(df: DataFrame, role: str, name: str) -> None:
    """Raise a ColumnError unless the column is there, and of a type that ids may have."""
    require_column(df, role, name)
    kind = df.schema[name].dataType
    if not (is_text(kind) or is_whole(kind)):
        raise ColumnError(
            f"the column {name!r} cannot hold the {role}",
            found=kind.simpleString(),
            fix="cast it to string or long",
        )


def id_column(df: DataFrame, role: str, name: str, kind: T.DataType) -> Column:
    """The ids of a frame's column, to be compared with ids of a model.

    Args:
        df: any frame.
        role: user or item.
        name: of its column.
        kind: the type of the model's ids.

    Returns:
        A column of the model's type; or of the frame's, where that is a wider type of whole
        number: an id that the model's type cannot hold is one that the model does not know. Null
        where an id is missing, or where a column without a type has text instead of a number.

    Raises:
        ColumnError: the column is not there, or its ids are not of the model's kind.
    """
    require_id_type(df, role, name)
    column, own = quoted(name), df.schema[name].dataType
    column = F.when(~is_missing(column, own), column)
    if is_whole(kind) and is_untyped(df, name):
        column, own = F.when(is_plain_integer(column), column).try_cast("long"), T.LongType()
    if not same_kind(own, kind):
        raise ColumnError(
            f"the {role} ids in the column {name!r} are not of the model's type",
            found=f"{own.simpleString()}, where the model has {kind.simpleString()}",
            fix="give the ids as they were when the model was fitted",
        )
    return column.cast(kind) if _end(own) <= _end(kind) else column


def readable_ids(df: DataFrame, name: str, kind: T.DataType) -> Column:
    """The ids of a table of item details, such as titles; null where one cannot be an item's id.

    Ids of another type are no error here. Text is taken for a number only if Python would write the
    number so, and a number for that text.

    Args:
        df: any frame.
        name: of the column of ids.
        kind: the type of the items' ids.
    """
    ids, own = quoted(name), df.schema[name].dataType
    if is_text(kind) or not is_whole(own):
        ids = ids.cast("string")
    if is_whole(kind) and not is_whole(own):
        ids = F.when(is_plain_integer(ids), ids)
    return ids.try_cast(kind)


def as_id(value: Any, role: str, kind: T.DataType) -> Any:
    """One id that was given as an argument, as the model has it.

    Args:
        value: what was given.
        role: user or item.
        kind: the type of the model's ids.

    Raises:
        ParameterError: it is not of the model's kind, or too large for the model's type.
    """
    fits = isinstance(value, str) if is_text(kind) else _is_whole_within(value, _end(kind))
    if not fits:
        raise ParameterError(
            f"the {role} must be an id of the model's type, {kind.simpleString()}",
            found=repr(value),
            fix="give a string" if is_text(kind) else "give a whole number of this type",
        )
    if is_text(kind):
        return str(value)
    return Decimal(int(value)) if isinstance(kind, T.DecimalType) else int(value)


def id_of_text(text: str, role: str, kind: T.DataType) -> Any:
    """One id that was written on a command line, as the model has it.

    Raises:
        ParameterError: the model's ids are whole numbers, and this is none of its type.
    """
    if is_text(kind):
        return text
    if not _PLAIN.fullmatch(text):
        raise ParameterError(
            f"the {role} must be a whole number, as the ids that were learned are",
            found=repr(text),
            fix="write it without leading zeros, signs or blanks",
        )
    return as_id(int(text), role, kind)


def _end(kind: T.DataType) -> int:
    """The first whole number that the type cannot hold; 0 for what is no type of whole numbers."""
    if isinstance(kind, T.DecimalType):
        return int(10**kind.precision) if kind.scale == 0 else 0
    bits = _BITS.get(type(kind), 0)
    return 1 << bits - 1 if bits else 0


def _is_whole_within(value: Any, end: int) -> bool:
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
    else:
        whole = isinstance(value, Integral) and not isinstance(value, bool)
    return bool(whole and -end <= int(value) < end)
