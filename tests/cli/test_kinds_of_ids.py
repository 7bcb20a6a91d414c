"""Every verb and page on whole numbers and on text as ids, with titles or without.

What a verb does with titles and what it does with a kind of id are two things: not every pair of
them is run.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from graphrec.cli import main
from tests.cli.conftest import Graphrec
from tests.reports.reading import Page

pytestmark = pytest.mark.slow

ITEMS = 12
USERS = 24
UNTITLED = 3  # an item that the titles leave out
QUICK = ("--rank", "2", "--settings", "pseudoInteractions=0,embedding.epochs=1")
ONE_LEG = ("--weights", "walk=1")


@dataclass(frozen=True)
class Case:
    """Interactions, titles, and a model with what `recommend` printed of neither."""

    folder: Path
    user: str  # the first one
    items: list[str]

    @property
    def ratings(self) -> Path:
        return self.folder / "ratings.csv"

    @property
    def titles(self) -> Path:
        return self.folder / "films.csv"

    @property
    def model(self) -> Path:
        return self.folder / "model"


@pytest.fixture(scope="module", params=["whole numbers", "text"])
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, spark: SparkSession
) -> Case:
    assert spark.range(1).count() == 1  # the session that the verbs find
    whole = request.param == "whole numbers"
    folder = tmp_path_factory.mktemp("kinds")
    user_of = (lambda n: str(100 + n)) if whole else (lambda n: f"0{n:02d}x")
    items = [str(316 + n) if whole else f"f{n}.0" for n in range(ITEMS)]
    rows = ["userId,movieId,timestamp"]
    for user in range(USERS):
        chosen = [(user % 2) * 6 + (user // 2 + step) % 6 for step in range(4)]
        chosen += [(user * 5 + 7) % ITEMS] * (user % 6 == 0)
        rows += [
            f"{user_of(user)},{items[item]},{step}" for step, item in enumerate(set(chosen), 1)
        ]
    made = Case(folder, user_of(0), items)
    made.ratings.write_text("\n".join(rows) + "\n")
    named = [f"{item},Film no. {n},Comedy|Kind {n // 6}" for n, item in enumerate(items)]
    del named[UNTITLED]
    made.titles.write_text("\n".join(["movieId,title,genres", *named]) + "\n")
    arguments = ["recommend", str(made.ratings), "--out", str(folder / "lists"), "-k", "4", *QUICK]
    assert main([*arguments, "--save-model", str(made.model), "--quiet"]) == 0
    return made


def without_figures(ids: list[str], shown: str) -> None:
    """No id went through a float: 316 is 316, and a text stays what it is."""
    assert not re.search(r"\b(3[12]\d|1[012]\d)\.0\b(?! ?%)", shown) or ids[0].startswith("f")
    assert "nan" not in shown.lower().split()
    assert "f0.0.0" not in shown


def is_reported(case: Case, shown: str, *, titled: bool) -> None:
    """Items are called by their titles, those without one by their ids."""
    names = [f"Film no. {n}" for n in range(ITEMS) if n != UNTITLED]
    if titled:
        assert any(name in shown for name in names)
    else:
        assert not any(name in shown for name in names)
        assert any(
            re.search(rf"(?<![\w.]){re.escape(item)}(?![\w.])", shown) for item in case.items
        )
    without_figures(case.items, shown)


@pytest.mark.parametrize(
    ("case", "titled"), [("whole numbers", True), ("text", False)], indirect=["case"]
)
def test_lists_neighbours_and_reasons(
    case: Case, graphrec: Graphrec, tmp_path: Path, titled: bool
) -> None:
    named = ("--items", case.titles) if titled else ()
    for verb, *more in (("recommend", "-k", 3), ("watched-together", "-k", 3, "--min-support", 1)):
        done = graphrec(verb, "--model", case.model, *named, "--out", tmp_path / verb, *more)
        assert done.code == 0, done.err
        is_reported(case, done.out, titled=titled)
        written = pd.read_parquet(tmp_path / verb)
        assert set(written.movieId.astype(str)) <= set(case.items)

    arguments = ("explain", "--model", case.model, case.user, case.items[4], *named)
    done = graphrec(*arguments, "--out", tmp_path / "why")
    assert done.code == 0, done.err
    assert f"{case.user} and {'Film no. 4' if titled else case.items[4]}:" in done.out
    is_reported(case, done.out, titled=titled)
    page = Page((tmp_path / "why" / "_explanation.html").read_text(encoding="utf-8"))
    is_reported(case, "\n".join(page.texts), titled=titled)
    output = json.loads((tmp_path / "why" / "_run.json").read_text())["output"]
    assert (str(output["userId"]), str(output["movieId"])) == (case.user, case.items[4])


@pytest.mark.parametrize("case", ["whole numbers"], indirect=True)
def test_the_graph(case: Case, graphrec: Graphrec, tmp_path: Path) -> None:
    # Text is explored in commands/test_explore.py, and items without titles are there as well.
    named = ("--items", case.titles, "--out", tmp_path, "--overwrite")
    done = graphrec("explore", case.ratings, *named, "--min-users", 1)
    assert done.code == 0, done.err
    is_reported(case, done.out, titled=True)
    output = json.loads((tmp_path / "_run.json").read_text())["output"]
    assert output["min_users"] == 1
    names = set(output["community_names"].values())
    assert names == {"Kind 0", "Kind 1"}
    report = Page((tmp_path / "_report.html").read_text(encoding="utf-8"))
    without_figures(case.items, " ".join(report.texts))
    assert "Film no. " in json.dumps(report.specs)
    content = Page((tmp_path / "_explorer.html").read_text(encoding="utf-8")).embedded
    titles = {f"Film no. {n}" for n in range(ITEMS) if n != UNTITLED}
    assert set(content["items"]["title"]) == titles | {case.items[UNTITLED]}
    assert case.user in {user["name"] for user in content["users"]}
    assert {one["name"] for one in content["communities"]} - {""} == names


@pytest.mark.parametrize("case", ["whole numbers"], indirect=True)
def test_comparison(case: Case, graphrec: Graphrec, tmp_path: Path) -> None:
    compared = graphrec("evaluate", case.ratings, "--out", tmp_path / "one", "-k", 2, *ONE_LEG)
    assert compared.code == 0, compared.err
    page = Page((tmp_path / "one" / "_report.html").read_text(encoding="utf-8"))
    without_figures(case.items, " ".join(page.texts))
    users = pd.read_parquet(tmp_path / "one" / "_per_user").userId.astype(str)
    assert set(users) <= {str(user) for user in pd.read_csv(case.ratings, dtype=str).userId}


@pytest.mark.parametrize("case", ["whole numbers"], indirect=True)
def test_settings(case: Case, graphrec: Graphrec, tmp_path: Path) -> None:
    arguments = ("--validation-users", 12, "--budget", 0.5, "--groups", "pairs")
    tuned = graphrec("tune", case.ratings, "--out", tmp_path / "out", *arguments, *QUICK)
    assert tuned.code == 0, tuned.err
    without_figures(case.items, tuned.out)
