"""What runs where only `pip install graphrec` was run, without any extra."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphrec.spark.extras import GRAPH, REPORTS
from tests.cli.conftest import Graphrec


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Packages that cannot be imported, and nothing loaded that has imported them before."""
    reports = {name: module for name, module in sys.modules.items() if is_of_reports(name)}
    for name in reports:
        del sys.modules[name]
    for name in (*GRAPH.modules, *REPORTS.modules):
        monkeypatch.setitem(sys.modules, name, None)
    yield
    for name in [name for name in sys.modules if is_of_reports(name)]:
        del sys.modules[name]
    sys.modules.update(reports)
    for name, module in reports.items():
        parent, _, own = name.rpartition(".")
        setattr(sys.modules[parent], own, module)


def is_of_reports(module: str) -> bool:
    """Whether it is a module of pages."""
    return module == "graphrec.reports" or module.startswith("graphrec.reports.")


@pytest.mark.usefixtures("without_extras")
@pytest.mark.slow
def test_without_extras_tables_are_made_and_a_line_says_what_is_missing(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    weights = ("--weights", "walk=1")
    done = {
        verb: graphrec(verb, ratings, *more, "--out", tmp_path / verb)
        for verb, *more in (
            ("evaluate", *weights),
            ("explain", "1", "a1", *weights),
            ("explore",),
        )
    }
    assert {verb for verb, outcome in done.items() if outcome.code != 0} == {"explore"}
    line = (
        "no HTML page: altair, jinja2, markupsafe, vl_convert not installed; "
        "pip install 'graphrec[reports]'\n"
    )
    assert {verb for verb, outcome in done.items() if line in outcome.err} == {
        "evaluate",
        "explain",
    }
    assert done["explore"].code == 1
    assert done["explore"].err == (
        "graphrec: the tables and pages of the graph need graphframes, altair, jinja2, markupsafe, "
        "vl_convert, not installed here; pip install 'graphrec[graph,reports]'\n"
    )
    assert (tmp_path / "evaluate" / "_significance").is_dir()
    assert (tmp_path / "explain" / "paths").is_dir()
    assert not list(tmp_path.glob("*/*.html"))
    assert not (tmp_path / "explore").exists()


def test_a_page_asked_of_the_library_says_what_is_missing() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys; sys.modules['altair'] = None\n"
            "from graphrec.errors import MissingExtraError\n"
            "try:\n"
            "    import graphrec.reports.pages.evaluation\n"
            "except MissingExtraError as error:\n"
            "    print(error)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        "HTML pages need altair, not installed here; pip install 'graphrec[reports]'\n"
    )


def test_words_recommenders_and_the_verbs_that_make_no_page_load_no_extra() -> None:
    modules = (
        "graphrec.cli.commands.recommend",
        "graphrec.cli.commands.watched_together",
        "graphrec.cli.hybrid",
        "graphrec.cli.text.tables",
        "graphrec.recommenders.hybrid.estimator",
        "graphrec.reports.words",
    )
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            f"import {', '.join(modules)}, json, sys; print(json.dumps(list(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout))
    assert not {name.split(".")[0] for name in loaded} & {*GRAPH.modules, *REPORTS.modules}
    assert "scipy.stats" not in loaded  # a sixth of what a warm command does on its own


def test_importing_the_package_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import graphrec, json, sys; print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    heavy = {"pyspark", "numba", "numpy", "scipy", "pandas", "pyarrow", "py4j"}
    assert not loaded & {*heavy, *GRAPH.modules, *REPORTS.modules}
