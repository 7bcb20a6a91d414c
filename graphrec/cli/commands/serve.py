"""`graphrec serve`: recommendations over HTTP, without Spark."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Final

import typer

from graphrec.cli.options import ExploreOptions, QuotaOptions, ServedOptions
from graphrec.spark.extras import SERVE, require_extras

_SERVER: Final = "Server"


@dataclass(frozen=True, kw_only=True)
class Options(QuotaOptions, ExploreOptions, ServedOptions):
    """What `serve` takes."""

    items: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="CSV or Parquet with the items' ids, titles, and more for `where`."
        ),
    ] = None
    lists: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Lists of `recommend`, for answers that would come too late."
        ),
    ] = None
    cache: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            show_default="in MODEL",
            help="For the files that are mapped into memory.",
        ),
    ] = None
    watch: Annotated[
        bool,
        typer.Option(help="Take another model as soon as MODEL holds it, or a link leads to it."),
    ] = False
    experiments: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default="none",
            help="TOML with the experiments that users are assigned to, their arms and what these "
            "set. What is shown is stored as impressions.",
        ),
    ] = None
    host: Annotated[
        str,
        typer.Option(help="Any but the loopback needs tokens.", rich_help_panel=_SERVER),
    ] = "127.0.0.1"
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where it listens.", rich_help_panel=_SERVER)
    ] = 8080
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes.", rich_help_panel=_SERVER)
    ] = 1
    deadline_ms: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="MS",
            help="After it a list is a stored or a popular one.",
            rich_help_panel=_SERVER,
        ),
    ] = 200
    rate: Annotated[
        float,
        typer.Option(
            min=0.0,
            show_default="any",
            help="Requests per second of one client, in each worker.",
            rich_help_panel=_SERVER,
        ),
    ] = 0.0
    concurrency: Annotated[
        int,
        typer.Option(min=1, help="Requests that a worker works on.", rich_help_panel=_SERVER),
    ] = 64


def run(options: Options) -> None:
    """Answer requests for lists, related items and reasons, and keep the events of users.

    The addresses are listed at /docs. Tokens are taken from GRAPHREC_TOKEN, GRAPHREC_EVENTS_TOKEN
    and GRAPHREC_ADMIN_TOKEN; SIGHUP or POST /reload takes the model that MODEL holds now.
    """
    require_extras("services", SERVE)
    from graphrec.cli.exploration import slots_of
    from graphrec.cli.named_values import whole_numbers
    from graphrec.service.run import serve
    from graphrec.service.settings import Settings

    names = {field.name for field in fields(Settings)}
    given = {name: value for name, value in vars(options).items() if name in names}
    if options.quota is not None:
        given["quotas"] = whole_numbers("--quota", options.quota, "genre=3")
    given |= {"explore_slots": slots_of(options), "policy": options.policy.value}
    serve(Settings(model=options.served, **given))
