"""Conditions on items, such as `year >= 1990 and genre in ('Drama', 'War')`, as a mask.

A small language of its own, parsed here: names are those of the table's columns, values are
numbers or text, and nothing else is possible. No condition becomes SQL or Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphrec.errors import ParameterError

MAX_LENGTH: Final = 500  # characters
_MAX_DEPTH: Final = 10  # of parentheses and negations

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<sign><=|>=|!=|=|<|>|\(|\)|,)"
    r"|(?P<word>[^\W\d]\w*))"
)
_COMPARISONS: Final[dict[str, Callable[..., Any]]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_OPERATORS: Final = f"{', '.join(_COMPARISONS)}, in (...), contains"


def matching(table: pa.Table, condition: str) -> npt.NDArray[np.bool_]:
    """The rows of a table that fulfil a condition, (rows,); one without a value does not.

    Args:
        table: of text and numbers.
        condition: comparisons `COLUMN = VALUE` (also !=, <, <=, >, >=, `in (VALUE, ...)`, and
            `contains VALUE` for text), joined by `and`, `or`, `not` and parentheses. Text stands
            in single quotes, which are doubled in it.

    Raises:
        ParameterError: it cannot be read, or names no column, or compares text with a number.
    """
    if len(condition) > MAX_LENGTH:
        raise ParameterError(
            "a condition is too long",
            found=f"{len(condition)} characters",
            fix=f"give at most {MAX_LENGTH}",
        )
    parser = _Parser(table, condition)
    try:
        mask = parser.alternatives(0)
    except (pa.ArrowException, OverflowError, TypeError) as error:
        raise ParameterError("a condition compares what cannot be", found=str(error)) from error
    parser.end()
    found: npt.NDArray[np.bool_] = np.asarray(pc.fill_null(mask, False)).astype(np.bool_)
    return found


class _Parser:
    """By recursive descent; each method takes its part of the text and gives its mask."""

    def __init__(self, table: pa.Table, condition: str) -> None:
        self._table = table
        self._tokens = _tokens(condition)
        self._next = 0

    def alternatives(self, depth: int) -> pa.ChunkedArray:
        mask = self._conjunction(depth)
        while self._take("word", "or"):
            mask = pc.or_kleene(mask, self._conjunction(depth))
        return mask

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise _unreadable(f"{self._tokens[self._next][1]!r}", "the end, `and` or `or`")

    def _conjunction(self, depth: int) -> pa.ChunkedArray:
        mask = self._factor(depth)
        while self._take("word", "and"):
            mask = pc.and_kleene(mask, self._factor(depth))
        return mask

    def _factor(self, depth: int) -> pa.ChunkedArray:
        if depth > _MAX_DEPTH:
            raise _unreadable("parentheses in parentheses", f"at most {_MAX_DEPTH}")
        if self._take("word", "not"):
            return pc.invert(self._factor(depth + 1))
        if self._take("sign", "("):
            mask = self.alternatives(depth + 1)
            self._require("sign", ")")
            return mask
        return self._comparison()

    def _comparison(self) -> pa.ChunkedArray:
        name = self._require("word", None)
        if name not in self._table.column_names:
            raise ParameterError(
                "a condition names no column of the items",
                found=repr(name),
                fix=f"it has {', '.join(self._table.column_names)}",
            )
        column = self._table[name]
        if self._take("word", "in"):
            return pc.is_in(column, pa.array(self._values(column), column.type))
        if self._take("word", "contains"):
            if not _is_text(column):
                raise ParameterError("only text can contain text", found=f"the column {name!r}")
            return pc.match_substring(column, self._value(column))
        sign = self._require("sign", None)
        if sign not in _COMPARISONS:
            raise _unreadable(repr(sign), f"one of {_OPERATORS}")
        return _COMPARISONS[sign](column, self._value(column))

    def _values(self, column: pa.ChunkedArray) -> list[Any]:
        self._require("sign", "(")
        values = [self._value(column)]
        while self._take("sign", ","):
            values.append(self._value(column))
        self._require("sign", ")")
        return values

    def _value(self, column: pa.ChunkedArray) -> Any:
        wanted = "text" if _is_text(column) else "number"
        text = self._require(wanted, None)
        if wanted == "text":
            return text[1:-1].replace("''", "'")
        return float(text) if "." in text or pa.types.is_floating(column.type) else int(text)

    def _take(self, kind: str, text: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next] == (kind, text)
        self._next += found
        return found

    def _require(self, kind: str, text: str | None) -> str:
        """The next token, which must be of a kind, and perhaps a certain one."""
        wanted = repr(text) if text else {"sign": _OPERATORS, "word": "a column"}.get(kind, kind)
        if self._next == len(self._tokens):
            raise _unreadable("its end", wanted)
        found_kind, found = self._tokens[self._next]
        if found_kind != kind or (text is not None and found != text):
            raise _unreadable(repr(found), wanted)
        self._next += 1
        return found


def _tokens(condition: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    condition = condition.rstrip()
    while position < len(condition):
        match = _TOKEN.match(condition, position)
        if match is None or match.lastgroup is None:
            raise _unreadable(repr(condition[position : position + 10]), "a column, sign or value")
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


def _is_text(column: pa.ChunkedArray) -> bool:
    return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)


def _unreadable(found: str, wanted: str) -> ParameterError:
    return ParameterError("a condition cannot be read", found=found, fix=f"expected {wanted}")
