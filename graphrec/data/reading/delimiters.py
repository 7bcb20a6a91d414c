"""The delimiter: the character between the values of a line."""

from __future__ import annotations

from typing import Final

from graphrec.errors import ParameterError, UnreadableInputError

COMMA: Final = ","
TAB: Final = "\t"

_USUAL: Final = (COMMA, ";", TAB, "|")
_SPELLINGS: Final = {"tab": TAB, r"\t": TAB}


def find_delimiter(name: str | None) -> str | None:
    r"""The delimiter by its name: one character, or a tab by the name `tab` or `\t`.

    Raises:
        ParameterError: it is none.
    """
    if name is None:
        return None
    delimiter = _SPELLINGS.get(name.lower(), name)
    if len(delimiter) != 1 or delimiter in '"\n\r' or not delimiter.isascii():
        raise ParameterError(
            "a delimiter is one character, and neither a quote nor a line's end",
            found=repr(name),
            fix="give one such as ';', '|' or tab",
        )
    return delimiter


def check_one_column(file: str, header: str, delimiter: str) -> None:
    """Check that a header of one column does not hold another delimiter.

    Raises:
        UnreadableInputError: it does.
    """
    for other in _USUAL:
        if other != delimiter and other in header:
            shown = "tab" if other == TAB else other
            raise UnreadableInputError(
                f"the header of {file} is one column",
                found=header,
                fix=f"is the delimiter {shown}? Then give it by --delimiter '{shown}'",
            )
