"""What happened to the rows that were read, in a few lines: only what did happen has one."""

from __future__ import annotations

from collections.abc import Iterator

from graphrec.data.figures import InteractionFigures
from graphrec.evaluation.ground_truth import GroundTruthFigures


def learned_from(figures: InteractionFigures) -> Iterator[str]:
    """How the accepted rows were combined and capped before anything was learned."""
    if figures.combined_rows:
        yield (
            f"{_rows(figures.accepted_rows)} became {figures.interactions:,} interactions: "
            f"those of the same user and item were combined (duplicates={figures.duplicates})"
        )
    if figures.dislikes:
        yield (
            f"{figures.dislikes:,} disliked, by a rating below 0: never listed, and not counted "
            "as interactions"
        )
    capped = figures.capped
    if capped is not None and capped.users:
        yield (
            f"{_users(capped.users)} with more than maxHistory={capped.longest} interactions: "
            f"pairs are counted by the latest, {capped.interactions:,} interactions left out"
        )


def ground_truth(figures: GroundTruthFigures) -> Iterator[str]:
    """How many interactions of the test set are measured, and why the others are not."""
    yield f"tested on {figures.interactions:,} interactions of {_users(figures.users)}"
    if figures.rows > figures.interactions:
        yield f"  {_rows(figures.rows - figures.interactions)} came again and count once"
    if figures.seen:
        yield f"  {figures.seen:,} are in the training set, too: " + (
            "never listed, so left out" if figures.seen_left_out else "they count, as all others"
        )
    if figures.unknown:
        yield f"  {figures.unknown:,} are with items that the training set does not have: missed"
    if figures.unreachable_users:
        yield f"  {_nothing_to_find(figures)}"


def _nothing_to_find(figures: GroundTruthFigures) -> str:
    unmeasured = figures.unmeasured_users
    missed = figures.unreachable_users - unmeasured
    parts = [
        *([f"{unmeasured:,} not measured, all was left out"] if unmeasured else []),
        *([f"{missed:,} with 0 in all metrics of accuracy"] if missed else []),
    ]
    return f"{_users(figures.unreachable_users)} without anything to find: {'; '.join(parts)}"


def _rows(number: int) -> str:
    return f"{number:,} row" + ("" if number == 1 else "s")


def _users(number: int) -> str:
    return f"{number:,} user" + ("" if number == 1 else "s")
