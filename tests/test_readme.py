from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.cli import main
from tests.documents import is_printed
from tests.quick_spark import quick_variables

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.slow
def test_the_library_example_runs(tmp_path: Path) -> None:
    """As a script of its own, from a folder of its own: the session is the one it makes."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    script = tmp_path / "example.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=os.environ | quick_variables(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert re.search(r"^\|userId\|movieId\|rank\|", re.sub(" +", "", done.stdout), re.MULTILINE)


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
