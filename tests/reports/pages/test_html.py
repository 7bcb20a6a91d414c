"""What becomes HTML."""

from __future__ import annotations

from graphrec.reports.pages.html import marked_up
from graphrec.reports.words.text import isolated


def test_what_is_isolated_becomes_an_element_and_no_code() -> None:
    hostile = isolated("<b>\u2069\u202e")
    marked = marked_up(f"From {hostile} to {isolated('b')} & on")
    assert marked == "From <bdi>&lt;b&gt;</bdi> to <bdi>b</bdi> &amp; on"
