"""Options from a TOML file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Graphrec = Callable[..., Any]


def test_the_verbs_table_wins_over_the_top_and_a_flag_over_both(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    config = tmp_path / "graphrec.toml"
    config.write_text(
        f"""
        input = "{ratings}"
        k = 2
        sample = 0
        min-support = 7          # an option of the other verb alone
        keep-seen = true
        [recommend]
        k = 3
        out = "{tmp_path}/out"
        half-life = 365
        diversity = 0.25
        [recommend.weights]
        walk = 0.5
        als = 0
        [watched-together]
        measure = "lift"
        """
    )
    done = graphrec("recommend", "--config", config, "--diversity", "0.5", "--no-keep-seen")
    assert done.code == 0, done.err
    parameters = json.loads((tmp_path / "out" / "_run.json").read_text())["parameters"]
    assert parameters["k"] == 3
    assert parameters["sample"] == 0
    assert parameters["half_life"] == 365
    assert parameters["diversity"] == 0.5
    assert parameters["keep_seen"] is False
    assert parameters["weights"] == {"walk": 0.5}
    assert "min_support" not in parameters

    again = graphrec(
        *("watched-together", "--config", config, "--out", tmp_path / "pairs"),
        *("--min-support", 1),
    )
    assert again.code == 0, again.err
    parameters = json.loads((tmp_path / "pairs" / "_run.json").read_text())["parameters"]
    assert (parameters["k"], parameters["measure"], parameters["min_support"]) == (2, "lift", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kk = 3", "there is no option 'kk'; found it at the top of {}; did you mean 'k'?"),
        ("[recommend]\nhalf-live = 3", "'half-live'; found it in [recommend] of {}; did you mean"),
        ("[recommend]\nmeasure = 'llr'", "'measure'; found it in [recommend] of {}"),
        ("[watched-together]\nrank = 3", "'rank'; found it in [watched-together] of {}"),
        ("[recomend]\nk = 3", "no table [recomend]; found it in {}; did you mean [recommend]?"),
        ("[Watched_Together]\nk = 3", "found it in {}; did you mean [watched-together]?"),
        ("[[recomend]]\nk = 3", "no table [recomend]; found it in {}; did you mean [recommend]?"),
        ("[quux]\nk = 3", "no table [quux]; found it in {}; the tables are recommend, update"),
        ("[recommend.weight]\nwalk = 1", "no option 'weight'; found it in [recommend] of {}"),
        ("[watched_together]\nrank = 3", "'rank'; found it in [watched-together] of {}"),
        ("half-life = 3\nhalf_life = 4", "{} has both 'half_life' and 'half-life'; leave one out"),
        ("config = 'x'", "'config'; found it at the top of {}"),
        ("recommend = 3", "recommend is not a table in {}; write [recommend]"),
        ("k = [", "{} is not TOML"),
        ("k = 'ten'", "'k' must be a whole number; found 'ten' at the top of {}"),
        ("k = 3.0", "'k' must be a whole number; found 3.0 at the top of {}"),
        ("k = true", "'k' must be a whole number; found true at the top of {}"),
        ("k = 0", "'k' cannot be 0; found it at the top of {}; Input should be greater than"),
        ("diversity = 'much'", "'diversity' must be a number; found 'much' at the top of {}"),
        ("[recommend]\ndiversity = true", "must be a number; found true in [recommend] of {}"),
        ("[evaluate]\nmmr = false", "'mmr' must be a number; found false in [evaluate] of {}"),
        ("user = ['a']", "'user' must be text; found the list ['a'] at the top of {}"),
        ("user = { a = 1 }", "'user' must be text; found a table at the top of {}"),
        ("user = true", "'user' must be text; found true at the top of {}"),
        (
            "half-life = 2024-03-10",
            "'half-life' must be a number; found 2024-03-10 at the top of {}",
        ),
        ("overwrite = 1", "'overwrite' must be true or false; found 1 at the top of {}"),
        ("overwrite = 'no'", "'overwrite' must be true or false; found 'no' at the top of {}"),
        ("format = 'xlsx'", "'format' cannot be 'xlsx'; found it at the top of {}"),
        ("weights = { walk = true }", "'weights.walk' must be a number or text; found true at"),
        ("weights = ['walk']", "'weights' must be text; found the list ['walk'] at the top of {}"),
        (
            "k = 3 # \udce9",
            "{} is not text in UTF-8; found other bytes in line 1; save it as UTF-8",
        ),
    ],
)
def test_what_is_wrong_in_it_is_one_clear_line(
    graphrec: Graphrec, tmp_path: Path, text: str, said: str
) -> None:
    config = tmp_path / "graphrec.toml"
    config.write_bytes(text.encode(errors="surrogateescape"))
    done = graphrec("recommend", "in.csv", "--out", tmp_path / "out", "--config", config)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert said.replace("{}", str(config)) in done.err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_honoured(graphrec: Graphrec, tmp_path: Path, encoding: str) -> None:
    config = tmp_path / "graphrec.toml"
    config.write_text(f'input = "{tmp_path}/é.csv"', encoding=encoding)
    done = graphrec("recommend", "--out", tmp_path / "out", "--config", config)
    assert done.err == f"graphrec: {tmp_path}/é.csv does not exist; check the path\n"
