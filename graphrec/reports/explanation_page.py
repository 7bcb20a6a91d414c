"""An explanation in words and figures, and the page that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graphrec.columns import RANK, SCORE, SOURCE, WEIGHT
from graphrec.explanation.contributions import POPULARITY
from graphrec.explanation.explanation import (
    BLENDED_RANK,
    CONTRIBUTION,
    DEVIATION,
    DIVERSITY,
    LEG,
    LENGTH,
    MEAN,
    OF_HISTORY,
    OF_MEAN,
    OF_USER_FACTOR,
    OUTCOME,
    PART,
    PENALTY,
    RAW,
    SIMILAR_TO,
    SIMILARITY,
    Explanation,
)
from graphrec.explanation.paths import HISTORY_ITEM, OTHER_USER, SHARE
from graphrec.explanation.rank_position import (
    BELOW,
    DENIED,
    LISTED,
    NOT_RETRIEVED,
    OUTSIDE_POOL,
    SEEN,
)
from graphrec.reports.charts.paths import PicturedPath, picture
from graphrec.reports.page import render
from graphrec.reports.small_tables import Row, rows_of
from graphrec.reports.words.text import isolated, printable
from graphrec.serving.lists import POPULAR

_SHOWN: Final = 20  # items of the history in the table of the page

_WHY_NOT: Final = {
    SEEN: "it is in the history, and what was seen is left out",
    DENIED: "it is denied, or not among what is allowed",
    NOT_RETRIEVED: "it is not among the candidates that the graph retrieves",
    OUTSIDE_POOL: "it is too far down for MMR to look at",
}
_PARTS: Final = {
    OF_MEAN: "minus the mean over all items",
    OF_USER_FACTOR: "the user's own factor",
    POPULARITY: "popularity",
}


@dataclass(frozen=True)
class Found:
    """The small tables of an `Explanation`, on the driver: a history, and a few paths.

    Attributes:
        user: the user's id, as text.
        item: the item's id.
        item_column: its name in the tables.
        position: one row, by column.
        shares, contributions, paths: rows by column, in their order; ids are what they were.
    """

    user: str
    item: Any
    item_column: str
    position: Row
    shares: list[Row]
    contributions: list[Row]
    paths: list[Row]

    @staticmethod
    def of(explanation: Explanation) -> Found:
        """Fetch them."""
        [position] = rows_of(explanation.position)
        user, item = list(position)[:2]
        return Found(
            user=printable(str(position[user])),
            item=position[item],
            item_column=item,
            position=position,
            shares=rows_of(explanation.shares),
            contributions=rows_of(explanation.contributions.orderBy(RANK)),
            paths=rows_of(explanation.paths.orderBy(RANK)),
        )

    @property
    def items(self) -> list[Any]:
        """All items that are named."""
        named = [self.item, *(path[HISTORY_ITEM] for path in self.paths)]
        named += [entry[self.item_column] for entry in self.history]
        similar_to = self.position[SIMILAR_TO]
        return named if similar_to is None else [*named, similar_to]

    @property
    def history(self) -> list[Row]:
        """The contributions of the items of the history, the largest first."""
        return [entry for entry in self.contributions if entry[PART] == OF_HISTORY]

    @property
    def legs(self) -> list[str]:
        """The legs' names."""
        return [share[LEG] for share in self.shares]


@dataclass(frozen=True)
class Entry:
    """A line of a table: a name, and what it adds; the sum has a line of its own."""

    name: str
    adds: float
    others: tuple[float | None, ...]
    is_sum: bool = False


# --- in words -------------------------------------------------------------------------------------


def standing(found: Found) -> str:
    """Where the item stands, or why it does not."""
    position = found.position
    score = f"score {position[SCORE]:.2f}"
    if position[SOURCE] == POPULAR:
        score = f"{score}, its popularity"
    if position[OUTCOME] == LISTED:
        return f"rank {position[RANK]} of {position[LENGTH]}, {score}"
    if position[OUTCOME] == BELOW:
        return f"not among the {position[LENGTH]}: it would have rank {position[RANK]}, {score}"
    return f"not listed: {_WHY_NOT[position[OUTCOME]]}; {score}"


def diversified(found: Found, title_of: Mapping[Any, str]) -> str | None:
    """What MMR took from it, and for its likeness to what."""
    position = found.position
    if position[PENALTY] is None:
        return None
    alone = f"by its score alone it has rank {position[BLENDED_RANK]}"
    if position[SIMILAR_TO] is None:
        return f"MMR (λ = {position[DIVERSITY]:g}) took nothing from it; {alone}"
    other = isolated(title_of[position[SIMILAR_TO]])
    return (
        f"MMR (λ = {position[DIVERSITY]:g}) took {position[PENALTY]:.2f} from it for its likeness "
        f"of {position[SIMILARITY]:.2f} to {other}, listed before; {alone}"
    )


def share_rows(found: Found) -> list[Entry]:
    """Each leg's share of the score, with weight, own score, mean and deviation."""
    rows = [
        Entry(leg[LEG], leg[SHARE], tuple(leg[name] for name in (WEIGHT, RAW, MEAN, DEVIATION)))
        for leg in found.shares
    ]
    return [*rows, Entry("score", found.position[SCORE], (None,) * 4, is_sum=True)]


def contribution_rows(found: Found, title_of: Mapping[Any, str], longest: int) -> list[Entry]:
    """What each item of the history adds, with each leg's part of it."""
    shown = found.history[:longest]
    rows = [
        Entry(title_of[entry[found.item_column]], entry[CONTRIBUTION], _of_legs(found, entry))
        for entry in shown
    ]
    rest = found.history[longest:]
    if rest:
        rows.append(_sum(f"{len(rest)} more", found, rest))
    rows += [
        Entry(_PARTS[entry[PART]], entry[CONTRIBUTION], _of_legs(found, entry))
        for entry in found.contributions
        if entry[PART] != OF_HISTORY
    ]
    return [*rows, replace(_sum("score", found, found.contributions), is_sum=True)]


def _sum(name: str, found: Found, entries: Sequence[Row]) -> Entry:
    columns = (CONTRIBUTION, *found.legs)
    added, *of_legs = (sum(entry[column] for entry in entries) for column in columns)
    return Entry(name, added, tuple(of_legs))


def _of_legs(found: Found, entry: Mapping[Any, Any]) -> tuple[float, ...]:
    return tuple(entry[leg] for leg in found.legs)


# --- the page -------------------------------------------------------------------------------------


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


def explanation_page(found: Found, title_of: Mapping[Any, str]) -> str:
    """The page as HTML that fetches nothing.

    Args:
        found: what it shows.
        title_of: the titles of `found.items`.
    """
    item = title_of[found.item]
    mmr = diversified(found, title_of)
    paths = [
        PicturedPath(title_of[path[HISTORY_ITEM]], printable(str(path[OTHER_USER])), path[WEIGHT])
        for path in found.paths
    ]
    return render(
        "explanation.html",
        title=f"Why {isolated(item)} for {isolated(found.user)}?",
        standing=_sentence(standing(found)),
        sentences=[_sentence(mmr)] if mmr else [],
        paths_reading=_paths_reading(found),
        picture=picture(found.user, item, paths) if paths else None,
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
                _bars(contribution_rows(found, title_of, _SHOWN)),
            ),
        ],
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _paths_reading(found: Found) -> str:
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


def figure(value: float | None) -> str:
    """A figure as text, nothing where there is none."""
    return "" if value is None else f"{value:.3f}"
