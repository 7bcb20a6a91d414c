"""An explanation in sentences, and as the lines of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graphrec.columns import BOOST, DEMOTION, HISTORY_SIZE, RANK, SCORE, SOURCE, WEIGHT
from graphrec.explanation.common_features import FEATURE
from graphrec.explanation.contributions import POPULARITY
from graphrec.explanation.explanation import (
    BLENDED_RANK,
    CONTRIBUTION,
    DEVIATION,
    DIVERSITY,
    FULL,
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
)
from graphrec.explanation.paths import HISTORY_ITEM, SHARE
from graphrec.explanation.rank_position import (
    BELOW,
    DENIED,
    DISLIKED,
    LISTED,
    NOT_RETRIEVED,
    OUTSIDE_CALIBRATION,
    OUTSIDE_POOL,
    SEEN,
)
from graphrec.reports.tables.explanation import ExplanationTables
from graphrec.reports.tables.fetch import Row
from graphrec.reports.words.text import isolated, printable
from graphrec.serving.sources import POPULAR

_WHY_NOT: Final = {
    DISLIKED: "the user dislikes it",
    SEEN: "it is in the history, and what was seen is left out",
    DENIED: "it is denied, or not among what is allowed",
    NOT_RETRIEVED: "it is not among the candidates that the graph retrieves",
    OUTSIDE_CALIBRATION: "it is too far down for calibration to look at",
    OUTSIDE_POOL: "it is too far down for MMR to look at",
}
_MAX_FEATURES: Final = 4  # of an item of the history
_PARTS: Final = {
    OF_MEAN: "minus the mean over all items",
    OF_USER_FACTOR: "what is known of the user",
    POPULARITY: "popularity",
}


@dataclass(frozen=True)
class Entry:
    """A line of a table: a name, and what it adds; the sum has a line of its own."""

    name: str
    adds: float
    others: tuple[float | None, ...]
    is_sum: bool = False


def standing(found: ExplanationTables) -> str:
    """The rank of the item in the list, or why it is not listed."""
    position = found.position
    ground = f"by a history of {position[HISTORY_SIZE]:,}"
    if position[SOURCE] == POPULAR:
        ground = "its popularity"
    score = f"score {position[SCORE]:.2f}, {ground}"
    if position[OUTCOME] == LISTED:
        return f"rank {position[RANK]} of {position[LENGTH]}, {score}"
    if position[OUTCOME] == BELOW:
        return f"not among the {position[LENGTH]}: it would have rank {position[RANK]}, {score}"
    why = _WHY_NOT.get(position[OUTCOME]) or f"the quota of {printable(position[FULL])} was full"
    return f"not listed: {why}; {score}"


def sentences(found: ExplanationTables, title_of: Mapping[Any, str]) -> list[str]:
    """What boosts, having been shown before, and MMR did to the score."""
    mmr = diversified(found, title_of)
    return [*_boosted(found), *([mmr] if mmr else [])]


def _boosted(found: ExplanationTables) -> list[str]:
    position = found.position
    lines = []
    if position[BOOST] != 1:
        lines.append(f"its score is boosted by {position[BOOST]:g}")
    if position[DEMOTION] != 1:
        lines.append(
            f"its score counts {position[DEMOTION]:.3g} times, "
            "because it was shown before and not taken"
        )
    return lines


def diversified(found: ExplanationTables, title_of: Mapping[Any, str]) -> str | None:
    """How much MMR lowered the score, and for the similarity to which item; None without MMR."""
    position = found.position
    if position[PENALTY] is None:
        return None
    alone = f"by its score alone it has rank {position[BLENDED_RANK]}"
    if position[SIMILAR_TO] is None:
        return f"MMR (λ = {position[DIVERSITY]:g}) took nothing from it; {alone}"
    other = isolated(title_of[position[SIMILAR_TO]])
    return (
        f"MMR (λ = {position[DIVERSITY]:g}) took {position[PENALTY]:.2f} from it for its "
        f"similarity of {position[SIMILARITY]:.2f} to {other}, listed before; {alone}"
    )


def share_rows(found: ExplanationTables) -> list[Entry]:
    """Each leg's share of the score, with weight, own score, mean and deviation."""
    rows = [
        Entry(leg[LEG], leg[SHARE], tuple(leg[name] for name in (WEIGHT, RAW, MEAN, DEVIATION)))
        for leg in found.shares
    ]
    return [*rows, Entry("score", found.position[SCORE], (None,) * 4, is_sum=True)]


def contribution_rows(
    found: ExplanationTables, title_of: Mapping[Any, str], longest: int
) -> list[Entry]:
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


def common_rows(
    found: ExplanationTables, title_of: Mapping[Any, str], longest: int
) -> list[tuple[str, str, float]]:
    """What the item has in common with items of the history: title, features, similarity."""
    rows: dict[Any, tuple[list[str], list[float]]] = {}
    for shared in found.features:
        names, parts = rows.setdefault(shared[HISTORY_ITEM], ([], []))
        names.append(printable(shared[FEATURE]))
        parts.append(shared[SIMILARITY])
    return [
        (title_of[item], "; ".join(names[:_MAX_FEATURES]), sum(parts))
        for item, (names, parts) in list(rows.items())[:longest]
    ]


def _sum(name: str, found: ExplanationTables, entries: Sequence[Row]) -> Entry:
    columns = (CONTRIBUTION, *found.legs)
    added, *of_legs = (sum(entry[column] for entry in entries) for column in columns)
    return Entry(name, added, tuple(of_legs))


def _of_legs(found: ExplanationTables, entry: Row) -> tuple[float, ...]:
    return tuple(entry[leg] for leg in found.legs)


def figure(value: float | None) -> str:
    """A figure as text, nothing where there is none."""
    return "" if value is None else f"{value:.3f}"
