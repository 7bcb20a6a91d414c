"""The wheel and the sdist, built, unpacked and installed as for somebody who has no repository."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from graphrec import __version__
from tests.documents import ROOT
from tests.quick_spark import quick_variables

pytestmark = pytest.mark.slow

SAMPLES = {f"graphrec/data/sample_files/{name}.csv" for name in ("ratings", "films", "users")}
FOLDER = "from graphrec import samples; print(samples.folder())"


@dataclass(frozen=True)
class Built:
    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """By the build backend itself, which fetches nothing."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the sdist."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built.sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"graphrec-{__version__}"


def build(source: Path, out: Path) -> Built:
    run([sys.executable, "-m", "hatchling", "build", "-d", str(out)], source)
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return Built(wheel, sdist)


def run(command: Sequence[str], folder: Path, **variables: str) -> str:
    """Run it in a folder; what it prints."""
    own = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=own | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names(wheel: Path) -> set[str]:
    """Of the files of the package, without its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def files(folder: Path) -> set[Path]:
    """By their paths in it, without what Python has compiled."""
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if "__pycache__" not in path.parts}


def installed(distribution: Path, folder: Path) -> Path:
    """The programs of a fresh environment with graphrec, and what it needs from that of the tests.

    The repository itself, if it is installed for editing, is not among that.
    """
    venv.create(folder)
    bin_ = folder / "bin"
    [site] = folder.glob("lib/python*/site-packages")
    needed = [path for path in sys.path if Path(path).name == "site-packages"]
    (site / "needed.pth").write_text("\n".join(needed) + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(bin_ / "python"), "install", "--quiet"]
    alone = ["--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed"]
    run([*pip, *alone, str(distribution)], folder)
    return bin_


def test_the_wheel_holds_the_package_and_the_samples_and_nothing_else(built: Built) -> None:
    own = {f"graphrec/{path}" for path in files(ROOT / "graphrec")}
    assert names(built.wheel) == own | SAMPLES
    assert {"graphrec/py.typed", "graphrec/reports/templates/base.css"} <= own


def test_the_sdist_makes_the_same_wheel(built: Built, unpacked: Path, tmp_path: Path) -> None:
    again = build(unpacked, tmp_path)
    with zipfile.ZipFile(built.wheel) as one, zipfile.ZipFile(again.wheel) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
        assert all(one.read(name) == other.read(name) for name in one.namelist())


def test_the_tests_of_the_sdist_can_be_run(unpacked: Path) -> None:
    """All that they need is there, and those of what it carries pass."""
    for folder in ("benchmarks", "docs", "examples", "jobs", "scripts", "tests"):
        assert files(unpacked / folder) == files(ROOT / folder)
    tests = ["tests/test_sample_data.py", "tests/test_packaging.py"]
    run([sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *tests], unpacked)


def test_the_demo_runs_where_the_wheel_is_installed(built: Built, tmp_path: Path) -> None:
    bin_ = installed(built.wheel, tmp_path / "venv")
    folder = tmp_path / "empty"
    folder.mkdir()
    samples = Path(run([str(bin_ / "python"), "-c", FOLDER], folder).strip())
    assert samples.is_relative_to(tmp_path / "venv")
    arguments = [str(samples / "ratings.csv"), "--items", str(samples / "films.csv")]
    arguments += ["--users", str(samples / "users.csv"), "--out", "out/demo", "-k", "10"]
    demo = ["recommend", *arguments, "--weights", "walk=1"]  # one leg will do
    shown = run([str(bin_ / "graphrec"), *demo], folder, **quick_variables())
    assert "because of" in shown
    lists = pq.read_table(folder / "out" / "demo").to_pandas()
    assert (lists.groupby("userId").size() == 10).all()
    assert lists.title.notna().all()


def test_the_sdist_is_installed_as_well(built: Built, tmp_path: Path) -> None:
    bin_ = installed(built.sdist, tmp_path / "venv")
    assert run([str(bin_ / "graphrec"), "--version"], tmp_path) == f"graphrec {__version__}\n"
    samples = Path(run([str(bin_ / "python"), "-c", FOLDER], tmp_path).strip())
    assert samples.is_relative_to(tmp_path / "venv")
    assert {path.name for path in samples.iterdir()} == {Path(name).name for name in SAMPLES}
