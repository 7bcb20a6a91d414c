"""Options from a TOML file, as the defaults of the command line.

    master = "local[4]"          # for every verb that has the option

    [recommend]
    k = 20
    half-life = 365              # hyphens and underscores are the same
    weights = { walk = 0.2, ease = 0.2, als = 0.6 }

A table named like a verb wins over the top of the file. Paths are relative to the working
directory, as on the command line. A value must have the option's type: nothing is converted, but
that a whole number may stand for text, and a table for name=value,name=value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import typer

from graphrec.errors import ParameterError, UnreadableInputError

_KINDS: Final[dict[str, tuple[str, tuple[type, ...]]]] = {
    "bool": ("true or false", (bool,)),
    "int": ("a whole number", (int,)),
    "float": ("a number", (int, float)),
}
_TEXT: Final = ("text", (str, int))  # enumerations as well

Options = Mapping[str, Any]  # parameters of a verb by name; typer has no public type of them


def apply_config(context: typer.Context, path: str | None) -> str | None:
    """Make the options in a file the defaults of the running verb.

    Raises:
        UnreadableInputError: the file is missing or no TOML.
        ParameterError: a key that is no option.
    """
    if path is None:
        return None
    verbs = _options_of_verbs(context)
    top, tables = _split(_parsed(path), verbs, path)
    own = verbs[context.info_name or ""]
    anywhere = {name: option for options in verbs.values() for name, option in options.items()}
    wanted = _checked(context, top, {**anywhere, **own}, f"at the top of {path}")
    wanted = {name: value for name, value in wanted.items() if name in own}
    for verb, values in tables.items():
        checked = _checked(context, values, verbs[verb], f"in [{verb}] of {path}")
        if verb == context.info_name:
            wanted |= checked
    context.default_map = wanted
    return path


def _options_of_verbs(context: typer.Context) -> dict[str, Options]:
    """Each verb's options by name; the file is named on the command line alone."""
    verbs: Mapping[str, Any] = context.find_root().command.commands  # type: ignore[attr-defined]
    return {
        name: {p.name: p for p in verb.params if p.name not in ("config", "help")}
        for name, verb in verbs.items()
    }


def _parsed(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except OSError as error:
        raise UnreadableInputError(
            f"{path} cannot be read", found=error.strerror, fix="check the path"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UnreadableInputError(f"{path} is not TOML", found=str(error)) from error


def _text(path: str) -> str:
    """TOML is UTF-8, but editors save it with a byte-order mark, and as UTF-16 as well."""
    from graphrec.data.reading.encodings import UTF8, marked  # noqa: PLC0415  heavy, and --help is quick

    data = Path(path).read_bytes()
    encoding = marked(data) or UTF8
    try:
        return encoding.decoded(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableInputError(
            f"{path} is not text in {encoding.codec.upper()}",
            found=f"other bytes in line {line}",
            fix="save it as UTF-8",
        ) from error


def _split(
    parsed: Mapping[str, Any], verbs: Mapping[str, Options], path: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The options at the top, and those in each verb's table."""
    top = {key: value for key, value in parsed.items() if _hyphened(key) not in verbs}
    tables = {_hyphened(key): parsed[key] for key in _once(parsed, path) if _hyphened(key) in verbs}
    for verb, table in tables.items():
        if not isinstance(table, dict):
            raise ParameterError(f"{verb} is not a table in {path}", fix=f"write [{verb}]")
    top = _plain(top, path)
    for key, value in top.items():
        if _is_table(value) and not any(key in options for options in verbs.values()):
            raise _no_table(key, verbs, path)
    return top, {verb: _plain(table, path) for verb, table in tables.items()}


def _is_table(value: Any) -> bool:
    """[name], or [[name]]."""
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(entry, dict) for entry in value)
    )


def _no_table(key: str, verbs: Collection[str], path: str) -> ParameterError:
    name = key.replace("_", "-")
    near = get_close_matches(name.lower(), verbs, n=1)
    return ParameterError(
        f"there is no table [{name}]",
        found=f"it in {path}",
        fix=f"did you mean [{near[0]}]?" if near else f"the tables are {', '.join(verbs)}",
    )


def _plain(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {key.replace("-", "_"): values[key] for key in _once(values, path)}


def _once(values: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The same values; none is there with hyphens and again with underscores."""
    for key in values:
        if "_" in key and _hyphened(key) in values:
            raise ParameterError(
                f"{path} has both {key!r} and {_hyphened(key)!r}",
                fix="leave one out: hyphens and underscores are the same",
            )
    return values


def _checked(
    context: typer.Context, values: Mapping[str, Any], options: Options, where: str
) -> dict[str, Any]:
    """The values as on the command line, each of the type and in the range of its option."""
    for name in values:
        if name not in options:
            raise _no_option(name, options, where)
    return {name: _value(context, options[name], values[name], where) for name in values}


def _no_option(name: str, options: Collection[str], where: str) -> ParameterError:
    near = get_close_matches(name, options, n=1)
    return ParameterError(
        f"there is no option {_hyphened(name)!r}",
        found=f"it {where}",
        fix=f"did you mean {_hyphened(near[0])!r}?" if near else None,
    )


def _value(context: typer.Context, option: Any, value: Any, where: str) -> Any:
    name = _hyphened(option.name)
    if isinstance(value, dict) and "=" in (option.metavar or ""):
        for key, entry in value.items():
            if isinstance(entry, bool) or not isinstance(entry, (int, float, str)):
                raise _wrong_type(f"{name}.{key}", "a number or text", entry, where)
        return ",".join(f"{key}={entry}" for key, entry in value.items())
    expected, kinds = _KINDS.get(option.bare_type(), _TEXT)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise _wrong_type(name, expected, value, where)
    value = str(value) if kinds is _TEXT[1] else value
    try:
        option.process_value(context, value)
    except typer.BadParameter as error:
        raise ParameterError(
            f"{name!r} cannot be {value!r}", found=f"it {where}", fix=error.message.rstrip(".")
        ) from error
    return value


def _wrong_type(name: str, expected: str, value: Any, where: str) -> ParameterError:
    return ParameterError(f"{name!r} must be {expected}", found=f"{_as_toml(value)} {where}")


def _as_toml(value: Any) -> str:
    """A value as it is shown: mostly as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, (date, time)):
        return str(value)
    return f"the list {value}" if isinstance(value, list) else repr(value)


def _hyphened(name: str) -> str:
    return name.replace("_", "-")
