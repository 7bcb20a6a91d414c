from __future__ import annotations

import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.slow
def test_the_library_example_runs(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, {})
    assert (tmp_path / "out" / "model" / "metadata").is_dir()


def test_every_script_that_is_named_is_there() -> None:
    named = re.findall(r"(?:\./|spark-submit )((?:scripts|jobs)/\S+)", README.read_text("utf-8"))
    assert named
    assert all((README.parent / name).is_file() for name in named)
