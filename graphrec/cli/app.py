"""The command `graphrec`: its verbs, its exit codes, and one line for each failure."""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Protocol, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

import graphrec
from graphrec.cli.commands import (
    doctor,
    drift,
    evaluate,
    experiment,
    experiment_plan,
    explain,
    explore,
    export_events,
    model,
    recommend,
    serve,
    session,
    stream,
    tune,
    update,
    watched_together,
)
from graphrec.cli.options import TableOptions
from graphrec.cli.runtime.error_text import disk_full, one_line
from graphrec.cli.runtime.signals import code_of_interruption, interruptions_raise
from graphrec.errors import GraphrecError, InputError, shown

_LINE_BREAK: Final = re.compile(r"(?<!\n)\n(?!\n)")  # a help's lines are broken by its reader


class Verb(Protocol):
    """A module with a verb: its options, and what it does with them."""

    Options: type[Any]

    def run(self, options: Any) -> None:
        """What the verb does; the docstring is its help."""


VERBS: Final[dict[str, Verb]] = {
    "recommend": recommend,
    "update": update,
    "stream": stream,
    "watched-together": watched_together,
    "explain": explain,
    "explore": explore,
    "evaluate": evaluate,
    "tune": tune,
    "experiment": experiment,
    "experiment-plan": experiment_plan,
    "model": model,
    "drift": drift,
    "serve": serve,
    "export-events": export_events,
    "session": session,
    "doctor": doctor,
}


class _VerbsOfTwoWords(TyperGroup):
    """`experiment plan` is the command `experiment-plan`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command of the first word, or of the first two."""
        together = "-".join(args[:2])
        if len(args) > 1 and args[1].isalpha() and together in self.commands:
            args = [together, *args[2:]]
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=_VerbsOfTwoWords, no_args_is_help=True, add_completion=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        arguments: without the program's name; None takes those of the process.

    Returns:
        the exit code: 0; 2 for what the user can mend, 3 where `drift` finds any, 1 for any other
        failure, 130 and 143 after Ctrl-C and SIGTERM. Each but 0 comes with one line on standard
        error.
    """
    try:
        code = app(arguments, prog_name="graphrec", standalone_mode=False)
    except typer.TyperException as error:  # the command line itself
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "graphrec"
        wrong = error.format_message().rstrip(".")
        return _fail(f"{wrong}; see `{command} --help`", InputError.exit_code)
    except GraphrecError as error:  # the configuration file
        return _fail(str(error), error.exit_code)
    return int(code or 0)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"graphrec {graphrec.__version__}")
        raise typer.Exit


@app.callback()
def _about(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Graph-based hybrid recommendations on Spark."""


class _EachOptionOnce(TyperCommand):
    """A command that refuses an option that is given twice, instead of taking the last one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line, unless an option is there twice."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter in given:
            if given.count(parameter) > 1 and not getattr(parameter, "multiple", False):
                ctx.fail(f"{parameter.opts[0]} is given more than once")
        return super().parse_args(ctx, args)


def _command(verb: Verb) -> Callable[..., None]:
    """Make the function that typer registers for a verb: one parameter per option."""

    def command(**values: Any) -> None:
        raise typer.Exit(_exit_code(verb, verb.Options(**values)))

    signature = inspect.signature(verb.Options)
    hints = get_type_hints(verb.Options, include_extras=True)
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            parameter.replace(annotation=hints[name])
            for name, parameter in signature.parameters.items()
        ],
        return_annotation=None,
    )
    command.__doc__ = _LINE_BREAK.sub(" ", inspect.getdoc(verb.run) or "")
    return command


def _exit_code(verb: Verb, options: Any) -> int:
    """Run a verb, print how it ended, and return the exit code."""
    try:
        with interruptions_raise():
            verb.run(options.with_query() if isinstance(options, TableOptions) else options)
    except (Exception, KeyboardInterrupt) as error:
        if options.debug:
            traceback.print_exc()
        if code := code_of_interruption(error):
            return _fail("; ".join(["interrupted", *getattr(error, "__notes__", [])]), code)
        error = disk_full(error) or error
        if isinstance(error, GraphrecError):
            return _fail(str(error), error.exit_code)
        return _fail(f"{one_line(error)}; --debug shows where", GraphrecError.exit_code)
    return 0


def _fail(line: str, code: int) -> int:
    print(f"graphrec: {shown(line)}", file=sys.stderr)
    return code


for _name, _verb in VERBS.items():
    app.command(_name, cls=_EachOptionOnce)(_command(_verb))
