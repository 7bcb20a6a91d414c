"""Experiments of a service: the file, who is served what, and what is logged of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

import graphrec as gr
from graphrec.errors import GraphrecError, ParameterError
from graphrec.experiments.assignment import assign
from graphrec.service.events import EventStore, export_events
from graphrec.service.experiments import Experiments
from graphrec.service.served import Current
from graphrec.service.settings import Settings
from tests.documents import ROOT, steps
from tests.service.server import serving

FILE = """
[list]
salt = "s"
[list.arms.old]
[list.arms.new]
weights = { walk = 1.0 }
[list.arms.curious]
explore = 1.0

[variety]
[variety.arms.little]
diversity = 0.0
[variety.arms.much]
share = 3
diversity = 0.9
"""


def written(folder: Path, text: str) -> str:
    path = folder / "experiments.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("experiments")


@pytest.fixture(scope="module")
def served(saved: Path, folder: Path) -> Iterator[httpx.Client]:
    options = ["--experiments", written(folder, FILE), "--deadline-ms", "20000"]
    with serving(saved, folder / "events.db", options) as server:
        yield server.client


def arms_of(user: str) -> dict[str, str]:
    return {
        "list": assign(user, "list", ["old", "new", "curious"], salt="s"),
        "variety": assign(user, "variety", ["little", "much"], [1, 3]),
    }


def test_users_are_served_by_their_arms(served: httpx.Client, scorer: gr.Scorer) -> None:
    """Also where the request asks for another diversity: else the experiment would be none."""
    for user in list(scorer.model.users)[:9]:
        answer = served.get(f"/users/{user}/recommendations?k=5&diversity=0.5").json()
        arms = arms_of(user)
        assert answer["experiments"] == arms
        if arms["list"] == "curious":
            assert all(0 < row["propensity"] < 1 for row in answer[LISTED])
            continue
        expected = scorer.recommend(
            scorer.history(user),
            5,
            weights={"walk": 1.0} if arms["list"] == "new" else None,
            diversity=0.9 if arms["variety"] == "much" else 0.0,
        )
        assert [(row["item"], row["score"], row["propensity"]) for row in answer[LISTED]] == [
            (one.item, one.score, 1.0) for one in expected
        ]
        item = expected[0].item
        why = served.get(f"/users/{user}/items/{item}/why").json()
        assert why["shares"] == expected[0].shares


LISTED = "recommendations"


def test_each_item_that_is_shown_is_logged_for_each_experiment(
    served: httpx.Client, scorer: gr.Scorer, folder: Path
) -> None:
    user = "some/body new"
    listed = served.get("/users/some%2Fbody%20new/recommendations?k=3").json()[LISTED]
    served.post("/events", json={"user": user, "item": listed[1]["item"], "kind": "click"})
    columns = scorer.model.description["columns"]
    whole = {"user": False, "item": False}
    export_events(folder / "events.db", folder, columns, whole_ids=whole)
    table = pq.read_table(folder / "events.parquet").to_pandas()
    own = table[table.user == user]
    shown = own[own.kind == "impression"]
    arms = arms_of(user)
    assert [tuple(row) for row in shown[["item", "position", "experiment", "arm"]].values] == [
        (row["item"], row["rank"], name, arm) for row in listed for name, arm in arms.items()
    ]
    assert shown.id.nunique() == 3
    assert list(shown.propensity[::2]) == [row["propensity"] for row in listed]
    store = EventStore(folder / "events.db")
    earned = {one.item: one[1:] for one in store.earned(0, 10**6)}
    assert earned[listed[1]["item"]][1] == 1
    assert (
        earned[listed[0]["item"]][0]
        == table[(table.item == listed[0]["item"]) & (table.kind == "impression")].id.nunique()
    )
    store.close()


def test_a_basket_is_in_no_experiment(served: httpx.Client) -> None:
    answer = served.post("/recommendations", json={"history": [{"item": "m260"}], "k": 2}).json()
    assert "experiments" not in answer
    assert "propensity" not in answer[LISTED][0]


def test_an_arm_may_have_a_model_of_its_own(saved: Path, scorer: gr.Scorer, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.symlink_to(saved)
    text = (
        f'[list.arms.old]\n[list.arms.new]\nmodel = "{other}"\nlists = "{saved.parent / "lists"}"'
    )
    settings = Settings(
        model=str(saved), events=str(tmp_path / "e.db"), experiments=written(tmp_path, text)
    )
    current = Current(settings)
    models = {}
    for user in scorer.model.users:
        treatment = current.experiments.treatment(user)
        models[treatment.arms["list"]] = current.of(treatment)
    assert models["old"] is current.served
    assert models["new"] is not current.served
    assert models["new"].lists is not None
    assert not current.reload()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[list", "cannot be read"),
        ("[list]\n", "at least two arms; found none"),
        ("[list.arms.old]\n", "at least two arms; found old"),
        ("list = 3", "list must be a table; found 3"),
        ("[list]\nseed = 1\n", "list has what is no setting; found seed; choose of salt, arms"),
        ("[list.arms.a]\nk = 3\n[list.arms.b]", r"list\.a has what is no setting; found k"),
        ("[list.arms.a]\nshare = 0\n[list.arms.b]", "a weight above 0"),
        (
            "[list.arms.a]\nexplore = 2\n[list.arms.b]",
            r"explore of list\.a .* from 0 to 1; found 2",
        ),
        ("[list.arms.a]\ndiversity = true\n[list.arms.b]", r"diversity of list\.a .* found True"),
        ("[list.arms.a]\nmodel = 1\n[list.arms.b]", r"model of list\.a must be a path"),
        ('[list.arms.a]\nlists = "x"\n[list.arms.b]', r"lists of list\.a need its model"),
        ("[list.arms.a]\nweights = 1\n[list.arms.b]", r"weights of list\.a must be a table"),
        (
            "[x.arms.a]\ndiversity=1\n[x.arms.b]\n[y.arms.a]\n[y.arms.b]\ndiversity=0.5",
            "two experiments set the diversity; found x and y",
        ),
    ],
)
def test_what_is_no_experiment_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(GraphrecError, match=message):
        Experiments.read(written(tmp_path, text))


def test_the_file_of_the_guide_is_one(tmp_path: Path) -> None:
    [text] = [one.source for one in steps(ROOT / "docs" / "serving.md") if one.kind == "toml"]
    arms = dict(Experiments.read(written(tmp_path, text)).of_arms())
    assert list(arms) == ["list.old", "list.new", "variety.little", "variety.much"]
    assert arms["list.old"].given == {}
    assert arms["list.new"].weights == {"walk": 1.0, "als": 0.5}


def test_a_file_or_a_leg_that_is_not_there_is_told_at_the_start(
    saved: Path, tmp_path: Path
) -> None:
    text = "[list.arms.a]\nweights = { wlak = 1 }\n[list.arms.b]"
    settings: dict[str, Any] = {"model": str(saved), "events": str(tmp_path / "events.db")}
    with pytest.raises(ParameterError, match=r"the arm list\.a cannot be served; found .*wlak"):
        Current(Settings(**settings, experiments=written(tmp_path, text)))
    with pytest.raises(GraphrecError, match="experiments at /nowhere cannot be read"):
        Experiments.read("/nowhere")
