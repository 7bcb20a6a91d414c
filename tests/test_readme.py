from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.cli import main
from tests.documents import is_printed

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.slow
def test_the_library_example_runs(spark: SparkSession) -> None:
    [source] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    out = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(out):
        exec(source, names)
    assert names["spark"] is spark  # it is there already
    shown = re.sub(" +", "", out.getvalue())
    assert re.search(r"^\|userId\|movieId\|rank\|", shown, re.MULTILINE)


@pytest.mark.slow
def test_the_comparison_runs(spark: SparkSession, tmp_path: Path) -> None:
    """The command as it stands there, on the sample data, with its table of figures."""
    text = README.read_text(encoding="utf-8")
    [command] = re.findall(r"^graphrec (evaluate .*)$", text, re.MULTILINE)
    names = {
        "sample_data/ratings.csv": str(README.parent / "sample_data" / "ratings.csv"),
        "out/compared": str(tmp_path / "comparison"),
    }
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        assert main([names.get(word, word) for word in command.split()]) == 0
    block = text[text.index("Lists of 10, *") :].partition("```")[0]
    shown = out.getvalue().partition("Lists of 20")[0]
    for line in block.splitlines():
        assert is_printed(line, shown), f"{line}\n{shown}"
    assert "Better than hybrid" not in out.getvalue()


def test_every_script_that_is_named_is_there() -> None:
    named = re.findall(
        r"(?:\./|spark-submit )((?:scripts|jobs)/[\w./]+)", README.read_text("utf-8")
    )
    assert named
    assert all((README.parent / name).is_file() for name in named)
