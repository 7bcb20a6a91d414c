"""The command itself: help, version, exit codes, defaults."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

import graphrec
from graphrec.cli import main
from graphrec.cli.app import VERBS
from graphrec.cli.commands import recommend, watched_together
from graphrec.cooccurrence import association
from graphrec.recommenders.als.estimator import ALSRecommender, default_rank
from graphrec.recommenders.hybrid.estimator import HybridRecommender

# Packages that take long to load, or that load what does.
HEAVY = {"pyspark", "numba", "numpy", "scipy", "pandas", "pyarrow", "py4j", "graphframes"}

LOADED = """
import json, sys
from graphrec.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["recommend", "--help"], ["--version"]])
def test_help_is_quick_because_nothing_heavy_is_loaded(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert not HEAVY & set(modules)


def test_help_lists_every_verb_and_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    option = capsys.readouterr().out
    assert all(verb in option for verb in VERBS)
    for name, verb in VERBS.items():
        assert main([name, "--help"]) == 0
        option = capsys.readouterr().out
        for field in fields(verb.Options):
            flag = {
                "input": " IN ",
                "served": "MODEL",
                "new": " NEW ",
                "action": " ACTION",
                "k": " -k ",
                "user_id": " USER ",
                "item_id": " ITEM ",
            }.get(field.name)
            assert (flag or f"--{field.name.replace('_', '-')} ") in option


def test_version_and_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "graphrec", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"graphrec {graphrec.__version__}\n"


def test_without_a_verb_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "recommend" in "".join(capsys.readouterr())


def shown_default(options: type[Any], name: str) -> Any:
    """The default that the help shows for an option whose default is None."""
    [option] = get_type_hints(options, include_extras=True)[name].__metadata__
    return option.show_default


def test_the_defaults_in_the_help_are_those_of_the_library() -> None:
    hybrid = HybridRecommender()
    option = {name: shown_default(recommend.Options, name) for name in ("candidates", "diversity")}
    assert option == {name: str(hybrid.value(name)) for name in option}
    assert ALSRecommender().value("rank") is None
    rank = f"half the root of the interactions, at most {default_rank(10**9)}"
    assert shown_default(recommend.Options, "rank") == rank
    assert shown_default(recommend.Options, "half_life") == "no decay"
    assert hybrid.value("halfLife") is None
    assert hybrid.value("filterSeen") is True
    assert shown_default(recommend.Options, "weights") == hybrid.value("weights")
    spec = hybrid.pair_spec()
    fewest, most = spec.neighbours_kept(10**9), spec.neighbours_kept(1)
    neighbours = shown_default(watched_together.Options, "neighbours")
    assert neighbours == f"{fewest} to {most}, by the number of items"
    options = watched_together.Options(out="")
    assert (options.measure, options.min_support, options.shrinkage) == (
        association.DEFAULT_MEASURE,
        association.DEFAULT_SUPPORT,
        association.DEFAULT_SHRINKAGE,
    )


def test_no_option_is_declared_twice() -> None:
    """A name that several verbs have comes from one group that they share."""
    homes: dict[str, set[str]] = {}
    for verb in VERBS.values():
        for home in verb.Options.__mro__[:-1]:
            for name in inspect.get_annotations(home):
                homes.setdefault(name, set()).add(f"{home.__module__}.{home.__name__}")
    twice = {name for name, places in homes.items() if len(places) > 1}
    # `explain` and `update` can do without `out`, `serve` reads `items` without Spark, and `stream`
    # reads IN beside its model
    assert twice == {"out", "items", "events", "model"}


def test_every_option_has_a_help() -> None:
    for verb in VERBS.values():
        hints = get_type_hints(verb.Options, include_extras=True)
        for field in fields(verb.Options):
            [option] = hints[field.name].__metadata__
            assert re.search(r"\w", option.help), field.name
