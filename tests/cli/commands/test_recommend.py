"""`graphrec recommend`, from a file to lists on disk."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graphrec.cli import main
from graphrec.recommenders.hybrid.weights import DEFAULT_WEIGHTS

Graphrec = Callable[..., Any]
WALK = ("--weights", "walk=1")


def read(folder: Path) -> pd.DataFrame:
    table = pd.read_parquet(folder)
    return table.sort_values([table.columns[0], "rank"]).reset_index(drop=True)


def record(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "_run.json").read_text())
    return loaded


def clean(ratings: Path) -> pd.DataFrame:
    """What of the file is accepted."""
    table = pd.read_csv(ratings, dtype=str)
    good = table.customer_id.notna() & table.asin.notna() & table.stars.isin(list("12345"))
    return table[good].astype({"customer_id": "int64"})


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory, spark: Any, ratings: Path) -> Path:
    """The result with all legs, and a model beside it."""
    folder = tmp_path_factory.mktemp("listed")
    arguments = [str(ratings), "--out", f"{folder}/out", "--save-model", f"{folder}/model"]
    assert main(["recommend", *arguments, "-k", "4", "--rank", "4", "--format", "csv"]) == 0
    return folder


def test_lists_have_the_columns_and_ids_of_the_input(listed: Path, ratings: Path) -> None:
    table = read(listed / "out")
    assert list(table.columns) == [
        *("customer_id", "asin", "rank", "score"),
        *("walk", "ease", "als", "embedding", "because", "source", "history_size"),
    ]
    assert table.customer_id.dtype == "int64"
    known = clean(ratings)
    assert set(table.customer_id) == set(known.customer_id)
    for user, rows in table.groupby("customer_id"):
        seen = set(known[known.customer_id == user].asin)
        assert list(rows["rank"]) == list(range(1, len(rows) + 1))
        assert len(rows) == 4
        assert rows.asin.is_unique
        assert not seen & set(rows.asin)
        assert rows.score.is_monotonic_decreasing
        assert all(seen >= set(reasons) for reasons in rows.because)
    assert set(table.source) == {"personal"}
    shares = table.walk + table.ease + table.als + table.embedding
    pd.testing.assert_series_equal(shares, table.score, check_names=False, rtol=1e-4, atol=1e-4)


def test_rejected_rows_are_kept_with_their_reasons(listed: Path) -> None:
    rejected = pd.read_parquet(listed / "out" / "_rejected")
    assert sorted(rejected.reason) == [
        "item id is missing",
        "rating is missing",
        "rating is not a finite number",
        "user id is missing",
    ]
    assert set(rejected.stars.dropna()) == {"3", "five"}


def test_the_record_says_all_about_the_run(listed: Path, ratings: Path) -> None:
    noted = record(listed / "out")
    known = clean(ratings)
    rows = len(pd.read_csv(ratings))
    assert noted["command"] == "recommend"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", noted["graphrec"])
    assert noted["parameters"]["k"] == 4
    assert noted["parameters"]["rank"] == 4
    used = {leg: weight for leg, weight in DEFAULT_WEIGHTS.items() if weight > 0}
    assert noted["parameters"]["weights"] == used
    assert noted["parameters"]["candidates"] == 300
    assert noted["input"]["columns"] == {
        "user": "customer_id",
        "item": "asin",
        "rating": "stars",
        "timestamp": "ts",
        "event": None,
    }
    assert noted["input"]["rows_read"] == rows
    assert noted["input"]["accepted_rows"] == rows - 4
    assert sum(noted["input"]["rejected"].values()) == noted["input"]["rejected_rows"] == 4
    assert noted["input"]["users"] == known.customer_id.nunique()
    assert noted["input"]["items"] == known.asin.nunique()
    assert noted["input"]["interactions"] == len(known.drop_duplicates(["customer_id", "asin"]))
    sources = {"personal": {"users": 40, "rows": 160}}
    assert noted["output"] == {"users": 40, "rows": 160, "sources": sources}
    assert {"read", "item pairs", "ease", "factors", "lists"} <= set(noted["seconds"])
    assert all(seconds >= 0 for seconds in noted["seconds"].values())


def test_csv_comes_beside_parquet(listed: Path) -> None:
    files = sorted((listed / "out" / "_csv").glob("*.csv"))
    csv = pd.concat([pd.read_csv(file) for file in files]).sort_values(["customer_id", "rank"])
    table = read(listed / "out")
    assert list(csv.columns) == list(table.columns)
    assert list(csv.asin) == list(table.asin)
    assert list(csv.because) == ["|".join(reasons) for reasons in table.because]


def test_a_saved_model_gives_the_same_lists(
    graphrec: Graphrec, listed: Path, tmp_path: Path
) -> None:
    done = graphrec("recommend", "--model", listed / "model", "--out", tmp_path / "out", "-k", 4)
    assert done.code == 0
    pd.testing.assert_frame_equal(read(tmp_path / "out"), read(listed / "out"))
    assert not (tmp_path / "out" / "_rejected").exists()
    assert record(tmp_path / "out")["input"]["path"] == str(listed / "model")


def test_serving_parameters_of_a_saved_model_change_when_given(
    graphrec: Graphrec, listed: Path, tmp_path: Path
) -> None:
    events = tmp_path / "events.csv"
    events.write_text("user,asin,time,kind\nu,A1,1.7e9,impression\nu,A1,1.7e9,click\nu,A1,,click\n")
    done = graphrec(
        *("recommend", "--model", listed / "model", "--out", tmp_path / "out"),
        *("--weights", "walk=1", "--diversity", 0.5, "--keep-seen"),
        *("--explore", 0.5, "--explore-slots", "1,2", "--policy", "ucb", "--feedback", events),
    )
    assert done.code == 0, done.err
    assert "--feedback: 2 events, about 1 items" in done.err
    assert "--feedback: 1 rejected: time is missing or cannot be read" in done.err
    table = read(tmp_path / "out")
    assert (table.als == 0).all()
    assert (table.propensity[table["rank"] > 2] == 1).all()
    assert table.propensity[table["rank"] <= 2].between(0, 0.9, inclusive="neither").all()
    noted = record(tmp_path / "out")["parameters"]
    assert (noted["weights"], noted["diversity"], noted["keep_seen"]) == ({"walk": 1}, 0.5, True)
    explored = noted["exploration"]
    assert (explored["share"], explored["slots"], explored["seed"]) == (0.5, [1, 2], 0)
    assert explored["feedback"]["kinds"] == {"click": 1, "impression": 1}
    assert explored["policy"] == {"name": "UpperConfidenceBound", "floor": 0.05, "discount": 1.0}
    refused = graphrec(
        *("recommend", "--model", listed / "model", "--out", tmp_path / "x", "--feedback", "e.csv")
    )
    assert refused.code == 2
    assert "--feedback e.csv without --explore; add --explore 0.1" in refused.err


def test_lists_of_users_allowed_and_denied_items(
    graphrec: Graphrec, listed: Path, tmp_path: Path
) -> None:
    (tmp_path / "users.csv").write_text("CustomerID\n1\n2\n999\nnobody\n")
    (tmp_path / "allow.csv").write_text("id\na1\na2\na3\na4\na5\na6\na7\na999\n")
    (tmp_path / "deny.csv").write_text("asin\na5\n")
    (tmp_path / "deny_user.csv").write_text("user_id,item_id\n1,a6\n999,a1\n")
    lists = {}
    for deny in ("deny", "deny_user"):
        done = graphrec(
            *("recommend", "--model", listed / "model", "--out", tmp_path / f"{deny}.out"),
            *("--users", tmp_path / "users.csv", "--allow", tmp_path / "allow.csv"),
            *("--deny", tmp_path / f"{deny}.csv", "--keep-seen"),
        )
        assert done.code == 0, done.err
        table = read(tmp_path / f"{deny}.out")
        assert set(table.asin) <= {f"a{n}" for n in range(1, 8)}
        assert dict(table.groupby("customer_id").source.first()) == {
            1: "personal",
            2: "personal",
            999: "popular",
        }
        lists[deny] = table.groupby("customer_id").asin.apply(set)
        noted = record(tmp_path / f"{deny}.out")["input"]["lists"]
        assert noted["users"] == {"user": {"ids": 4, "unknown": 2, "unusable": 1}}
        assert noted["allow"] == {"item": {"ids": 8, "unknown": 1, "unusable": 0}}
        assert "--users: 2 of 4 users are not in what was learned, such as '999': " in done.err
        assert "but for 1 that are no whole numbers and get no list\n" in done.err
        assert "--allow: 1 of 8 items are not in what was learned, such as 'a999': " in done.err
        of_items = {"ids": 1 if deny == "deny" else 2, "unknown": 0, "unusable": 0}
        of_users = {} if deny == "deny" else {"user": {"ids": 2, "unknown": 1, "unusable": 0}}
        assert noted["deny"] == {"item": of_items, **of_users}
        assert ("--deny: 1 of 2 users are not in" in done.err) == bool(of_users)
    assert not any("a5" in items for items in lists["deny"])
    assert "a6" not in lists["deny_user"][1]
    assert "a1" not in lists["deny_user"][999]
    assert "a6" in lists["deny_user"][999]


def test_sample_shows_titles_reasons_and_a_cold_user(
    graphrec: Graphrec, listed: Path, products: Path, tmp_path: Path
) -> None:
    (tmp_path / "users.csv").write_text("customer_id\n1\n2\n3\n998\n999\n")
    done = graphrec(
        *("recommend", "--model", listed / "model", "--out", tmp_path / "out"),
        *("--users", tmp_path / "users.csv", "--items", products, "--sample", 2, "-k", 30),
        *("--verb", "bought"),
    )
    assert done.code == 0
    assert re.findall(r"^(\d+), (who has bought|without a history)", done.out, re.MULTILINE) == [
        ("1", "who has bought"),
        ("2", "who has bought"),
        ("998", "without a history"),
    ]
    assert "because you have bought" in done.out
    assert "(popular)" in done.out
    assert '[/bold], "the" thing' in done.out
    assert "\n10   " in done.out
    assert "\n11   " not in done.out
    assert re.search(
        r"^lists +5 users, \d+ rows, 2 popular +\d+\.\d s +step 2 of 2$", done.err, re.MULTILINE
    )
    assert done.err.endswith(f"written to {tmp_path}/out\n")
    table = pd.read_parquet(tmp_path / "out")
    assert list(table.columns)[:4] == ["customer_id", "asin", "title", "rank"]
    known = pd.read_csv(products).set_index("Asin").title
    assert set(table.asin) > set(known.index)  # the file does not know all of them
    assert table.title.fillna("?").equals(table.asin.map(known).fillna("?"))
    assert re.search(r"^ 1 +a\d+ +Product \[bold\]", done.out, re.MULTILINE)


def test_what_was_rejected_is_printed(graphrec: Graphrec, ratings: Path, tmp_path: Path) -> None:
    done = graphrec("recommend", ratings, "--out", tmp_path / "out", *WALK, "--sample", 0)
    assert done.out == ""
    assert re.search(r"^read +\d+ rows, \d+ accepted, 4 rejected +\d", done.err, re.MULTILINE)
    assert "4 of " in done.err
    assert "       1  rating is not a finite number\n" in done.err


def test_quiet_says_nothing(graphrec: Graphrec, ratings: Path, tmp_path: Path) -> None:
    done = graphrec("recommend", ratings, "--out", tmp_path / "out", *WALK, "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert list(read(tmp_path / "out").columns)[4:] == ["walk", "because", "source", "history_size"]


def test_named_columns_and_implicit_feedback(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    done = graphrec(
        *("recommend", ratings, "--out", tmp_path / "out", *WALK, "--user", "asin"),
        *("--item", "customer_id", "--implicit", "--timestamp", ""),
    )
    assert done.code == 0
    assert list(read(tmp_path / "out").columns)[:2] == ["asin", "customer_id"]
    noted = record(tmp_path / "out")["input"]
    assert (noted["columns"]["rating"], noted["columns"]["timestamp"]) == (None, None)
    assert noted["rejected"] == {"user id is missing": 1, "item id is missing": 1}


def test_an_older_result_survives_a_failure(
    graphrec: Graphrec, listed: Path, tmp_path: Path
) -> None:
    serve = ("recommend", "--model", listed / "model", "--out", tmp_path / "out", "--overwrite")
    assert graphrec(*serve, "-k", 2).code == 0
    before = read(tmp_path / "out")
    (tmp_path / "bad.csv").write_text("city\nRome\n")
    failed = graphrec(*serve, "-k", 3, "--users", tmp_path / "bad.csv")
    assert failed.code == 2
    pd.testing.assert_frame_equal(read(tmp_path / "out"), before)
    assert sorted(os.listdir(tmp_path)) == ["bad.csv", "out"]
    assert graphrec(*serve, "-k", 3).code == 0
    assert read(tmp_path / "out")["rank"].max() == 3


def test_new_items_are_listed_with_their_titles_where_a_rule_allows_them(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    items = tmp_path / "items.csv"
    kinds = [f"a{item},Title {item},k{item % 3},{2000 + item}" for item in range(30)]
    new = ["b1,New 1,k1,2030", "b2,New 2,k2,1990"]
    items.write_text("\n".join(["asin,title,kind,year", *kinds, *new]) + "\n")
    ended = graphrec(
        *["recommend", ratings, "--out", tmp_path / "out", "-k", 30, *WALK],
        *["--items", items, "--features", "kind", "--where", "year >= 2010"],
        *["--new-item-share", "0.1"],
    )
    assert ended.code == 0, ended.err
    assert "--where year >= 2010: 11 of 32 items are hidden" in ended.err
    table = read(tmp_path / "out")
    assert set(table.title) == {"New 1", *(f"Title {item}" for item in range(10, 30))}
    of_new = table[table.asin == "b1"]
    assert of_new.customer_id.nunique() == table.customer_id.nunique()
    assert of_new["rank"].min() < 10
    reasons = {reason for reasons in of_new.because for reason in reasons}
    assert reasons
    found = record(tmp_path / "out")
    assert found["parameters"]["features"] == {"kind": "category"}
    assert found["parameters"]["new_item_share"] == 0.1
    rule = {"rule": "--where year >= 2010", "items": 32, "hidden": 11}
    assert found["input"]["rules"] == {"where": rule}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Which half of the items customers like; one of them has bought nothing yet."""
    rows = [f"{user},{'even' if user % 2 else 'odd'}" for user in [*range(1, 41), 998]]
    path = tmp_path_factory.mktemp("people") / "people.csv"
    path.write_text("\n".join(["customer_id,half", *rows]) + "\n")
    return path


