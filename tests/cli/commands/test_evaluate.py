"""`graphrec evaluate`, from a file to a comparison on disk."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graphrec.cli import main
from graphrec.cli.commands.evaluate import Options, remedy_of
from tests.cli.conftest import check_steps
from tests.reports.reading import Page

Graphrec = Callable[..., Any]
MODELS = ["popularity", "walk", "ease", "als", "embedding", "hybrid", "hybrid + MMR"]


@dataclass(frozen=True)
class Compared:
    folder: Path
    out: str
    err: str

    def table(self, name: str = "") -> pd.DataFrame:
        return pd.read_parquet(self.folder / name)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, spark: Any, ratings: Path) -> Compared:
    """The result with all legs, from a file whose name wants to be code."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "<script>.csv").write_text(ratings.read_text())
    out, err = io.StringIO(), io.StringIO()
    arguments = [str(folder / "<script>.csv"), "--out", str(folder / "out"), "-k", "4,2"]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main(["evaluate", *arguments, "--rank", "4", "--format", "csv"]) == 0
    return Compared(folder / "out", out.getvalue(), err.getvalue())


def test_the_summary_has_every_model_metric_and_cutoff(compared: Compared) -> None:
    table = compared.table()
    assert list(table.columns) == ["model", "metric", "k", "mean", "ci_low", "ci_high", "users"]
    assert list(dict.fromkeys(table.model)) == MODELS
    assert sorted(set(table.k)) == [2, 4]
    assert len(table) == len(MODELS) * 12 * 2
    csv = pd.concat(pd.read_csv(file) for file in (compared.folder / "_csv").glob("*.csv"))
    assert len(csv) == len(table)


def test_the_other_tables_are_beside_it(compared: Compared) -> None:
    per_user = compared.table("_per_user")
    assert list(per_user.columns)[:4] == ["model", "customer_id", "k", "history"]
    assert len(per_user) == len(MODELS) * 40 * 2
    means = per_user.groupby(["model", "k"]).ndcg.mean()
    summary = compared.table().query("metric == 'ndcg'").set_index(["model", "k"])["mean"]
    pd.testing.assert_series_equal(means, summary.sort_index(), check_names=False)
    activity = compared.table("_activity")
    sizes = activity[(activity.metric == "ndcg") & (activity.k == 4)].groupby("model").users.sum()
    assert set(sizes) == {40}
    significance = compared.table("_significance")
    assert set(significance.model) == set(MODELS) - {"hybrid"}
    assert set(significance.reference) == {"hybrid"}
    support = compared.table("_support")
    assert set(support.model) == set(MODELS)
    assert support[support.model == "hybrid"].groupby("k").found.sum().is_monotonic_increasing
    in_groups = compared.table("_activity_significance")
    assert set(in_groups.reference) == {"hybrid"}
    assert set(in_groups.shortest) <= set(activity.shortest)
    assert len(compared.table("_rejected")) == 4


def test_no_pair_is_learned_and_tested(compared: Compared, ratings: Path) -> None:
    record = json.loads((compared.folder / "_run.json").read_text())
    known = pd.read_csv(ratings, dtype=str)
    good = known[known.customer_id.notna() & known.asin.notna() & known.stars.isin(list("12345"))]
    pairs = len(good.drop_duplicates(["customer_id", "asin"]))
    given = record["input"]
    assert given["train"] + given["test"] == given["interactions"] == pairs
    assert (given["rejected_rows"], given["columns"]["user"]) == (4, "customer_id")
    assert (given["duplicates"], given["combined_rows"]) == ("last", len(good) - pairs)
    assert given["capped"] == {"longest": 2000, "users": 0, "interactions": 0}
    train = {name: given["ground_truth"][name] for name in ("interactions", "seen", "users")}
    assert train == {"interactions": given["test"], "seen": 0, "users": 40}
    assert record["command"] == "evaluate"
    assert record["output"] == {"models": 7, "users": 40}
    parameters = record["parameters"]
    assert (parameters["split"], parameters["test_fraction"], parameters["seed"]) == (
        *("random", 0.2, 0),
    )
    assert (parameters["mmr"], parameters["rank"], parameters["cutoffs"]) == (0.3, 4, "4,2")
    assert {"split", "lists", "metrics", "report"} <= set(record["seconds"])


