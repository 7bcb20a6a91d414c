"""Machine code is used for the sources it was made of, and for no others."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import graphrec
from graphrec.kernels.cache import sources_digest

PACKAGE = Path(graphrec.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
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
def test_the_folder_may_be_named(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "elsewhere"))
    other_version = tmp_path / "elsewhere" / "kernels-0123456789abcdef"
    other_version.mkdir(parents=True)
    _call(package, "Weight", 2.0)
    assert other_version.exists()
    assert not _kept(package)
    assert list((tmp_path / "elsewhere").glob(f"kernels-{sources_digest(package)}/*/*.nbc"))


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
