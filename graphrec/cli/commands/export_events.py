"""`graphrec export-events`: what a service has stored, as Parquet."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from graphrec.cli.options import ServedOptions


@dataclass(frozen=True, kw_only=True)
class Options(ServedOptions):
    """What `export-events` takes."""

    out: Annotated[str, typer.Option(metavar="DIR", help="For the two tables.")]


def run(options: Options) -> None:
    """Write events.parquet, all events, and interactions.parquet, what `recommend` learns from.

    The service may run meanwhile.
    """
    from graphrec.scorer.scorer import Scorer
    from graphrec.service.events import export_events

    model = Scorer.open(options.served).model
    events, interactions = export_events(
        options.events,
        options.out,
        model.description["columns"],
        whole_ids={"user": not model.users.of_text, "item": not model.items.of_text},
        unrated=model.rules.highest,
    )
    print(f"{events} events, {interactions} of them interactions, written to {options.out}")
