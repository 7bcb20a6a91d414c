"""A page of the site as a notebook: its Python are the cells, what it prints are their outputs.

    python -m examples.notebook docs/movielens.md examples/movielens.ipynb

Page and notebook have one source, so they cannot differ; a test compares them. The format is that
of nbformat 4.5.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

Cell = dict[str, Any]

_PART: Final = re.compile(
    r"^```python\n(?P<code>.*?)^```$"
    r"|^```\n(?P<printed>.*?)^```$"
    r"|^!\[[^\]]*\]\((?P<picture>[^)]+\.svg)\)$",
    re.DOTALL | re.MULTILINE,
)
_PAGE: Final = re.compile(r"\]\((?!https?:|#)([^)]+)\)")  # a link to another page of the site


def main() -> None:
    """Write the notebook of a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("notebook", type=Path)
    arguments = parser.parse_args()
    arguments.notebook.write_text(notebook_of(arguments.page), encoding="utf-8")


def notebook_of(page: Path) -> str:
    """The notebook of a page, as the text of its file.

    Args:
        page: Markdown. A block without a language is what the Python above it prints, and a picture
            (SVG) behind it is what it shows.
    """
    cells: list[Cell] = []
    text = page.read_text(encoding="utf-8")
    end = 0
    for part in _PART.finditer(text):
        cells += _prose(text[end : part.start()])
        end = part.end()
        if part["code"] is not None:
            cells.append(_code(part["code"]))
        elif part["printed"] is not None:
            output = {"output_type": "stream", "name": "stdout", "text": _lines(part["printed"])}
            cells[-1]["outputs"].append(output)
        else:
            cells[-1]["outputs"].append(_picture(page.parent / part["picture"]))
    cells += _prose(text[end:])
    numbered = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells)]
    language = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": numbered,
        "metadata": {"kernelspec": language, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _prose(text: str) -> Iterator[Cell]:
    if text.strip():
        # Links of the site are relative to `docs`, which is beside the folder of the notebooks.
        linked = _PAGE.sub(r"](../docs/\1)", text.strip())
        yield {"cell_type": "markdown", "metadata": {}, "source": _lines(linked)}


def _code(source: str) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": _lines(source.rstrip("\n")),
    }


def _picture(file: Path) -> Cell:
    data = {"image/svg+xml": _lines(file.read_text(encoding="utf-8"))}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    main()
