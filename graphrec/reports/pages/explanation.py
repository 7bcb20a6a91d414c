"""The page of an explanation: sentences, the diagram of the paths, and tables with bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphrec.columns import WEIGHT
from graphrec.explanation.paths import HISTORY_ITEM, OTHER_USER, SHARE
from graphrec.reports.charts.paths import PicturedPath, picture
from graphrec.reports.pages.html import render
from graphrec.reports.tables.explanation import ExplanationTables
from graphrec.reports.words.explanation import (
    Entry,
    contribution_rows,
    figure,
    sentences,
    share_rows,
    standing,
)
from graphrec.reports.words.interaction import NEUTRAL, InteractionWords
from graphrec.reports.words.text import isolated, printable

_MAX_HISTORY_ROWS: Final = 20  # items of the history in the table of the page


@dataclass(frozen=True)
class _Bar:
    """A row of the page: in per cent of the track, from `start` on, `wide`."""

    name: str
    start: float
    wide: float
    is_less: bool
    is_sum: bool
    cells: list[str]


@dataclass(frozen=True)
class _Table:
    caption: str
    first: str
    header: Sequence[str]
    rows: list[_Bar]


def explanation_page(
    found: ExplanationTables, title_of: Mapping[Any, str], words: InteractionWords = NEUTRAL
) -> str:
    """Return the page as HTML that stands alone: it loads nothing from a network.

    Args:
        found: what it shows.
        title_of: the titles of `found.items`.
        words: what users do with items.
    """
    item = title_of[found.item]
    paths = [
        PicturedPath(title_of[path[HISTORY_ITEM]], printable(str(path[OTHER_USER])), path[WEIGHT])
        for path in found.paths
    ]
    return render(
        "explanation.html",
        title=f"Why {isolated(item)} for {isolated(found.user)}?",
        standing=_sentence(standing(found)),
        sentences=[_sentence(text) for text in sentences(found, title_of)],
        paths_reading=_paths_reading(found),
        picture=picture(found.user, item, paths, words) if paths else None,
        score_reading="Every part is exact, and they sum to the score: a leg's own score is "
        "brought to the user's mean and deviation over all items, and weighed.",
        tables=[
            _Table(
                "Shares of the recommenders",
                "recommender",
                ("share", "weight", "own score", "mean", "deviation"),
                _bars(share_rows(found)),
            ),
            _Table(
                "What each item of the history adds",
                "because of",
                ("adds", *found.legs),
                _bars(contribution_rows(found, title_of, _MAX_HISTORY_ROWS)),
            ),
        ],
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _paths_reading(found: ExplanationTables) -> str:
    if not found.paths:
        return "No other user leads from the history to this item."
    share = sum(path[SHARE] for path in found.paths)
    return (
        f"The strongest walks of three steps; they have {share:.1%} of the "
        "weight of all walks to this item. A band is as wide as its walk is probable."
    )


def _bars(rows: Iterable[Entry]) -> list[_Bar]:
    """Bars to both sides of a common zero."""
    rows = list(rows)
    parts = [row.adds for row in rows if not row.is_sum]
    low, high = min([0.0, *parts]), max([0.0, *parts])
    span = high - low or 1.0
    return [
        _Bar(
            name=row.name,
            start=100 * (min(row.adds, 0.0) - low) / span,
            wide=0.0 if row.is_sum else 100 * abs(row.adds) / span,
            is_less=row.adds < 0,
            is_sum=row.is_sum,
            cells=[figure(row.adds), *(figure(value) for value in row.others)],
        )
        for row in rows
    ]
