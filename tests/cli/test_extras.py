"""What runs where only `pip install graphrec` was run, without any extra."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graphrec.spark.extras import GRAPH, REPORTS
from tests.quick_spark import QUICK

# A package that is None in sys.modules is one that cannot be imported.
WITHOUT_EXTRAS = f"""
import contextlib, io, json, sys
sys.modules.update(dict.fromkeys({(*GRAPH.modules, *REPORTS.modules)!r}))
import graphrec
from graphrec.cli import main

graphrec.spark_session(master="local[1]", config={QUICK!r})
told = {{}}
for command in json.loads(sys.argv[1]):
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        code = main(command)
    told[command[0]] = [code, err.getvalue()]
print(json.dumps(told))
"""


@pytest.mark.slow
def test_without_extras_lists_and_tables_are_made_and_a_line_says_what_is_missing(
    ratings: Path, tmp_path: Path
) -> None:
    weights = ["--weights", "walk=1"]
    commands = [
        ["recommend", str(ratings), "--out", str(tmp_path / "lists"), *weights],
        ["watched-together", str(ratings), "--out", str(tmp_path / "together")],
        ["evaluate", str(ratings), "--out", str(tmp_path / "compared"), *weights],
        ["explain", str(ratings), "1", "a1", "--out", str(tmp_path / "why"), *weights],
        ["explore", str(ratings), "--out", str(tmp_path / "graph")],
    ]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    results = json.loads(done.stdout.splitlines()[-1])
    assert {verb: code for verb, (code, _) in results.items()} == {
        "recommend": 0,
        "watched-together": 0,
        "evaluate": 0,
        "explain": 0,
        "explore": 1,
    }
    line = (
        "no HTML page: altair, jinja2, markupsafe, vl_convert not installed; "
        "pip install 'graphrec[reports]'\n"
    )
    assert {verb for verb, (_, err) in results.items() if line in err} == {"evaluate", "explain"}
    assert results["explore"][1] == (
        "graphrec: the tables and pages of the graph need graphframes, altair, jinja2, markupsafe, "
        "vl_convert, not installed here; pip install 'graphrec[graph,reports]'\n"
    )
    assert (tmp_path / "compared" / "_significance").is_dir()
    assert (tmp_path / "why" / "paths").is_dir()
    assert not list(tmp_path.glob("*/*.html"))
    assert not (tmp_path / "graph").exists()


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


@pytest.mark.parametrize(
    "module",
    [
        "graphrec.cli.text.tables",
        "graphrec.recommenders.hybrid.estimator",
        "graphrec.reports.words",
    ],
)
def test_words_and_recommenders_load_no_extra(module: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            f"import {module}, json, sys; print(json.dumps(list(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {*GRAPH.modules, *REPORTS.modules}


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
