"""What a page fetches and shows, read as a browser reads it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

# Attributes by which an element fetches something, or sends somebody somewhere.
FETCHING = {"src", "srcset", "href", "data", "action", "formaction", "poster", "background"}


class Page(HTMLParser):
    """The elements of a page.

    Attributes:
        fetched: what attributes and styles name.
        scripts: (type, text) of each script.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.scripts: list[tuple[str, str]] = []
        self._shown: list[str] = []
        self._line = False  # whether the last text goes on
        self._open = [""]
        self._type = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {name}={value}" for name, value in attrs if name in FETCHING]
        if tag == "bdi":  # a part of its line
            return
        self._open.append(tag)
        self._line = False
        self._type = dict(attrs).get("type") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "bdi":
            return
        self._open.append("")
        self._line = False

    def handle_data(self, data: str) -> None:
        if self._open[-1] == "script":
            self.scripts.append((self._type, data))
        elif self._open[-1] == "style":
            self.fetched += [
                line for line in data.split(";") if "url(" in line or "@import" in line
            ]
        else:
            self._show(data)

    def _show(self, data: str) -> None:
        if self._line:
            data = self._shown.pop() + data
        self._shown.append(data)
        self._line = True

    @property
    def texts(self) -> list[str]:
        """What is shown, a text for each element; what `bdi` keeps apart stays in its line."""
        return [text.strip() for text in self._shown]

    @property
    def specs(self) -> dict[str, dict[str, Any]]:
        """The charts."""
        return self.embedded

    @property
    def embedded(self) -> dict[str, Any]:
        """What the scripts read."""
        [text] = [text for kind, text in self.scripts if kind == "application/json"]
        loaded: dict[str, Any] = json.loads(text)
        return loaded