def test_users_without_a_history_get_lists_on_other_grounds(
    graphrec: Graphrec, ratings: Path, people: Path, tmp_path: Path
) -> None:
    (tmp_path / "picks.csv").write_text("asin\nbrand-new\na1\n")
    (tmp_path / "users.csv").write_text("customer_id\n1\n998\n999\n")
    done = graphrec(
        *("recommend", ratings, *WALK, "--out", tmp_path / "out", "-k", 40),
        *("--user-features", people, "--default", tmp_path / "picks.csv"),
        *("--users", tmp_path / "users.csv"),
    )
    assert done.code == 0, done.err
    table = read(tmp_path / "out")
    sources = table.groupby("customer_id").source.unique().apply(list).to_dict()
    assert sources == {1: ["personal"], 998: ["demographic"], 999: ["popular", "picked"]}
    assert table[table.source == "picked"].asin.tolist() == ["brand-new"]
    noted = record(tmp_path / "out")
    assert noted["output"]["sources"]["popular"] == {"users": 1, "rows": 30}
    assert noted["parameters"]["user_features"] == {"half": "category"}
    assert noted["parameters"]["weights"] == {"walk": 1.0, "demographic": 1.0}
    counts = "personal 1, demographic 1, popular 1, picked 1"
    assert f"users who have items of each source: {counts}\n" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--user-columns", "half"], "--user-columns names columns of --user-features; give"),
        (["--user-features", "{}", "--user-columns", "age"], "must have the column 'age' once"),
        (["--user-features", "{}", "--user-columns", "half:color"], "the kinds are number, cat"),
        (["--default", "no-such-file.csv"], "no-such-file.csv"),
    ],
)
def test_what_is_known_of_users_and_cannot_be_used_is_one_line(
    graphrec: Graphrec,
    ratings: Path,
    people: Path,
    tmp_path: Path,
    options: list[str],
    message: str,
) -> None:
    named = [option.format(people) for option in options]
    done = graphrec("recommend", ratings, *WALK, "--out", tmp_path / "out", *named)
    assert done.code == 2
    assert message in done.err.splitlines()[-1]
