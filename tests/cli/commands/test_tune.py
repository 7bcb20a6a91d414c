"""`graphrec tune`, from a file to a configuration that `recommend` takes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Graphrec


@pytest.mark.slow
def test_what_is_chosen_is_what_recommend_uses(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tuned"
    options = ["--rank", "4", "--validation-users", "30", "--budget", "0.5", "--groups", "walk"]
    options += ["--settings", "als.maxIter=1,pseudoInteractions=0"]
    tuned = graphrec("tune", ratings, "--out", out, *options)
    assert tuned.code == 0, tuned.err
    trials = pd.read_parquet(out / "trials")
    assert list(trials.columns) == [
        "group",
        "settings",
        "ndcg",
        "low_similarity",
        "error",
        "chosen",
    ]
    assert list(dict.fromkeys(trials.group)) == ["walk"]
    assert trials.ndcg.between(0, 1).all()
    assert "restartProbability=0.5" in tuned.out
    assert len(pd.read_parquet(out / "_rejected")) == 4

    costs = pd.read_parquet(out / "diversity")
    record = json.loads((out / "_run.json").read_text())
    chosen = tomllib.loads((out / "graphrec.toml").read_text())["recommend"]
    assert chosen["rank"] == 4
    assert chosen["settings"]["als.maxIter"] == 1  # given, so it is kept
    assert chosen["diversity"] in set(costs.diversity)
    assert record["output"]["weights"] == chosen["weights"]

    lists = tmp_path / "lists"
    served = graphrec(
        "recommend", ratings, "--out", lists, "--config", out / "graphrec.toml", "-k", 3
    )
    assert served.code == 0, served.err
    parameters = json.loads((lists / "_run.json").read_text())["parameters"]
    assert parameters["diversity"] == chosen["diversity"]
    assert parameters["rank"] == 4


def test_what_cannot_be_tuned_is_reported_in_one_line(
    graphrec: Graphrec, ratings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for arguments, said in (
        (["tune", "--out", out], "nothing to tune on"),
        (
            ["tune", ratings, "--out", out, "--weights", "walk=1"],
            "--weights is what tune looks for",
        ),
        (
            ["tune", ratings, "--out", out, "--groups", "walks"],
            "choose of half-life, order, recency, pairs, walk, pseudo, ease, als, embedding, rank",
        ),
        (["recommend", ratings, "--out", out, "--settings", "walk"], "list of name=value"),
        (["recommend", ratings, "--out", out, "--settings", "walk.steps=3"], "no parameter steps"),
        (["recommend", ratings, "--out", out, "--settings", "wlk.x=3"], "no leg 'wlk'"),
    ):
        found = graphrec(*arguments)
        assert (found.code, found.err.count("\n")) == (2, 1), found.err
        assert said in found.err
        assert not out.exists()
