"""Phrases that say what users do with items."""

from __future__ import annotations

import json

import pytest

from graphrec.data.figures import InteractionFigures
from graphrec.reports.charts.paths import PicturedPath, picture
from graphrec.reports.map.page import explorer_page
from graphrec.reports.pages.exploration import exploration_page
from graphrec.reports.words.interaction import NEUTRAL, InteractionWords
from tests.reports.explored import made_up, made_up_findings
from tests.reports.reading import Page


@pytest.mark.parametrize("verb", [None, "", "  "])
def test_without_a_verb_the_phrases_fit_any_data(verb: str | None) -> None:
    assert InteractionWords.of(verb) == NEUTRAL


def test_every_phrase_but_as_another_has_the_verb() -> None:
    phrases = InteractionWords.of(" listened to ").by_name()
    assert {name for name, phrase in phrases.items() if "istened to" not in phrase} == {
        "as_another"
    }
    assert phrases["because"] == "because you have listened to"
    assert phrases["together_heading"] == "Listened to together with"


def test_pages_use_the_verb() -> None:
    words = InteractionWords.of("bought")
    rows = InteractionFigures(900, 850, 800, {}, None)
    report = exploration_page(made_up_findings(), rows, title="Graph", words=words)
    assert "items that the same people have bought" in report
    assert '"title": "bought by (users)"' in report
    map_of_items = Page(explorer_page(made_up(9), title="Map", words=words))
    assert map_of_items.embedded["words"]["by"] == "bought by"
    paths = picture("ann", "dune", [PicturedPath("alien", "bob", 1.0)], words)
    assert [head for head, _ in paths.heads] == [
        "user",
        "has bought",
        "as has",
        "who has also bought",
    ]


def test_no_page_says_that_items_are_watched_unless_it_is_set_to() -> None:
    rows = InteractionFigures(900, 850, 800, {}, None)
    report = exploration_page(made_up_findings(), rows, title="Graph")
    page = Page(report)
    assert "watch" not in " ".join(page.texts)
    assert '"title": "users"' in json.dumps(page.specs)
    assert "watch" not in json.dumps(page.specs)
