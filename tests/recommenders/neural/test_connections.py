"""Processes find each other, and get what all have computed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import AuthenticationError

import numpy as np
import pytest

from graphrec.recommenders.embedding.peers import Part
from graphrec.recommenders.neural.connections import Guest, Hub


def part(number: int) -> Part:
    """A block of some users, whose arrays have a shape of their own each."""
    users = np.full((number, 2), number, np.float32)
    vector = np.arange(number, dtype=np.float32)
    return Part(users, users + 1, vector, users[:1], (users + 2, vector + 3))


def flat(parts: list[Part]) -> list[list[object]]:
    return [[array.tolist() for array in (*each[:4], *each.parameters)] for each in parts]


def test_all_get_what_all_have_in_the_same_order() -> None:
    computed = [[part(1), part(4)], [part(2)], []]
    with ThreadPoolExecutor(3) as threads, closing(Hub("localhost", 3)) as hub:
        guests = [threads.submit(Guest, hub.invitation, task, 3) for task in (2, 1)]
        hub.join()
        with closing(guests[1].result()) as first, closing(guests[0].result()) as second:
            peers = [hub, first, second]
            got = list(threads.map(lambda peer: peer.exchange(computed[peer.task]), peers))
    for of_all in got:
        assert [flat(parts) for parts in of_all] == [flat(parts) for parts in computed]


def test_a_stranger_is_not_let_in() -> None:
    with ThreadPoolExecutor(1) as threads, closing(Hub("localhost", 2)) as hub:
        waiting = threads.submit(hub.join)
        host, port, _ = json.loads(hub.invitation)
        with pytest.raises(AuthenticationError):
            Guest(json.dumps([host, port, "guessed"]), 1, 2)
        with closing(Guest(hub.invitation, 1, 2)):
            waiting.result(timeout=10)
