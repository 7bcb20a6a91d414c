"""Options from a TOML file, as the defaults of the command line.

    master = "local[4]"          # for every verb that has the option

    [recommend]
    k = 20
    half-life = 365              # hyphens and underscores are the same
    weights = { walk = 0.2, ridge = 0.2, als = 0.6 }

A table named like a verb wins over the top of the file. Paths are relative to the working
directory, as on the command line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from graphrec.errors import ParameterError, UnreadableInputError


def apply_config(context: typer.Context, path: str | None) -> str | None:
    """Make the options in a file the defaults of the running verb.

    Raises:
        UnreadableInputError: the file is missing or no TOML.
        ParameterError: a key that is no option.
    """
    if path is None:
        return None
    known = _options_of_verbs(context)
    top, verbs = _split(_parsed(path), known, path)
    own = known[context.info_name or ""]
    _require_options(top, set().union(*known.values()), f"at the top of {path}")
    for verb, values in verbs.items():
        _require_options(values, known[verb], f"in [{verb}] of {path}")
    wanted = {key: value for key, value in top.items() if key in own}
    wanted |= verbs.get(context.info_name or "", {})
    context.default_map = {key: _as_on_the_command_line(value) for key, value in wanted.items()}
    return path


def _options_of_verbs(context: typer.Context) -> dict[str, set[str]]:
    """The names of each verb's options; the file is named on the command line alone."""
    verbs: Mapping[str, Any] = context.find_root().command.commands  # type: ignore[attr-defined]
    return {
        name: {param.name for param in verb.params} - {"config", "help"}
        for name, verb in verbs.items()
    }


def _parsed(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableInputError(
            f"{path} cannot be read", found=error.strerror, fix="check the path"
        ) from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise UnreadableInputError(f"{path} is not TOML", found=str(error)) from error


def _split(
    parsed: Mapping[str, Any], verbs: Collection[str], path: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The options at the top, and those in each verb's table."""
    top = {key: value for key, value in parsed.items() if key not in verbs}
    tables = {key: value for key, value in parsed.items() if key in verbs}
    for verb, table in tables.items():
        if not isinstance(table, dict):
            raise ParameterError(f"{verb} is not a table in {path}", fix=f"write [{verb}]")
    return _plain(top), {verb: _plain(table) for verb, table in tables.items()}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("-", "_"): value for key, value in values.items()}


def _require_options(values: Collection[str], known: Collection[str], place: str) -> None:
    for key in values:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            raise ParameterError(
                f"there is no option {key.replace('_', '-')!r}",
                found=f"it {place}",
                fix=f"did you mean {near[0].replace('_', '-')!r}?" if near else None,
            )


def _as_on_the_command_line(value: Any) -> Any:
    """A table such as the weights' becomes name=value,name=value."""
    if isinstance(value, dict):
        return ",".join(f"{key}={entry}" for key, entry in value.items())
    return value
