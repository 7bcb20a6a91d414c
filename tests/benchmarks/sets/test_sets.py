"""The command on a small made set: every kind of model, and what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks.sets.__main__ import main
from benchmarks.sets.own_models import settings_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 users of two tastes, twenty items each; everybody's test item is of his own taste."""
    draw = np.random.default_rng(1)
    train, test = [], []
    for user in range(48):
        items = 20 * (user % 2) + draw.permutation(20)[: 4 + user % 9]
        train += [(user, int(item)) for item in items[1:]]
        test.append((user, int(items[0])))
    folder = tmp_path_factory.mktemp("data") / "made"
    folder.mkdir()
    for name, rows in (("train", train), ("test", test)):
        pd.DataFrame(rows, columns=["user", "item"]).to_parquet(folder / f"{name}.parquet")
    return folder.parent


@pytest.fixture(scope="module")
def result(spark: SparkSession, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    options = ["--peers", "popularity,rp3beta,ease", "--legs", "--variant", "weights=default"]
    main(["made", "--data", str(data), "--out", str(out), *options])
    return out


@pytest.fixture(scope="module")
def written(result: Path) -> dict[str, Any]:
    [found] = json.loads((result / "sets.json").read_text())
    return found  # type: ignore[no-any-return]


def of(written: dict[str, Any], model: str, metric: str, k: int, group: str = "all") -> float:
    [mean] = [
        row["mean"]
        for row in written["means"]
        if (row["model"], row["metric"], row["k"], row["group"]) == (model, metric, k, group)
    ]
    return float(mean)


def test_every_model_has_its_row(written: dict[str, Any]) -> None:
    legs = ["leg: walk", "leg: ease", "leg: als", "leg: embedding"]
    variant = "graphrec, weights=default"
    peers = ["popularity", "RP3beta", "EASE"]
    assert list(written["models"]) == ["graphrec", *legs, variant, *peers]
    assert (written["users"], written["cutoff"]) == (48, 20)
    groups = {row["group"] for row in written["means"]}
    assert groups == {"all", "3-5", "6-10", "11-20"}


def test_popularity_is_counted_by_hand(data: Path, written: dict[str, Any]) -> None:
    train, test = (pd.read_parquet(data / "made" / f"{part}.parquet") for part in ("train", "test"))
    counts = train["item"].value_counts()
    ordered = sorted(counts.index, key=lambda item: (-counts[item], item))
    hits = []
    for user, item in zip(test["user"], test["item"], strict=True):
        known = set(train[train["user"] == user]["item"])
        hits.append(item in [one for one in ordered if one not in known][:10])
    assert of(written, "popularity", "recall", 10) == pytest.approx(np.mean(hits))


def test_what_knows_the_taste_is_better_than_what_does_not(written: dict[str, Any]) -> None:
    for model in ("graphrec", "RP3beta", "EASE", "leg: walk"):
        assert of(written, model, "recall", 20) > of(written, "popularity", "recall", 20) + 0.2
    [difference] = [
        row
        for row in written["differences"]
        if (row["model"], row["metric"], row["k"], row["group"])
        == ("popularity", "ndcg", 20, "all")
    ]
    own, other = (of(written, model, "ndcg", 20) for model in ("graphrec", "popularity"))
    assert difference["difference"] == pytest.approx(own - other)
    assert difference["p_value"] < difference["corrected_p_value"] < 0.05
    assert not difference["better_beyond_chance"]


def test_settings_and_their_choice_are_written_down(written: dict[str, Any]) -> None:
    [choice] = written["models"]["RP3beta"]["choices"]
    best = max(choice["trials"], key=lambda trial: trial["ndcg"])
    assert choice["setting"] == best["setting"]
    assert len(choice["trials"]) == 12
    assert written["models"]["popularity"]["choices"] == [{"setting": {}, "trials": []}]


def test_the_tables_can_be_pasted(result: Path, written: dict[str, Any]) -> None:
    text = (result / "sets.md").read_text()
    assert text.startswith("### made\n\nas given; 48 test users, 40 items")
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert [len(table) for table in tables] == [2 + 9, 2 + 9 * 3]
    assert len({line.count(" | ") for line in tables[0]}) == 1
    recall = f"{of(written, 'graphrec', 'recall', 20):.4f}".removeprefix("0")
    assert tables[0][2].startswith(f"| **graphrec** | {recall} |")
    assert "Settings, chosen on a cut of train: RP3beta alpha " in text
    assert "NDCG: 64 tests" in text  # 8 models, 4 cutoffs, all users and 1 group of 20 or more


def test_validation_does_not_look_at_the_test_set(
    spark: SparkSession, data: Path, tmp_path: Path
) -> None:
    """With another test set, the figures are the same."""
    found = []
    for name in ("one", "other"):
        folder = tmp_path / name / "made"
        folder.mkdir(parents=True)
        pd.read_parquet(data / "made" / "train.parquet").to_parquet(folder / "train.parquet")
        test = pd.DataFrame({"user": [0], "item": [int(name == "one")]})
        test.to_parquet(folder / "test.parquet")
        options = ["--peers", "p3", "--validation", "random", "--out", str(tmp_path / name)]
        main(["made", "--data", str(tmp_path / name), *options])
        [written] = json.loads((tmp_path / name / "sets.json").read_text())
        found.append(written["means"])
        assert written["protocol"] == "as given; a cut of train alone, random"
    assert found[0] == found[1]
    assert max(row["users"] for row in found[0]) == 48


def test_settings_of_a_variant() -> None:
    assert settings_of("weights=walk=.2,ease=.8 maxNeighbours=200 walk.itemExponent=0.5") == {
        "weights": {"walk": 0.2, "ease": 0.8},
        "maxNeighbours": 200,
        "walk.itemExponent": 0.5,
    }
    assert settings_of("weights=learned") == {"weights": "learned"}


def test_an_unknown_peer_is_refused(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    with pytest.raises(SystemExit):
        main(["made", "--data", str(data), "--peers", "popularity,deep"])
    assert "unknown peers: deep" in capsys.readouterr().err
