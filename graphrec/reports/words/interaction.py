"""What users do with items, in words: neutral by default, or with a verb that fits the data.

One form of a verb is enough, its past participle: "users who have bought both", "bought by 12
users", "bought together with", "because you have bought".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True)
class InteractionWords:
    """The phrases of tables and pages that say what users do with items.

    Attributes:
        have: "users who ... it", "items that the same people ...".
        has: the same of one user.
        has_too: of another user who also does.
        as_another: "a user has it, ... another".
        user_with: between a user and the items of the history.
        because: before the items that are the reason for another one.
        together: between an item and its neighbours.
        together_heading: above the neighbours of an item.
        items_together: "items that ...", of the pairs that the item graph has as edges.
        same_people: "items close together ...".
        by: before a number of users.
        by_column: above a column of numbers of users.
    """

    have: str = "have"
    has: str = "has"
    has_too: str = "also has"
    as_another: str = "as does"
    user_with: str = "with"
    because: str = "because of"
    together: str = "goes together with"
    together_heading: str = "Goes together with"
    items_together: str = "go together"
    same_people: str = "have the same users"
    by: str = "in the histories of"
    by_column: str = "users"

    @staticmethod
    def of(verb: str | None) -> InteractionWords:
        """The phrases with a verb.

        Args:
            verb: a past participle such as "bought", "read" or "listened to"; without one the
                phrases fit any data.
        """
        verb = (verb or "").strip()
        if not verb:
            return NEUTRAL
        return InteractionWords(
            have=f"have {verb}",
            has=f"has {verb}",
            has_too=f"has also {verb}",
            as_another="as has",
            user_with=f"who has {verb}",
            because=f"because you have {verb}",
            together=f"{verb} together with",
            together_heading=f"{verb[0].upper()}{verb[1:]} together with",
            items_together=f"are {verb} together",
            same_people=f"are {verb} by the same people",
            by=f"{verb} by",
            by_column=f"{verb} by",
        )

    def by_name(self) -> dict[str, str]:
        """The phrases by their names, for the script of a page."""
        return asdict(self)


NEUTRAL: Final = InteractionWords()  # for any data
