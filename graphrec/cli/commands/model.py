"""`graphrec model`: what a saved model is, what it was learned from, and how good it is."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from graphrec.cli.options import OUTPUT, OverwriteOption, SavedModelOption


@dataclass(frozen=True, kw_only=True)
class Options(OverwriteOption, SavedModelOption):
    """What `model` takes."""

    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="An HTML page with the same, which needs no network; it needs the extra "
            "`reports`. Without it the card is only shown.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None


def run(options: Options) -> None:
    """Show the card of MODEL: type, versions, parameters, figures of the data, metrics.

    Spark is not started.
    """
    from graphrec.cli.io.pages import require_page, write_page
    from graphrec.cli.text.model_card import model_card
    from graphrec.scorer.saved_model import read_card

    card = read_card(options.served)
    if options.out is not None:
        require_page(options.out, overwrite=options.overwrite)
    model_card(card)
    if options.out is not None:
        from graphrec.reports.pages.model_card import model_page

        write_page(options.out, model_page(card, path=options.served))
        print(f"written to {options.out}")
