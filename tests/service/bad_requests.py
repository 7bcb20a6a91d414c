"""Requests that cannot be answered, and what is answered: the cases of a test, and of a guide.

Whoever changes an answer writes the table of the guide anew, from a service of the sample data:

    python -m tests.service.bad_requests http://127.0.0.1:8080
"""

from __future__ import annotations

import sys

import httpx

from tests.documents import ROOT

GUIDE = ROOT / "docs" / "bad-requests.md"
_HEAD = "| | request | status | detail |\n|---|---|---|---|\n"
_SHOWN = 70  # characters of a request

JSON = {"content-type": "application/json"}
EVENT = '{"user": "u", "item": "m001", "kind": "click"'
LIST, BASKET = "/users/u001/recommendations", "/recommendations"
BAD: dict[str, tuple[str, str, bytes | str | None, int, str]] = {
    "no such address": ("GET", "/nothing", None, 404, "Not Found"),
    "no id": ("GET", "/users//recommendations", None, 404, "Not Found"),
    "another method": ("DELETE", LIST, None, 405, "Method Not Allowed"),
    "k is 0": ("GET", f"{LIST}?k=0", None, 422, "query.k"),
    "k is no number": ("GET", f"{LIST}?k=ten", None, 422, "query.k"),
    "k is too large": ("GET", f"{LIST}?k=1001", None, 422, "k is at most 1000"),
    "offset below 0": ("GET", f"{LIST}?offset=-1", None, 422, "query.offset"),
    "diversity above 1": ("GET", f"{LIST}?diversity=2", None, 422, "query.diversity"),
    "diversity is no number": ("GET", f"{LIST}?diversity=nan", None, 422, "query.diversity"),
    "a column there is not": ("GET", f"{LIST}?where=stars%3E3", None, 422, "no column"),
    "text as a number": ("GET", f"{LIST}?where=year%3D%27x%27", None, 422, "cannot be read"),
    "an attribute": ("GET", f"{LIST}?where=__class__%3D1", None, 422, "no column"),
    "a call": ("GET", f"{LIST}?where=open(%27x%27)", None, 422, "no column"),
    "SQL": ("GET", f"{LIST}?where=year%3D1%3B%20DROP%20TABLE%20x", None, 422, "cannot be read"),
    "a condition without an end": ("GET", f"{LIST}?where=(year%3D1", None, 422, "its end"),
    "a long condition": ("GET", f"{LIST}?where={'x' * 501}", None, 422, "too long"),
    "nested too deep": ("GET", f"{LIST}?where={'(' * 60}", None, 422, "at most 10"),
    "a parameter there is not": ("GET", f"{LIST}?kk=3", None, 422, "query.kk"),
    "a quota without a number": ("GET", f"{LIST}?quota=genres=x", None, 422, "whole number"),
    "a quota without a column": ("GET", f"{LIST}?quota=3", None, 422, "quota=genres=3"),
    "a quota of no column": ("GET", f"{LIST}?quota=stars=3", None, 422, "it has movieId, title"),
    "boosts that are text": ("GET", f"{LIST}?boost=title", None, 422, "boosts must be numbers"),
    "a feature without a name": ("GET", f"{LIST}?feature=30", None, 422, "feature=age=30"),
    "an unknown item": ("GET", "/items/m999/related", None, 404, "does not know this item"),
    "an unknown measure": ("GET", "/items/m001/related?measure=x", None, 422, "measure"),
    "why of an unknown item": ("GET", "/users/u001/items/x/why", None, 404, "does not know"),
    "no JSON": ("POST", BASKET, "{", 422, "JSON decode error"),
    "no history": ("POST", BASKET, "{}", 422, "a history, a user or a profile"),
    "a name there is not": ("POST", BASKET, '{"history": [], "K": 1}', 422, "body.K"),
    "an item that is no id": ("POST", BASKET, '{"history": [{"item": {}}]}', 422, "item"),
    "an infinite value": (
        *("POST", BASKET, '{"history": [{"item": "m001", "value": 1e999}]}'),
        *(422, "value"),
    ),
    "true for a number": ("POST", BASKET, '{"history": [], "k": true}', 422, "body.k"),
    "an unknown leg": ("POST", BASKET, '{"history": [], "weights": {"x": 1}}', 422, "a leg"),
    "a long history": (
        *("POST", BASKET, '{"history": [' + ",".join(['{"item": "m001"}'] * 10_001) + "]}"),
        *(422, "at most 10000 items"),
    ),
    "an event without a kind": ("POST", "/events", '{"user": "u", "item": "i"}', 422, "kind"),
    "an unknown kind": ("POST", "/events", '{"user":"u","item":"i","kind":"x"}', 422, "kind"),
    "no probability": ("POST", "/events", EVENT + ', "propensity": 1.5}', 422, "propensity"),
    "half a character": ("POST", "/events", EVENT.replace('"u"', r'"\ud800"') + "}", 422, "user"),
    "too many events": (
        *("POST", "/events", "[" + ",".join([EVENT + "}"] * 1001) + "]"),
        *(422, "at most 1000 events"),
    ),
    "a body that is too large": ("POST", "/events", b" " * 1_100_000, 413, "at most 1048576 bytes"),
}


def answer_of(case: str, client: httpx.Client) -> httpx.Response:
    method, address, body, *_ = BAD[case]
    return client.request(method, address, content=body, headers=JSON)


def table(client: httpx.Client) -> str:
    """All cases in Markdown, as the service answers them now."""
    return _HEAD + "".join(_row(case, answer_of(case, client)) for case in BAD)


def _row(case: str, answer: httpx.Response) -> str:
    method, address, body, *_ = BAD[case]
    sent = body.decode() if isinstance(body, bytes) else body or ""
    request = f"{method} {address} {sent}".strip()
    if len(request) > _SHOWN:
        request = f"{request[:_SHOWN].rstrip()} …"
    detail = answer.json()["detail"]
    return f"| {case} | `{_cell(request)}` | {answer.status_code} | {_cell(detail)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    with httpx.Client(base_url=sys.argv[1]) as service:
        before, _, after = GUIDE.read_text(encoding="utf-8").partition(_HEAD)
        rest = "".join(line for line in after.splitlines(keepends=True) if line[:1] != "|")
        GUIDE.write_text(before + table(service) + rest, encoding="utf-8")
