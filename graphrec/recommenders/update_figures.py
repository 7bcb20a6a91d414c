"""What an update has taken in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UpdateFigures:
    """The figures of an update.

    Attributes:
        batch: the name of what was taken in, see `graphrec.data.batches`; None where users were
            forgotten and nothing was taken in.
        accepted_rows: rows that were taken in.
        rejected: rows rejected by reason.
        changed_users: users who have accepted rows among the new ones.
        forgotten_users: users of whom nothing remains.
    """

    batch: str | None
    accepted_rows: int
    rejected: dict[str, int]
    changed_users: int
    forgotten_users: int
