"""HTML pages that stand alone: scripts, styles and data are in the file, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup, escape

from graphrec.reports.charts.vega_lite import Spec
from graphrec.reports.words.text import FIRST, LAST


@dataclass(frozen=True)
class Figure:
    """A chart on a page.

    Attributes:
        name: unique on the page, letters and hyphens.
        title: what it shows.
        reading: what is to be seen in it, in a sentence or two.
        spec: Vega-Lite, None where there are not two figures to compare: the reading has it all.
    """

    name: str
    title: str
    reading: str
    spec: Spec | None


def render(template: str, **values: Any) -> str:
    """Fill a template of `templates/`; every text in it is escaped.

    Args:
        template: name of the file; it extends `page.html`.
        **values: what it shows.
    """
    return _environment().get_template(template).render(**values)


def render_charts(template: str, figures: Mapping[str, Figure], **values: Any) -> str:
    """Fill a template that extends `charts.html`.

    Args:
        template: name of the file.
        figures: the charts, by the names that the template has for them.
        **values: what else the template shows.
    """
    specs = {figure.name: figure.spec for figure in figures.values() if figure.spec}
    return render(template, figures=figures, specs=specs, vega=_vega(), **values)


def script(name: str) -> Markup:
    """A script of `assets/` as the text of a `<script>` element."""
    text = files("graphrec.reports").joinpath("assets", name).read_text(encoding="utf-8")
    return _inline(text.partition("//# sourceMappingURL")[0])


def marked_up(text: object) -> Markup:
    """HTML of a sentence; each text that is `isolated` in it becomes a `bdi` element."""
    escaped = str(escape(text))
    return Markup(re.sub(f"{FIRST}([^{FIRST}{LAST}]*){LAST}", r"<bdi>\1</bdi>", escaped))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("graphrec.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked_up"] = marked_up
    return environment


@cache
def _vega() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script, which sets `window.vegaEmbed`."""
    return _inline(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _inline(code: str) -> Markup:
    # Only a closing tag could end the script early; in a string of JavaScript \/ is the same.
    return Markup(code.replace("</script", r"<\/script"))
