from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.slow
def test_the_library_example_runs(tmp_path: Path) -> None:
    """As a script of its own, from a folder of its own: the session is the one it makes."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    script = tmp_path / "example.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True)
    assert (tmp_path / "out" / "model" / "metadata").is_dir()


def test_every_script_that_is_named_is_there() -> None:
    named = re.findall(r"(?:\./|spark-submit )((?:scripts|jobs)/\S+)", README.read_text("utf-8"))
    assert named
    assert all((README.parent / name).is_file() for name in named)
