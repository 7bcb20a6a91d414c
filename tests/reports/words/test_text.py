"""Ids and titles as people see them."""

from __future__ import annotations

import pytest

from graphrec.reports.words.text import printable, shortened

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f466"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" a\x1b[31mb\tc\nd ", "a [31mb c d"),
        ("a\u202eb\u2066c\u2069", "abc"),  # what turns the text after it
        ("soft\u00adware\u200b\ufeff", "software"),
        ("two\u2028lines\x85", "two lines"),
        (FAMILY, FAMILY),
        (SCOTLAND, SCOTLAND),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("Ze\u0301ro", "Ze\u0301ro"),
        ("\U0001fae9", "\U0001fae9"),  # an emoji that Python's tables do not know yet
    ],
)
def test_a_title_is_one_line_that_commands_nothing_and_keeps_its_letters(
    text: str, shown: str
) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        (FAMILY * 3, 3, FAMILY * 3),
        (FAMILY * 4, 3, FAMILY * 2 + "…"),
        ("e\u0301" * 4, 3, "e\u0301" * 2 + "…"),
        (
            "\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea" * 2,
            3,
            "\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea…",
        ),
        ("\U0001f44b\U0001f3fd" * 3, 2, "\U0001f44b\U0001f3fd…"),
    ],
)
def test_letters_are_never_parted(text: str, most: int, shown: str) -> None:
    assert shortened(text, most) == shown
