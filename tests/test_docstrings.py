"""The examples in the docstrings of the public names run, and give what they say."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.ml.base import Estimator
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.data import samples, splits
from graphrec.evaluation import metrics
from graphrec.recommenders.base import RecommenderModel


def documented() -> Iterator[tuple[str, Any]]:
    """Classes and functions of `graphrec`, functions of its modules, methods of a model."""
    for name in gr.__all__:
        if not inspect.ismodule(found := getattr(gr, name)):
            yield name, found
    for module in (samples, splits, metrics):
        for name, found in inspect.getmembers(module, inspect.isfunction):
            if found.__module__ == module.__name__:
                yield f"{module.__name__}.{name}", found
    for name, found in inspect.getmembers(RecommenderModel, inspect.isfunction):
        yield f"RecommenderModel.{name}", found


EXAMPLES = {
    name: test
    for name, found in documented()
    if (
        test := doctest.DocTestParser().get_doctest(
            inspect.getdoc(found) or "", {}, name, inspect.getsourcefile(found), None
        )
    ).examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_gives_what_it_says(name: str, spark: SparkSession) -> None:
    test = EXAMPLES[name]
    test.globs = {"gr": gr, "spark": spark}
    found: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=found.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(found)


def test_what_is_learned_split_or_compared_by_has_an_example() -> None:
    estimators = {
        name
        for name, found in documented()
        if inspect.isclass(found) and issubclass(found, Estimator)
    }
    assert len(estimators) >= 9
    divided = {f"{splits.__name__}.{name}" for name in ("last_n", "by_time", "random_per_user")}
    assert set(EXAMPLES) >= estimators | divided | {"evaluate", "RankingEvaluator"}
