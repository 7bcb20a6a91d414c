"""The commands that the documents tell, as a reader would type them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


@dataclass
class Step:
    """What is run, and what it is said to print."""

    kind: str  # bash or python
    source: str
    told: str = ""


def steps(document: Path) -> Iterator[Step]:
    """The blocks of a document: one without a language is the output of the one before."""
    step = None
    for kind, text in _BLOCK.findall(document.read_text(encoding="utf-8")):
        if kind:
            if step:
                yield step
            step = Step(kind, text)
        elif step:
            step.told += text
    if step:
        yield step


def commands(document: Path) -> list[list[str]]:
    """The words of each command in the blocks of a document."""
    return [
        words for step in steps(document) if step.kind == "bash" for words in typed(step.source)
    ]


def typed(source: str) -> list[list[str]]:
    """The words of each command in a block, without comments."""
    lines = source.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]
