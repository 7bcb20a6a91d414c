"""The tutorial is true: its commands and its Python run, and print what it says."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.cli import main
from graphrec.cli.app import VERBS

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.md"
_BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


@dataclass
class Step:
    """What is run, and what it is said to print."""

    kind: str  # bash or python
    source: str
    told: str = ""


def steps() -> Iterator[Step]:
    """The blocks of the tutorial: one without a language is the output of the one before."""
    step = None
    for kind, text in _BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
        if kind:
            if step:
                yield step
            step = Step(kind, text)
        elif step:
            step.told += text
    if step:
        yield step


def shape(line: str) -> str:
    """A line without its figures and gaps: the last digit may differ from machine to machine."""
    return re.sub(r"-?\d[\d,.]*", "#", " ".join(line.split()))


@pytest.mark.slow
def test_the_tutorial_runs_and_prints_what_it_says(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spark.range(1).count() == 1  # the session that all steps find
    (tmp_path / "sample_data").symlink_to(TUTORIAL.parents[1] / "sample_data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    verbs = []
    for step in steps():
        source = step.source.replace("out/", f"{tmp_path}/out/")  # Spark has a folder of its own
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            if step.kind == "python":
                exec(source, names)
            else:
                words = shlex.split(source.replace("\\\n", " "))
                assert words[0] == "graphrec"
                verbs.append(words[1])
                code = main(words[1:])
                assert code == 0 or words[1] == "doctor"  # which judges the machine
        printed = {shape(line) for line in out.getvalue().splitlines()}
        for line in step.told.splitlines():
            if words_of(line) and step.source.split()[1] != "doctor":
                assert shape(line) in printed, f"{step.source}{line}"
    assert set(verbs) == VERBS.keys()
    assert names


def words_of(line: str) -> list[str]:
    """What is said in a line; rules and dots say nothing."""
    return re.findall(r"\w+", line)
