"""What the documents say to type and what they say it prints."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "RESULTS.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
_BLOCK = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w])")
_UNCHECKED = re.compile(r"[\d,.]+ (?:s|min|KiB|MiB|GiB|KB|MB)\b")  # times and sizes
_UNITS = 3  # of its last digit, by which a decimal may differ from machine to machine


@dataclass
class Step:
    """What is run, and what it is said to print."""

    kind: str  # bash or python
    source: str
    output: str = ""


def steps(document: Path) -> Iterator[Step]:
    """The blocks of a document: one without a language is the output of the one before."""
    step = None
    for kind, text in _BLOCK.findall(document.read_text(encoding="utf-8")):
        if kind.startswith("{"):  # a directive of the site
            continue
        if kind:
            if step:
                yield step
            step = Step(kind, text)
        elif step:
            step.output += text
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


def is_printed(line: str, printed: str) -> bool:
    """Whether a line of a document is among the lines that were printed.

    Words must be the same, gaps between them need not be. Whole numbers must be the same; decimals
    may differ in their last digit, for sums of floating-point numbers do between machines. Times
    and sizes in bytes may be anything.
    """
    text, figures = _taken_apart(line)
    for candidate in printed.splitlines():
        candidate_text, found = _taken_apart(candidate)
        if text == candidate_text and all(map(_equal, figures, found)):
            return True
    return False


def _taken_apart(line: str) -> tuple[str, list[str]]:
    """The words of a line with `#` for each number, and the numbers."""
    line = _UNCHECKED.sub("*", " ".join(line.split()))
    return _NUMBER.sub("#", line), _NUMBER.findall(line)


def _equal(stated: str, found: str) -> bool:
    decimals = len(stated.partition(".")[2])
    if not decimals or decimals != len(found.partition(".")[2]):
        return stated == found
    difference = abs(float(stated.replace(",", "")) - float(found.replace(",", "")))
    return difference < (_UNITS + 0.5) * 10.0**-decimals
