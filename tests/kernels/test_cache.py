"""Machine code is used for the sources it was made of, and for no others."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import graphrec
from graphrec.kernels.cache import MAX_VERSIONS, sources_digest

PACKAGE = Path(graphrec.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
NEEDED = [f"kernels/{name}.py" for name in ("__init__", "jit", "cache", "user_cache")]
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
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of this name with two kernels, one of which is compiled into the other."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "graphrec"
    (folder / "kernels").mkdir(parents=True)
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


def _kept(folder: Path) -> dict[Path, int]:
    """When each file of machine code in the folder was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nbc")}


@pytest.mark.slow
def test_a_changed_callee_or_a_lost_class_is_noticed(package: Path) -> None:
    assert _call(package, "Weight", 2.0) == 6.0
    assert _call(package, "Weight", 5.0) == 15.0
    assert _call(package, "Mass", 5.0) == 15.0


@pytest.mark.slow
def test_another_installation_of_the_same_sources_compiles_nothing(
    package: Path, tmp_path: Path
) -> None:
    _call(package, "Weight", 2.0)
    kept = _kept(tmp_path / "cache")
    assert len(kept) == 2
    elsewhere = shutil.copytree(package, tmp_path / "environment" / "graphrec")
    for source in elsewhere.rglob("*.py"):
        os.utime(source, (0, 0))
    assert _call(elsewhere, "Weight", 2.0) == 6.0
    assert _kept(tmp_path) == kept


@pytest.mark.slow
def test_versions_that_nobody_uses_any_more_are_removed(package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "graphrec" / "kernels"
    others = [folder / f"kernels-{number}" for number in range(MAX_VERSIONS)]
    for number, other in enumerate(others):
        other.mkdir(parents=True)
        os.utime(other, (number, number))
    _call(package, "Weight", 2.0)
    assert set(folder.iterdir()) == {*others[1:], folder / f"kernels-{sources_digest(package)}"}


@pytest.mark.slow
def test_the_folder_may_be_named(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    _call(package, "Weight", 2.0)
    assert _kept(tmp_path).keys() == _kept(tmp_path / "named").keys()
    assert len(_kept(tmp_path / "named" / f"kernels-{sources_digest(package)}")) == 2


@pytest.mark.slow
def test_without_a_folder_of_the_user_that_of_the_package_is_taken(
    package: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").touch()
    assert _call(package, "Weight", 2.0) == 6.0
    assert len(_kept(package / "__pycache__" / f"kernels-{sources_digest(package)}")) == 2


@pytest.mark.slow
def test_where_nothing_can_be_written_the_functions_work(package: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    (package / "__pycache__").touch()
    assert _call(package, "Weight", 2.0) == 6.0
    assert not _kept(tmp_path)


def test_only_kernels_and_their_tuples_determine_the_folder(package: Path) -> None:
    before = sources_digest(package)
    (package / "other.py").write_text("print(1)\n")
    assert sources_digest(package) == before
    for source in ("from graphrec.kernels.jit import compiled\n", INNER):
        (package / "other.py").write_text(source)
        assert sources_digest(package) != before


def modules() -> dict[str, ast.Module]:
    """Every module of the package, parsed, by its dotted name."""
    paths = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in FILES
    }
    return {name: ast.parse(path.read_text()) for name, path in paths.items()}


def imports(name: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name in this module, dotted name of what it stands for), whatever form the import has."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: -node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield alias.asname or alias.name, f"{source}.{alias.name}"


def is_from(origin: str, module: str) -> bool:
    return origin == module or origin.startswith(f"{module}.")


def compiled_sources() -> set[str]:
    """Modules that compile functions, define tuples, or have what is read where it is compiled.

    Which modules those are is found from numba on, and not from the names of modules or functions:
    what imports numba compiles, what imports from there has kernels.
    """
    trees = modules()
    origins = {name: dict(imports(name, tree)) for name, tree in trees.items()}
    compilers = {n for n, own in origins.items() if any(is_from(o, "numba") for o in own.values())}
    found = set(compilers)
    for name, tree in trees.items():
        from_compilers = {
            local for local, o in origins[name].items() if any(is_from(o, c) for c in compilers)
        }
        if from_compilers:
            found.add(name)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and "NamedTuple" in map(last_name, node.bases):
                found.add(name)
            if isinstance(node, ast.FunctionDef) and any(
                first_name(decorator) in from_compilers for decorator in node.decorator_list
            ):
                read = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                read_from = {origins[name][local] for local in read & origins[name].keys()}
                found |= {m for m in trees for origin in read_from if is_from(origin, m)}
    return {name for name in found if not name.endswith("__init__")}


def last_name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def first_name(node: ast.expr) -> str:
    return ast.unparse(node).partition("(")[0].partition(".")[0]


def test_every_source_of_machine_code_is_in_the_digest(tmp_path: Path) -> None:
    copied = shutil.copytree(
        PACKAGE, tmp_path / "graphrec", ignore=shutil.ignore_patterns("__pycache__")
    )
    names = compiled_sources()
    assert {"graphrec.kernels.jit", "graphrec.kernels.csr", "graphrec.kernels.rounding"} < names
    assert {"graphrec.serving.kernel", "graphrec.serving.kernel_types"} < names
    before = sources_digest(copied)
    for name in sorted(names):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        source = path.read_text()
        path.write_text(f"{source}# changed\n")
        assert sources_digest(copied) != before, name
        path.write_text(source)
    assert sources_digest(copied) == before
