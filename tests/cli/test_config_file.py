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
    told = json.loads((tmp_path / "out" / "_run.json").read_text())["parameters"]
    assert told["k"] == 3
    assert told["sample"] == 0
    assert told["half_life"] == 365
    assert told["diversity"] == 0.5
    assert told["keep_seen"] is False
    assert told["weights"] == {"walk": 0.5}
    assert "min_support" not in told

    again = graphrec(
        *("watched-together", "--config", config, "--out", tmp_path / "pairs"),
        *("--min-support", 1),
    )
    assert again.code == 0, again.err
    told = json.loads((tmp_path / "pairs" / "_run.json").read_text())["parameters"]
    assert (told["k"], told["measure"], told["min_support"]) == (2, "lift", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kk = 3", "there is no option 'kk'; found it at the top of {}; did you mean 'k'?"),
        ("[recommend]\nhalf-live = 3", "'half-live'; found it in [recommend] of {}; did you mean"),
        ("[recommend]\nmeasure = 'llr'", "'measure'; found it in [recommend] of {}"),
        ("[watched-together]\nrank = 3", "'rank'; found it in [watched-together] of {}"),
        ("[recomend]\nk = 3", "'recomend'; found it at the top of {}"),
        ("config = 'x'", "'config'; found it at the top of {}"),
        ("recommend = 3", "recommend is not a table in {}; write [recommend]"),
        ("k = [", "{} is not TOML"),
        ("k = 'ten'", "Invalid value for '-k'"),
        ("diversity = 'much'", "Invalid value for '--diversity'"),
        ("k = 0", "Invalid value for '-k'"),
    ],
)
def test_what_is_wrong_in_it_is_one_clear_line(
    graphrec: Graphrec, tmp_path: Path, text: str, said: str
) -> None:
    config = tmp_path / "graphrec.toml"
    config.write_text(text)
    done = graphrec("recommend", "in.csv", "--out", tmp_path / "out", "--config", config)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert said.replace("{}", str(config)) in done.err
