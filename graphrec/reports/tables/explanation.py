"""The small tables of an explanation, on the driver, for a page and for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphrec.columns import RANK
from graphrec.explanation.explanation import LEG, OF_HISTORY, PART, SIMILAR_TO, Explanation
from graphrec.explanation.paths import HISTORY_ITEM
from graphrec.reports.tables.fetch import Row, rows_of
from graphrec.reports.words.text import printable


@dataclass(frozen=True)
class ExplanationTables:
    """The small tables of an `Explanation`, on the driver: a history, and a few paths.

    Attributes:
        user: the user's id, as text.
        item: the item's id.
        item_column: its name in the tables.
        position: one row, by column.
        shares, contributions, paths, features: rows by column, in their order; ids are what they
            were.
    """

    user: str
    item: Any
    item_column: str
    position: Row
    shares: list[Row]
    contributions: list[Row]
    paths: list[Row]
    features: list[Row]

    @staticmethod
    def of(explanation: Explanation) -> ExplanationTables:
        """Fetch them."""
        [position] = rows_of(explanation.position)
        user, item = list(position)[:2]
        return ExplanationTables(
            user=printable(str(position[user])),
            item=position[item],
            item_column=item,
            position=position,
            shares=rows_of(explanation.shares),
            contributions=rows_of(explanation.contributions.orderBy(RANK)),
            paths=rows_of(explanation.paths.orderBy(RANK)),
            features=rows_of(explanation.features),
        )

    @property
    def items(self) -> list[Any]:
        """All items that are named."""
        named = [self.item, *(path[HISTORY_ITEM] for path in self.paths)]
        named += [entry[self.item_column] for entry in self.history]
        named += [shared[HISTORY_ITEM] for shared in self.features]
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
