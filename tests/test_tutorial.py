"""The tutorial is true: its commands and its Python run, and print what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.cli import main
from graphrec.cli.app import VERBS
from tests.documents import ROOT, steps, typed

TUTORIAL = ROOT / "docs" / "tutorial.md"


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
    for step in steps(TUTORIAL):
        source = step.source.replace("out/", f"{tmp_path}/out/")  # Spark has a folder of its own
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            if step.kind == "python":
                exec(source, names)
            else:
                for words in typed(source):
                    if words[0] == "graphrec":  # the shell's own are run by test_documents
                        verbs.append(words[1])
                        assert main(words[1:]) == 0, words
        printed = {shape(line) for line in out.getvalue().splitlines()}
        for line in step.told.splitlines():
            if words_of(line):
                assert shape(line) in printed, f"{step.source}{line}"
    assert set(verbs) == VERBS.keys()
    assert names


def words_of(line: str) -> list[str]:
    """What is said in a line; rules and dots say nothing."""
    return re.findall(r"\w+", line)
