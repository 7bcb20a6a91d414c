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
from tests.documents import ROOT, is_printed, steps, typed

TUTORIAL = ROOT / "docs" / "tutorial.md"
HAVE_A_GUIDE = {  # of their own
    "experiment",
    "experiment-plan",
    "serve",
    "export-events",
    "model",
    "session",
    "update",
    "stream",
    "drift",
}


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
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            if step.kind == "python":
                exec(source, names)
            else:
                for words in typed(source):
                    if words[0] == "graphrec":  # the shell's own are run by test_documents
                        verbs.append(words[1])
                        assert main(words[1:]) == 0, words
        for line in step.output.splitlines():
            if words_of(line):
                assert is_printed(line, out.getvalue()), f"{step.source}{line}\n{out.getvalue()}"
    assert set(verbs) == VERBS.keys() - HAVE_A_GUIDE
    assert names
    [beaten] = re.findall(r"^Better than hybrid .*", TUTORIAL.read_text("utf-8"), re.MULTILINE)
    assert beaten in (tmp_path / "out" / "comparison" / "_report.html").read_text("utf-8")


def words_of(line: str) -> list[str]:
    """What is said in a line; rules and dots say nothing."""
    return re.findall(r"\w+", line)
