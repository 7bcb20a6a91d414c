"""How the site is built: `./scripts/docs`, by Sphinx, with warnings as errors."""

from __future__ import annotations

import re
from typing import Any

import graphrec
from graphrec.params import DefaultParam, DefaultParams

project = "graphrec"
author = "the graphrec authors"
version = release = graphrec.__version__
language = "en-GB"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
nitpicky = False

html_theme = "furo"
html_title = f"graphrec {release}"
html_static_path = ["_static"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False

myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

default_role = "code"  # docstrings put code in single backquotes, as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_preprocess_types = False

_TABLE = re.compile(r"^\s*\|.*\|$")
_SECTION = re.compile(r"^(Args|Returns|Raises|Examples?|Attributes|Yields|Note|Source):\s*$")


def setup(app: Any) -> None:
    """Docstrings are read as Markdown where they use it, and Params are listed."""
    app.connect("autodoc-process-docstring", _prepare, priority=100)  # before napoleon
    app.connect("autodoc-process-docstring", _list_params, priority=900)
    app.connect("autodoc-skip-member", _skip_param)


def _prepare(
    _app: Any, _what: str, _name: str, _found: Any, _options: Any, lines: list[str]
) -> None:
    """Show tables and indented code as they stand."""
    shown: list[str] = []
    inside = False  # a section of Google's style, whose text is indented
    for line in lines:
        if line and not line[0].isspace():
            inside = bool(_SECTION.match(line))
        if not inside and _TABLE.match(line):
            begins = not (shown and _TABLE.match(shown[-1]))
            shown += (["", "::", ""] if begins else []) + [f"    {line}"]
        elif not inside and _begins_code(line, shown):
            shown += ["::", "", line]
        elif "|" in line and "`" not in line and not _TABLE.match(line):
            shown.append(line.replace("|", r"\|"))  # |T| is no substitution
        else:
            shown.append(line)
    lines[:] = shown


def _begins_code(line: str, before: list[str]) -> bool:
    """Whether an indented line stands alone behind a paragraph of text."""
    if not line.startswith("    ") or len(before) < 2 or before[-1].strip():
        return False
    last = next((old for old in reversed(before) if old.strip()), " ")
    return not last[0].isspace() and not last.endswith("::")


def _list_params(
    _app: Any, what: str, _name: str, found: Any, _options: Any, lines: list[str]
) -> None:
    """Add the parameters of an Estimator or a Model: name, default, meaning."""
    if what != "class" or not issubclass(found, DefaultParams):
        return
    params = [own for name in dir(found) if isinstance(own := getattr(found, name), DefaultParam)]
    if params:
        lines += ["", "Parameters, each with `getX` and `setX`:", ""]
    for own in params:
        doc = re.sub(r"([*|\\])", r"\\\1", own.doc)
        lines += [f"- **{own.name}** = `{own.default!r}`: {doc}"]


def _skip_param(_app: Any, _what: str, name: str, found: Any, skip: bool, _options: Any) -> bool:
    """Leave out Params and their getters and setters: they are in the list of parameters."""
    accessor = re.match(r"(get|set)[A-Z]", name) is not None and "Param" in str(
        getattr(found, "__doc__", "")
    )
    return skip or isinstance(found, DefaultParam) or accessor
