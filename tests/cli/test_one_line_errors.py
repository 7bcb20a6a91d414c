"""What a user can do wrong: one clear line, exit code 2, and nothing written."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Graphrec = Callable[..., Any]
GOOD = "user,item,rating\nu1,a,5\nu1,b,4\nu2,a,3\nu2,b,4\n"
BOTH = ("recommend", "watched-together")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Inputs of all kinds."""
    files = {
        "good.csv": GOOD,
        "empty.csv": "",
        "header.csv": "user,item,rating\n",
        "bad_rows.csv": "user,item,rating\nu1,,5\n,a,4\n",
        "mixed/a.csv": GOOD,
        "mixed/b.json": '{"user": "u1", "item": "a"}\n',
        "other_columns/a.csv": GOOD,
        "other_columns/b.csv": "who,what\n1,2\n",
        "there/thesis.txt": "years of work",
        "older/_run.json": "{}",
        "cities.csv": "city\nRome\n",
        "untitled.csv": "item,length\na,3\n",
        "named.csv": "Source,item,rating\nu1,a,5\nu1,b,4\nu2,a,3\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def expect(
    graphrec: Graphrec, folder: Path, arguments: tuple[object, ...], said: list[str], code: int = 2
) -> None:
    before = sorted(folder.rglob("*"))
    done = graphrec(*arguments)
    assert done.code == code
    lines = done.err.splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("graphrec: ")
    for part in said:
        assert part in lines[0]
    assert "Exception" not in lines[0]
    assert done.out == ""
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("verb", BOTH)
@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ("good.csv", ["--user", "usr"], ["no column 'usr' for the user", "did you mean 'user'"]),
        ("good.csv", ["--rating", "stars"], ["no column 'stars'", "user, item, rating"]),
        ("nope.csv", [], ["nope.csv does not exist"]),
        ("empty.csv", [], ["empty.csv is empty"]),
        ("header.csv", [], ["has no rows", "user, item, rating"]),
        ("mixed", [], ["several formats", "1 .csv", "1 .json"]),
        ("other_columns", [], ["different columns", "who, what"]),
        ("good.csv", ["--input-format", "excel"], ["no format 'excel' is read", "tsv"]),
        ("good.csv", ["--implicit", "--rating", "rating"], ["--implicit takes no rating"]),
        ("good.csv", ["-k", "0"], ["'-k'", "greater than or equal to 1"]),
        ("good.csv", ["-k", "ten"], ["'-k'", "integer"]),
        ("good.csv", ["--colour", "red"], ["--colour"]),
        ("good.csv", ["-k", "3", "-k", "4"], ["-k is given more than once"]),
        ("good.csv", ["--overwrite", "--overwrite"], ["--overwrite is given more than once"]),
        ("good.csv", ["--format", "xlsx"], ["--format", "csv"]),
        ("good.csv", ["--items", "{}/nope.csv"], ["nope.csv does not exist"]),
        ("good.csv", ["--items", "{}/cities.csv"], ["cities.csv holds the item", "city"]),
        ("good.csv", ["--items", "{}/untitled.csv"], ["titles", "item, length", "--title"]),
        ("good.csv", ["--items", "{}/untitled.csv", "--title", "t"], ["no column 't'", "length"]),
        ("good.csv", ["--model", "{}/older"], ["exclude each other"]),
        ("good.csv", ["--config", "{}/nope.toml"], ["nope.toml cannot be read"]),
        ("good.csv", ["--save-model", "{}/out/model"], ["is in"]),
        ("good.csv", ["--save-model", "{}/there"], ["there", "not written by graphrec"]),
    ],
)
def test_of_all_verbs(
    graphrec: Graphrec, folder: Path, verb: str, given: str, options: list[str], said: list[str]
) -> None:
    filled = [option.replace("{}", str(folder)) for option in options]
    expect(graphrec, folder, (verb, folder / given, "--out", folder / "out", *filled), said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--weights", "walk=1,luck=2"], ["unknown leg", "luck", "walk, ease, als, embedding"]),
        (["--weights", "walk"], ["--weights", "name=value", "walk=0.1"]),
        (["--weights", "walk=-1"], ["weights must be", "-1"]),
        (["--weights", "walk=1,als=1, walk=2"], ["--weights names walk twice"]),
        (["--settings", "rank=8,rank=9"], ["--settings names rank twice"]),
        (["--settings", "rank=8", "--settings", "seed=9"], ["--settings is given more than once"]),
        (["--weights", "trend=1"], ["the weight of trend needs times", "--timestamp"]),
        (["--weights", "walk=0"], ["weights must be"]),
        (["--diversity", "1.5"], ["diversity must be", "1.5"]),
        (["--candidates", "0"], ["candidates must be", "0"]),
        (["--rank", "0"], ["rank must be", "0"]),
        (["--half-life", "-3"], ["halfLife must be", "-3"]),
        (["--half-life", "30"], ["--half-life needs times", "--timestamp"]),
        (["--users", "{}/cities.csv"], ["cities.csv holds the user", "city", "user"]),
        (["--allow", "{}/cities.csv"], ["cities.csv holds the item"]),
        (["--deny", "{}/nope.csv"], ["nope.csv does not exist"]),
    ],
)
def test_of_recommend(
    graphrec: Graphrec, folder: Path, options: list[str], said: list[str]
) -> None:
    filled = [option.replace("{}", str(folder)) for option in options]
    arguments = ("recommend", folder / "good.csv", "--out", folder / "out", *filled)
    expect(graphrec, folder, arguments, said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--measure", "luck"], ["luck", "cosine", "llr"]),
        (["--ordered"], ["--ordered needs times"]),
        (["--min-support", "0"], ["--min-support"]),
        (["--neighbours", "0"], ["maxNeighbours must be", "0"]),
    ],
)
def test_of_watched_together(
    graphrec: Graphrec, folder: Path, options: list[str], said: list[str]
) -> None:
    arguments = ("watched-together", folder / "good.csv", "--out", folder / "out", *options)
    expect(graphrec, folder, arguments, said)


