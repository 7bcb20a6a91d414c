"""Running command lines in the session of the tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.cli import main


@dataclass(frozen=True)
class Outcome:
    """How a command line ended, and what it said."""

    code: int
    out: str
    err: str


Graphrec = Callable[..., Outcome]


def check_steps(err: str) -> None:
    """Steps are taken in their order; what turns out not to be needed is announced no longer."""
    steps = re.findall(r" s   step (\d+)(?: of (\d+))?$", err, re.MULTILINE)
    assert [int(step) for step, _ in steps] == list(range(1, len(steps) + 1))
    totals = [int(total) for _, total in steps if total]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1:] in ([], [len(steps)])


@pytest.fixture
def graphrec(spark: SparkSession, capfd: pytest.CaptureFixture[str]) -> Graphrec:
    """Run a command line; the session of the tests is there, so it is used and goes on."""

    def run(*arguments: object) -> Outcome:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert spark.range(1).count() == 1
        if code == 0:
            check_steps(err)
        return Outcome(code, out, err)

    return run


@pytest.fixture(scope="session")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interactions of 40 users with 30 items, some rows of them bad."""
    rows = ["customer_id,asin,stars,ts"]
    for user in range(1, 41):
        items = [(user * 7 + step * step) % 30 for step in range(3 + user % 9)]
        times = range(1_600_000_000 + user, 1_700_000_000, 1000)
        rows += [f"{user},a{i},{1 + i % 5},{t}" for i, t in zip(items, times, strict=False)]
    rows += [",a1,3,1600000000", "2,,3,1600000000", "3,a1,five,1600000000", "3,a2,,1600000000"]
    path = tmp_path_factory.mktemp("input") / "ratings.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="session")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Titles of most items, not all of them harmless."""
    rows = ["Asin,brand_name,title"]
    rows += [
        f'a{item},{"xy"[item % 2]},"Product [bold]{item}[/bold], ""the"" thing"'
        for item in range(28)
    ]
    path = tmp_path_factory.mktemp("items") / "products.csv"
    path.write_text("\n".join(rows) + "\n")
    return path
