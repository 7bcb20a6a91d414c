"""Machine code is not used beyond the sources it was made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import graphrec
from graphrec.kernels.cache import sources_digest

PACKAGE = Path(graphrec.__file__).parent
NEEDED = ("kernels/__init__.py", "kernels/jit.py", "kernels/cache.py")
INNER = """
from typing import NamedTuple
from graphrec.kernels.jit import compiled

class {name}(NamedTuple):
    value: float

@compiled
def part(of):
    return {factor} * of.value
"""
OUTER = """
from graphrec import inner
from graphrec.kernels.jit import compiled

@compiled
def whole(of):
    return inner.part(of)
"""
CALL = "from graphrec import inner, outer; print(outer.whole(inner.{name}(3.0)))"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of this name with two kernels, one of which is compiled into the other."""
    folder = tmp_path / "graphrec"
    folder.mkdir()
    (folder / "kernels").mkdir()
    (folder / "__init__.py").write_text("")
    for name in NEEDED:
        (folder / name).write_text((PACKAGE / name).read_text())
    (folder / "outer.py").write_text(OUTER)
    return folder


def _call(package: Path, name: str, factor: float) -> float:
    """Write the inner kernel and call the outer one in a new process."""
    (package / "inner.py").write_text(INNER.format(name=name, factor=factor))
    command = [sys.executable, "-c", CALL.format(name=name)]
    done = subprocess.run(command, cwd=package.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def _kept(package: Path) -> list[Path]:
    return sorted(package.rglob("*.nbc"))


@pytest.mark.slow
def test_a_changed_callee_or_a_lost_class_is_noticed(package: Path) -> None:
    assert _call(package, "Weight", 2.0) == 6.0
    assert _call(package, "Weight", 5.0) == 15.0
    assert _call(package, "Mass", 5.0) == 15.0


@pytest.mark.slow
def test_code_is_kept_until_its_sources_change(package: Path) -> None:
    _call(package, "Weight", 2.0)
    kept = {path: path.stat().st_mtime_ns for path in _kept(package)}
    _call(package, "Weight", 2.0)
    assert kept
    assert {path: path.stat().st_mtime_ns for path in _kept(package)} == kept
    _call(package, "Weight", 7.0)
    assert not any(path.exists() for path in kept)  # nobody will ask for these again
    assert len(_kept(package)) == len(kept)


@pytest.mark.slow
def test_the_place_may_be_named(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "elsewhere"))
    other_version = tmp_path / "elsewhere" / "kernels-0123456789abcdef"
    other_version.mkdir(parents=True)
    _call(package, "Weight", 2.0)
    assert other_version.exists()
    assert not _kept(package)
    assert list((tmp_path / "elsewhere").glob(f"kernels-{sources_digest(package)}/*/*.nbc"))


def test_only_kernels_and_their_tuples_tell_the_folder(package: Path) -> None:
    before = sources_digest(package)
    (package / "other.py").write_text("print(1)\n")
    assert sources_digest(package) == before
    (package / "other.py").write_text("from graphrec.kernels.jit import compiled\n")
    assert sources_digest(package) != before
