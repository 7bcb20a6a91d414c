"""`graphrec watched-together`, from a file to neighbours on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pandas as pd

Graphrec = Callable[..., Any]

# Times: every one of the three watched b after a; c is watched by one of them alone.
ROWS = "user,item,timestamp\nu1,a,100\nu1,b,200\nu2,a,100\nu2,b,200\nu3,a,100\nu3,b,200\nu3,c,300\n"


def read(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder).sort_values(["item", "rank"]).reset_index(drop=True)


def test_neighbours_of_a_table_counted_by_hand(graphrec: Graphrec, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    together = ("watched-together", tmp_path / "in.csv", "--out", tmp_path / "out", "-k", 3)
    assert graphrec(*together, "--min-support", 1).code == 0
    table = read(tmp_path / "out")
    assert list(table.columns) == [
        *("item", "neighbour", "rank", "together", "after", "support_item", "support_neighbour"),
        *("support", "confidence", "lift", "cosine", "jaccard", "pmi", "npmi", "llr"),
    ]
    pairs = table.set_index(["item", "neighbour"])
    assert sorted(pairs.index) == sorted(permutations("abc", 2))
    assert pairs.loc[("a", "b"), ["together", "after"]].tolist() == [3, 3]
    assert pairs.loc[("b", "a"), ["together", "after"]].tolist() == [3, 0]
    assert pairs.loc[("a", "c"), ["together", "support_item", "support_neighbour"]].tolist() == [
        *(1, 3, 1)
    ]
    assert pairs.confidence[("c", "a")] == 1.0
    record = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert record["output"] == {"items": 3, "rows": 6}
    assert record["parameters"]["neighbours"] == 2000

    ordered = graphrec(
        *together, "--ordered", "--measure", "cosine", "--overwrite", "--format", "csv"
    )
    assert ordered.code == 0
    table = read(tmp_path / "out")
    assert list(zip(table.item, table.neighbour, strict=True)) == [("a", "b"), ("b", "a")]
    assert len(list((tmp_path / "out" / "_csv").glob("*.csv"))) >= 1


def test_neighbours_bound_the_choice_and_the_most_popular_are_shown(
    graphrec: Graphrec, ratings: Path, products: Path, tmp_path: Path
) -> None:
    done = graphrec(
        *("watched-together", ratings, "--items", products, "--out", tmp_path / "out"),
        *("--neighbours", 2, "--min-support", 1, "--sample", 2),
    )
    assert done.code == 0
    table = pd.read_parquet(tmp_path / "out")
    assert list(table.columns)[:5] == ["asin", "title", "neighbour", "neighbour_title", "rank"]
    known = pd.read_csv(products).set_index("Asin").title
    for ids, titles in (("asin", "title"), ("neighbour", "neighbour_title")):
        expected = table[ids].map(known)
        assert expected.isna().any()  # the file does not know all of them
        assert table[titles].isna().equals(expected.isna())
        assert table[titles].dropna().equals(expected.dropna())
    assert table.groupby("asin").size().max() == 2
    most = table.drop_duplicates("asin").nlargest(2, "support_item").support_item
    for support in most:
        assert f"in the histories of {support} users\n" in done.out
    first = table.drop_duplicates("asin").nlargest(1, "support_item").asin.item()
    assert f"({first}), in the histories of" in done.out
    assert "[bold]" in done.out


def test_ids_named_like_the_titles_are_refused_before_any_work(
    graphrec: Graphrec, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("user,Title\nu1,a\nu1,b\n")
    (tmp_path / "films.csv").write_text("title,name\na,Alien\n")
    given = (tmp_path / "in.csv", "--item", "Title", "--items", tmp_path / "films.csv")
    for verb in ("watched-together", "recommend"):
        refused = graphrec(verb, *given, "--out", tmp_path / "out")
        assert refused.code == 2
        assert "item column cannot be named like a column of titles; found 'Title'" in refused.err
        assert "read " not in refused.err


def test_a_saved_model_gives_the_same_neighbours(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    keep = ("--save-model", tmp_path / "model")
    assert graphrec("watched-together", ratings, "--out", tmp_path / "one", *keep).code == 0
    again = graphrec("watched-together", "--model", tmp_path / "model", "--out", tmp_path / "two")
    assert again.code == 0
    order = ["asin", "rank"]
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "one").sort_values(order).reset_index(drop=True),
        pd.read_parquet(tmp_path / "two").sort_values(order).reset_index(drop=True),
    )
    listed = graphrec("recommend", "--model", tmp_path / "model", "--out", tmp_path / "lists")
    assert listed.code == 0
    lists = pd.read_parquet(tmp_path / "lists")
    assert set(lists.source) == {"personal"}
    assert (lists.knn == lists.score).all()  # sums of the measure over the history
    explained = graphrec("explain", "--model", tmp_path / "model", "9", "a4")
    assert explained.code == 0
    assert "its popularity" not in explained.out
