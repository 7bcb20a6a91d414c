"""What an update has taken in, in words."""

from __future__ import annotations

from collections.abc import Iterator

from graphrec.recommenders.update import Update


def described(done: Update) -> Iterator[str]:
    """The lines that say what was taken in, and what was not."""
    figures, dataset = done.figures, done.model.dataset
    if done.has_changed:
        yield (
            f"{figures.accepted_rows:,} rows of {figures.changed_users:,} users taken in; the "
            f"model has {dataset.users:,} users with {dataset.catalogue.size:,} items now"
        )
    else:
        yield "nothing has changed: there is nothing new in these interactions"
    if figures.forgotten_users:
        yield f"{figures.forgotten_users:,} users forgotten"
    for reason, rows in figures.rejected.items():
        yield f"{rows:>8,}  rejected: {reason}"