@pytest.mark.parametrize("verb", BOTH)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{}/good.csv"], ["--out"]),
        (["--out", "{}/out"], ["nothing to learn from"]),
        (["--out", "{}/out", "--model", "{}/there"], ["no model at"]),
        (["--out", "{}/out", "--model", "{}/m", "--user", "u"], ["--user has no effect"]),
        (["{}/good.csv", "--out", "{}/there"], ["there", "not written by graphrec"]),
        (["{}/good.csv", "--out", "{}/there", "--overwrite"], ["not written by graphrec"]),
        (["{}/good.csv", "--out", "{}/older"], ["is there already", "--overwrite"]),
        (["{}/good.csv", "--out", "{}/good.csv", "--overwrite"], [" is "]),
        (["{}/mixed", "--out", "{}/mixed/out"], ["is in"]),
        (["{}/good.csv", "--out", "{}", "--overwrite"], ["contains"]),
        (["{}/good.csv", "--out", ""], ["the output has no name"]),
        (["{}/good.csv", "{}/good.csv", "--out", "{}/out"], ["unexpected extra argument"]),
    ],
)
def test_of_paths(
    graphrec: Graphrec, folder: Path, verb: str, arguments: list[str], said: list[str]
) -> None:
    filled = [argument.replace("{}", str(folder)) for argument in arguments]
    expect(graphrec, folder, (verb, *filled), said)


@pytest.mark.parametrize("verb", ["recommend", "watched-together", "explain", "evaluate", "tune"])
def test_a_column_named_like_one_of_the_results(
    graphrec: Graphrec, folder: Path, verb: str
) -> None:
    """Before any work is done: there is no other line."""
    ids = ("u1", "b") if verb == "explain" else ()
    for user, item in (("Source", "item"), ("item", "Source")):
        named = ("--user", user, "--item", item, "--implicit")
        arguments = (verb, folder / "named.csv", *ids, "--out", folder / "out", *named)
        said = ["cannot be named like a column of the result; found 'Source'; rename it"]
        expect(graphrec, folder, arguments, said)


def test_rows_without_a_good_one_among_them(graphrec: Graphrec, folder: Path) -> None:
    done = graphrec("recommend", folder / "bad_rows.csv", "--out", folder / "out")
    assert done.code == 2
    assert "graphrec: no row is a usable interaction; found 1 x user id is missing" in done.err
    assert not (folder / "out").exists()


def test_options_that_have_no_effect_on_a_saved_model(graphrec: Graphrec, folder: Path) -> None:
    for option in (("--rank", "3"), ("--half-life", "3"), ("--implicit",)):
        arguments = ("recommend", "--model", "m", "--out", folder / "out", *option)
        expect(graphrec, folder, arguments, [f"{option[0]} has no effect on a saved model"])


def test_an_unknown_verb(graphrec: Graphrec, folder: Path) -> None:
    expect(graphrec, folder, ("recomend",), ["recomend", "graphrec --help"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_to(graphrec: Graphrec, folder: Path) -> None:
    (folder / "there").chmod(0o500)
    arguments = ("recommend", folder / "good.csv", "--out", folder / "there" / "out")
    expect(graphrec, folder, arguments, ["cannot be written to"])


def test_what_is_only_noticed_while_it_is_read_is_one_line_too(
    graphrec: Graphrec, folder: Path
) -> None:
    """A file that is damaged further on than anybody looks before it is read."""
    rows = GOOD + "".join(f"u{n % 99},i{n % 89},{n % 5}\n" for n in range(200_000))
    packed = gzip.compress(rows.encode())
    damaged = folder / "damaged.csv.gz"
    damaged.write_bytes(packed[: len(packed) // 2])
    done = graphrec("recommend", damaged, "--out", folder / "out")
    assert done.code == 2
    last = done.err.splitlines()[-1]
    assert last == f"graphrec: {damaged} cannot be read; found Unexpected end of input stream"
    assert not (folder / "out").exists()
    assert not list(folder.glob(".out*"))
    traced = graphrec("recommend", damaged, "--out", folder / "out", "--debug")
    assert "Traceback (most recent call last)" in traced.err


def test_encoding_and_delimiter_hold_for_all_files_that_are_read(
    graphrec: Graphrec, folder: Path
) -> None:
    texts = {
        "ratings": GOOD.replace(",", ";").replace("u2", "José").replace("b", "é"),
        "titles": "item;title\na;A\né;Amélie\n",
        "users": "user\nu1\nJosé\n",
        "denied": "item;user\na;zz\né;Josè\n",
    }
    paths = {name: folder / f"{name}.csv" for name in texts}
    for name, text in texts.items():
        paths[name].write_text(text, encoding="latin-1")
    command = ("recommend", paths["ratings"], "--out", folder / "out", "--delimiter", ";")
    command += ("--items", paths["titles"], "--users", paths["users"], "--deny", paths["denied"])
    command += ("--weights", "walk=1", "--keep-seen")
    refused = graphrec(*command)
    assert refused.code == 2
    assert refused.err.splitlines()[-1] == (
        f"graphrec: {paths['ratings']} is not text in UTF-8; found other bytes in line 3; "
        "name its encoding by --encoding (latin-1, cp1252, utf-16 ...)"
    )
    done = graphrec(*command, "--encoding", "latin-1")
    assert done.code == 0, done.err
    assert "José" in done.out
    assert "Amélie" in done.out
