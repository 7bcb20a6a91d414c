"""The service as its clients see it: a real process, and requests over HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pyarrow as pa
import pyarrow.csv
import pytest

import graphrec as gr
from graphrec.scorer.saved_model import read_card
from tests.documents import ROOT
from tests.service.bad_requests import BAD, GUIDE, answer_of, table
from tests.service.server import Server

K = 8


def items_of(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [row["item"] for row in answer.json()["recommendations"]]


def test_a_users_list_is_that_of_the_scorer(client: httpx.Client, scorer: gr.Scorer) -> None:
    for user in list(scorer.model.users)[::40]:
        expected = scorer.recommend(scorer.history(user), K, diversity=0.0)
        rows = client.get(f"/users/{user}/recommendations?k={K}&diversity=0").json()
        for row, one in zip(rows["recommendations"], expected, strict=True):
            assert (row["item"], row["score"], row["shares"], row["because"]) == (
                one.item,
                one.score,
                one.shares,
                one.because,
            )
            assert row["source"] == "personal"
            assert row["title"]
        assert rows["model"] == scorer.digest


def test_the_page_of_the_addresses_fetches_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs").text
    fetched = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert fetched
    for address in fetched:
        assert address.startswith("/docs-files/")
        assert client.get(address).status_code == 200


def test_pages_of_a_list_make_up_the_list(client: httpx.Client) -> None:
    address = "/users/u009/recommendations?diversity=0"
    pages = [items_of(client.get(f"{address}&k=3&offset={offset}")) for offset in (0, 3, 6)]
    assert [item for page in pages for item in page] == items_of(client.get(f"{address}&k=9"))


def test_a_history_is_ranked_without_being_stored(client: httpx.Client, scorer: gr.Scorer) -> None:
    history = [{"item": "m260"}, {"item": "m113", "value": 5, "time": 1.7e9}, {"item": "unknown"}]
    found = items_of(client.post("/recommendations", json={"history": history, "k": K}))
    rows = ["m260", ("m113", 5.0, 1.7e9)]
    assert found == [one.item for one in scorer.recommend(rows, K)]


def test_a_profile_says_nothing_to_a_model_without_features_of_users(
    client: httpx.Client, scorer: gr.Scorer
) -> None:
    sent = {"history": [{"item": "m260"}], "k": K, "profile": {"age": 30, "town": "x"}}
    found = items_of(client.post("/recommendations", json=sent))
    assert found == [one.item for one in scorer.recommend(["m260"], K)]
    assert client.post("/recommendations", json={**sent, "profile": ["age"]}).status_code == 422


def films() -> pa.Table:
    return pa.csv.read_csv(ROOT / "sample_data" / "films.csv")


def test_quotas_boosts_and_what_was_shown_are_those_of_the_scorer(
    client: httpx.Client, scorer: gr.Scorer
) -> None:
    """From an address and from a body, in lists and reasons."""
    rows = films().to_pylist()
    quotas = [(row["movieId"], each, 2) for row in rows for each in row["genres"].split("|")]
    boosts = {row["movieId"]: float(row["year"]) for row in rows}
    history = scorer.history("u014")
    shown = {one.item: 2 for one in scorer.recommend(history, 2)}
    expected = [
        one.item
        for one in scorer.recommend(
            history, K, shown=shown, rules=scorer.rules(boosts=boosts, quotas=quotas)
        )
    ]
    assert expected != [one.item for one in scorer.recommend(history, K)]
    query = [("k", K), ("quota", "genres=2"), ("boost", "year")]
    query += [("shown", item) for item in shown for _ in range(2)]
    assert items_of(client.get("/users/u014/recommendations", params=query)) == expected
    sent = {"user": "u014", "k": K, "quotas": {"genres": 2}, "boost": "year", "shown": shown}
    assert items_of(client.post("/recommendations", json=sent)) == expected
    sent = {"user": "u014", "k": K, "quotas": {"genres": 2}, "boosts": boosts, "shown": shown}
    assert items_of(client.post("/recommendations", json=sent)) == expected
    full = set()
    for item in (one.item for one in scorer.recommend(history, K)):
        why = client.get(f"/users/u014/items/{item}/why", params=query).json()
        assert (why["outcome"] == "listed") == (item in expected)
        full.add(why["full"])
    assert any(one and one.startswith("genres=") and one.endswith("(2)") for one in full)


def test_a_list_for_a_user_may_be_tried_with_more_history_and_other_weights(
    client: httpx.Client, scorer: gr.Scorer
) -> None:
    weights = {"als": 1.0}
    sent = {"user": "u012", "history": [{"item": "m260"}], "weights": weights, "k": K}
    history = scorer.extended(scorer.history("u012"), ["m260"])
    found = items_of(client.post("/recommendations", json=sent))
    assert found == [one.item for one in scorer.recommend(history, K, weights=weights)]


def test_users_items_and_histories_are_looked_up(client: httpx.Client, scorer: gr.Scorer) -> None:
    assert client.get("/users?starting=u03&most=2").json() == {"users": ["u030", "u031"]}
    duels = client.get("/items?containing=DUELIST").json()["items"]
    assert duels
    assert all("duelist" in one["title"].lower() for one in duels)
    support = [client.get(f"/items/{one['item']}").json()["users"] for one in duels]
    assert support == sorted(support, reverse=True)
    assert client.get("/items?containing=m260").json()["items"][0]["item"] == "m260"
    assert client.get("/items/m260").json()["columns"]["year"] == 2005
    answer = client.get("/users/u033/history?k=5&offset=1").json()
    history = scorer.history("u033")
    assert answer["size"] == history.size
    assert history.stars is not None
    latest = history.times.argsort()[::-1][1:6]
    found = [(row["item"], row["rating"], row["time"]) for row in answer["history"]]
    assert found == [
        (scorer.model.items[int(history.items[n])], history.stars[n], history.times[n])
        for n in latest
    ]


def test_filters_and_conditions(client: httpx.Client) -> None:
    first, second = items_of(client.get("/users/u011/recommendations?k=2"))
    assert first not in items_of(client.get(f"/users/u011/recommendations?deny={first}&deny=x"))
    allowed = f"/users/u011/recommendations?allow={first}&allow={second}"
    assert set(items_of(client.get(allowed))) == {first, second}
    condition = "year >= 2015 and (genres contains 'Drama' or not genres contains 'Comedy')"
    chosen = client.get("/users/u011/recommendations", params={"where": condition, "k": 50}).json()
    titles = [row["title"] for row in chosen["recommendations"]]
    assert 0 < len(titles) < 512


@pytest.mark.parametrize("user", ["a/b", "ünïcode 名", "../../etc", "a?b#c%", "'; DROP TABLE x;--"])
def test_an_id_may_have_any_character(user: str, client: httpx.Client) -> None:
    """Events of it are found again, and its list hides what they name."""
    address = f"/users/{quote(user, safe='')}/recommendations"
    before = client.get(address)
    assert before.json()["user"] == user
    first = items_of(before)[0]
    stored = client.post("/events", json={"user": user, "item": first, "kind": "click"})
    assert stored.json() == {"stored": 1, "known": 0}
    assert first not in items_of(client.get(address))


def test_events_are_in_the_next_list(client: httpx.Client, scorer: gr.Scorer) -> None:
    """As if the model had known them: the same list as for the history with these rows."""
    user, address = "u020", f"/users/u020/recommendations?k={K}"
    one, two, three = items_of(client.get(address))[:3]
    events = [
        {"user": user, "item": one, "kind": "rating", "value": 5, "time": 1.9e9},
        {"user": user, "item": two, "kind": "dislike"},
        {"user": user, "item": three, "kind": "impression", "position": 3, "propensity": 0.5},
    ]
    assert client.post("/events", json=events).json() == {"stored": 3, "known": 0}
    history = scorer.extended(scorer.history(user), [(one, 5.0, 1.9e9)])
    expected = [row.item for row in scorer.recommend(history, K, deny=[two])]
    assert items_of(client.get(address)) == expected
    assert one not in expected
    why = client.get(f"/users/{user}/items/{one}/why").json()
    assert why["outcome"] == "seen"


def test_an_event_of_the_same_id_is_stored_once(client: httpx.Client) -> None:
    event = {"user": "u021", "item": "m001", "kind": "view", "id": "the same"}
    answers = [client.post("/events", json=[event, event]).json() for _ in range(2)]
    assert answers == [{"stored": 1, "known": 1}, {"stored": 0, "known": 2}]


def test_reasons_and_related_items(client: httpx.Client, scorer: gr.Scorer) -> None:
    item = items_of(client.get("/users/u030/recommendations?k=1"))[0]
    why = client.get(f"/users/u030/items/{item}/why").json()
    expected = scorer.explain(scorer.history("u030"), item)
    assert (why["score"], why["outcome"]) == (expected.score, "listed")
    assert why["contributions"] == [list(part) for part in expected.contributions]
    related = client.get(f"/items/{item}/related?k=3&measure=lift").json()["related"]
    assert [row["item"] for row in related] == [
        row.item for row in scorer.related(item, 3, measure="lift")
    ]


def test_the_service_says_how_it_is(client: httpx.Client, scorer: gr.Scorer, saved: Path) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json()["model"] == scorer.digest
    card = client.get("/model").json()
    assert (card["items"], card["legs"]) == (len(scorer.model.items), ["walk", "als"])
    known = read_card(saved)
    assert card["card"] == json.loads(json.dumps(known.described()))
    assert known.figures is not None
    assert known.figures.interactions == card["card"]["figures"]["interactions"] > 0
    assert "graphrec_request_seconds_bucket" in client.get("/metrics").text
    assert "/users/{user}/recommendations" in client.get("/openapi.json").json()["paths"]


def test_there_is_no_spark_in_the_process(server: Server) -> None:
    maps = f"/proc/{server.process.pid}/maps"
    with open(maps, encoding="utf-8") as file:
        mapped = file.read()
    assert "libjvm" not in mapped
    assert "_mapped" in mapped


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_answered_by_what_is_wrong(case: str, client: httpx.Client) -> None:
    *_, status, detail = BAD[case]
    answer = answer_of(case, client)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert detail in problem["detail"]


def test_the_guide_has_every_bad_request_with_its_answer(client: httpx.Client) -> None:
    assert len(BAD) >= 30
    assert table(client) in GUIDE.read_text(encoding="utf-8")
