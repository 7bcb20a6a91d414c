"""HTML pages that stand alone: scripts, styles and data are in the file, nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from graphrec.viz.charts import Spec


@dataclass(frozen=True)
class Figure:
    """A chart on a page.

    Attributes:
        name: unique on the page, letters and hyphens.
        title: what it shows.
        reading: what is to be seen in it, in a sentence or two.
        spec: Vega-Lite.
    """

    name: str
    title: str
    reading: str
    spec: Spec


def render(template: str, figures: Mapping[str, Figure], **values: Any) -> str:
    """Fill a template of `templates/`; every text in it is escaped.

    Args:
        template: name of the file; it extends `page.html`.
        figures: the charts, by the names that the template has for them.
        **values: what else the template shows.
    """
    specs = {figure.name: figure.spec for figure in figures.values()}
    page = _environment().get_template(template)
    return page.render(figures=figures, specs=specs, vega=_vega(), **values)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("graphrec.viz"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _vega() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script, which sets `window.vegaEmbed`."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # Only a closing tag could end the script early; in a string of JavaScript \/ is the same.
    return Markup(script.replace("</script", r"<\/script"))