def test_all_models_are_of_one_fit(compared: Compared) -> None:
    stages = {"read": 1, "factors": 1, "self-training": 1, "item pairs": 2, "ease": 2}
    for name, times in stages.items():
        assert len(re.findall(rf"^ *{name} ", compared.err, re.MULTILINE)) == times
    assert len(re.findall(r"^lists .* rows by ", compared.err, re.MULTILINE)) == len(MODELS)
    assert "4 of " in compared.err
    block = r"rows became [\d,]+ interactions: .*\(duplicates=last\)\n(.*\n)*tested on \d+ inter"
    assert re.search(block, compared.err)
    check_steps(compared.err)
    assert " s   step 24 of 24\n" in compared.err
    folder = compared.folder
    assert compared.err.endswith(f"charts in {folder}/_report.html\nwritten to {folder}\n")


def test_the_table_marks_the_best_of_each_column(compared: Compared) -> None:
    two, four = compared.out.split("Lists of 4,")
    assert two.startswith("Lists of 2, * is the best of its column\nmodel")
    means = compared.table().query("k == 4 and metric == 'gini'").set_index("model")["mean"]
    shown = [line for line in four.splitlines() if line.startswith(means.idxmin() + "  ")]
    assert shown[0].rstrip().endswith(f"{means.min():.3f}*")
    for name in MODELS:
        assert re.search(rf"^{re.escape(name)}  ", four, re.MULTILINE)


