"""Ids and titles made safe to show: one line, no control characters, own text direction."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

FIRST, LAST = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
_JOINER: Final = "\u200d"
_SHAPING: Final = frozenset("\u200c\u200d\u200e\u200f\u061c")  # joiners and marks of direction
_FLAG_TAGS: Final = range(0xE0020, 0xE0080)  # spell the region of a flag
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)  # of skin, after an emoji
_REGIONAL_INDICATORS: Final = range(0x1F1E6, 0x1F200)  # two of them are a flag


def printable(text: str) -> str:
    """An id or a title in one line, without control characters that a terminal would obey."""
    return harmless(text).strip()


def harmless(text: str) -> str:
    """A text without what controls a terminal, breaks a line or turns what follows.

    What only shapes the letters stays: an emoji may be several, joined by U+200D.
    """
    return "".join(map(_harmless, text))


def _harmless(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Cf":
        return letter if letter in _SHAPING or ord(letter) in _FLAG_TAGS else ""
    return " " if kind in ("Cc", "Cs", "Zl", "Zp", "Zs") else letter


# --- direction ------------------------------------------------------------------------------------


def isolated(text: str) -> str:
    """A text of the data between Unicode isolates: a right-to-left title leaves the sentence as is.

    On a page `marked_up` makes an element of it; elsewhere the marks (Unicode's isolates) do.
    """
    return f"{FIRST}{printable(text)}{LAST}"


# --- length ---------------------------------------------------------------------------------------


def shortened(text: str, most: int) -> str:
    """A text of at most so many letters; the last one is an ellipsis if anything is cut off.

    A letter is what people take for one: with its accents, or an emoji of several parts.
    """
    letters = list(clusters(text))
    return text if len(letters) <= most else f"{''.join(letters[: most - 1])}…"


def clusters(text: str) -> Iterator[str]:
    """The grapheme clusters of a text: letters with their accents, whole emoji."""
    letter = ""
    for part in text:
        if letter and not _belongs(letter, part):
            yield letter
            letter = ""
        letter += part
    if letter:
        yield letter


def _belongs(letter: str, part: str) -> bool:
    """Whether a code point goes on with a letter (Unicode's rules for grapheme clusters)."""
    code = ord(part)
    if unicodedata.category(part).startswith("M") or part in _SHAPING:
        return True
    if code in _FLAG_TAGS or code in _SKIN_TONES or letter.endswith(_JOINER):
        return True
    return code in _REGIONAL_INDICATORS and len(letter) == 1 and ord(letter) in _REGIONAL_INDICATORS