def test_the_report_is_whole_and_harmless(compared: Compared) -> None:
    html = (compared.folder / "_report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert page.fetched == []
    assert "<script>.csv" not in html
    assert any(text.endswith("<script>.csv") for text in page.texts)
    assert "20 % of each user's interactions are held out at random, seed 0" in page.texts
    assert len(page.specs) == 6
    assert all(name in page.texts for name in MODELS)


def test_the_latest_are_held_out(graphrec: Graphrec, ratings: Path, tmp_path: Path) -> None:
    done = graphrec(
        *("evaluate", ratings, "--out", tmp_path / "out", "--weights", "walk=1", "-k", 3),
        *("--split", "last-n", "--last", 2, "-q"),
    )
    assert (done.code, done.out, done.err) == (0, "", "")
    record = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert record["input"]["test"] == 2 * 40
    assert record["parameters"]["last"] == 2
    per_user = pd.read_parquet(tmp_path / "out" / "_per_user")
    assert set(per_user.model) == {"popularity", "walk", "hybrid", "hybrid + MMR"}
    pairs = pd.read_csv(ratings).dropna().drop_duplicates(["customer_id", "asin"])
    pairs = pairs[pairs.stars.isin(list("12345"))].groupby("customer_id").size()
    histories = per_user.groupby("customer_id").history.first()
    assert list(histories) == list(pairs - 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-k", "0"], ["-k is a list of whole numbers", "'0'", "10,20"]),
        (["-k", "ten"], ["-k is a list of whole numbers", "'ten'"]),
        (["--mmr", "0"], ["--mmr must be above 0", "0.0"]),
        (["--mmr", "2"], ["--mmr must be above 0", "2.0"]),
        (["--split", "half"], ["--split", "random", "last-n"]),
        (["--split", "time"], ["--split time needs times", "--timestamp"]),
        (["--split", "last-n"], ["--split last-n needs times", "--timestamp"]),
        (["--half-life", "9"], ["--half-life needs times", "--timestamp"]),
        (["--recency", "9"], ["--recency needs times", "--timestamp"]),
        (["--last", "3"], ["--last has no effect on --split random"]),
        (["--split", "last-n", "--seed", "3"], ["--seed has no effect on --split last-n"]),
        (["--split", "last-n", "--last", "0"], ["--last must be at least 1"]),
        (["--test-fraction", "1"], ["--test-fraction must lie between 0 and 1"]),
        (["--weights", "luck=1"], ["unknown leg", "luck"]),
        (["--diversity", "0.5"], ["--diversity"]),
        (["--user", "nobody"], ["nobody"]),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    graphrec: Graphrec, tmp_path: Path, options: list[str], said: list[str]
) -> None:
    (tmp_path / "in.csv").write_text("user,item\nu1,a\nu1,b\nu2,a\nu2,c\n")
    done = graphrec("evaluate", tmp_path / "in.csv", "--out", tmp_path / "out", *options)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert all(part in done.err for part in said), done.err
    assert not (tmp_path / "out").exists()


def test_nothing_to_test_on(graphrec: Graphrec, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("user,item\nu1,a\nu2,a\nu3,b\n")
    done = graphrec("evaluate", tmp_path / "in.csv", "--out", tmp_path / "out")
    assert done.code == 2
    assert "the split leaves nothing to learn from or nothing to test on" in done.err
    assert not (tmp_path / "out").exists()
    alone = graphrec("evaluate", "--out", tmp_path / "out")
    assert alone.err == "graphrec: nothing to evaluate on; give a file of interactions\n"


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (None, "Try graphrec tune, which chooses settings on held-out interactions."),
        ("walk=1,ease=2", "Try --weights learned, or graphrec tune."),
        ("learned", "Try graphrec tune, which chooses settings on held-out interactions."),
    ],
)
def test_what_was_tried_already_is_no_remedy(weights: str | None, said: str) -> None:
    assert remedy_of(Options(input="in.csv", out="out", weights=weights)) == said


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What kind each item is of."""
    path = tmp_path_factory.mktemp("items") / "kinds.csv"
    path.write_text("asin,kind\n" + "".join(f"a{item},k{item % 4}\n" for item in range(30)))
    return path


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split", "cold-items"], "by their features alone; found no --features"),
        (["--features", "kind"], "--features names columns of --items"),
        (["--features", "brand", "--items"], "must have the column 'brand' once"),
        (["--items"], "--items has no effect without --features"),
        (["--new-item-share", "0.1"], "no effect without features of items; name columns"),
        (["--new-item-share", "2"], "newItemShare must be"),
        (["--split", "cold-users", "--last", "3"], "--last has no effect on --split cold-users"),
    ],
)
def test_features_that_cannot_be_used_are_one_line(
    graphrec: Graphrec, ratings: Path, kinds: Path, options: list[str], message: str
) -> None:
    file = [str(kinds)] if options[-1] == "--items" else []
    ended = graphrec("evaluate", ratings, "--out", "unused", *options, *file)
    assert ended.code == 2
    assert message in ended.err


def test_whole_users_are_held_out_and_found_by_what_they_are_like(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    rows = [f"{user},{user % 7}" for user in range(1, 41)]
    (tmp_path / "people.csv").write_text("\n".join(["customer_id,day", *rows]) + "\n")
    done = graphrec(
        *("evaluate", ratings, "--out", tmp_path / "out", "--quiet"),
        *("--weights", "demographic=1"),
        *("--split", "cold-users", "-k", "5", "--user-features", tmp_path / "people.csv"),
        *("--user-columns", "day:category"),
    )
    assert done.code == 0, done.err
    models = pd.read_parquet(tmp_path / "out").model.unique().tolist()
    assert models == ["popularity", "demographic", "hybrid", "hybrid + MMR"]
    noted = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert noted["parameters"]["split"] == "cold-users"
    assert noted["parameters"]["user_features"] == {"day": "category"}
    per_user = pd.read_parquet(tmp_path / "out" / "_per_user")
    [metric, *_] = [name for name in per_user.columns if name.startswith("ndcg")]
    found = per_user.pivot_table(index="customer_id", columns="model", values=metric)
    assert (found.hybrid == found.demographic).all()
    assert (found.hybrid != found.popularity).any()


def test_whole_items_are_held_out_and_ranked_among_themselves(
    graphrec: Graphrec, ratings: Path, kinds: Path, tmp_path: Path
) -> None:
    done = graphrec(
        *("evaluate", ratings, "--out", tmp_path / "out", "--quiet", "--weights", "walk=1"),
        *("--split", "cold-items", "-k", "5", "--items", kinds, "--features", "kind"),
    )
    assert done.code == 0, done.err
    noted = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert noted["parameters"]["split"] == "cold-items"
    assert noted["parameters"]["features"] == {"kind": "category"}
    support = pd.read_parquet(tmp_path / "out" / "_support")
    assert set(support.fewest) == set(support.most) == {0}  # nobody has them in the training set
    means = pd.read_parquet(tmp_path / "out").pivot_table("mean", "model", "metric")
    assert means.catalogue_coverage["walk"] == 1.0  # of the held-out items, and there are no others
    per_user = pd.read_parquet(tmp_path / "out" / "_per_user")
    ndcg = per_user.pivot_table("ndcg", "customer_id", "model")
    assert (ndcg.hybrid == ndcg.walk).all()
    assert (ndcg.hybrid != ndcg.popularity).any()
