"""What items have earned, read from the store: late, in batches, and forgotten again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from graphrec.experiments.bandits import ThompsonSampler
from graphrec.experiments.exploration import Exploration, fill
from graphrec.service.events import Event, EventStore, impressions
from graphrec.service.feedback import Earnings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    opened = EventStore(tmp_path / "events.db")
    yield opened
    opened.close()


def shown(item: str, rank: int = 1) -> dict[str, object]:
    return {"item": item, "rank": rank, "propensity": 0.5}


def test_impressions_count_once_and_clicks_may_come_later(store: EventStore) -> None:
    arms = {"one": "a", "two": "b"}
    store.add(impressions("u", arms, [shown("x"), shown("y"), shown("x")])).result()
    first = Earnings(ThompsonSampler(discount=0.5)).with_new_events(store)
    assert first.with_new_events(store) is first
    store.add([Event("u", "x", 1.0, "click"), *impressions("v", {}, [shown("z")])]).result()
    second = first.with_new_events(store)
    assert [event.kind for event in store.of_user("u")] == ["click"]
    at = [second.positions[item] for item in "xyz"]
    assert list(second.feedback.trials[at]) == [1.0, 0.5, 1.0]
    assert list(second.feedback.successes[at]) == [1, 0, 0]
    assert list(first.feedback.trials) == [2, 1]
    assert isinstance(second.policy, ThompsonSampler)
    prior = second.policy.priorAlpha / (second.policy.priorAlpha + second.policy.priorBeta)
    assert prior == pytest.approx((1 + 1) / (2.5 + 2))
    values = second.values(["new", "z"], np.random.default_rng(0))
    assert values.shape[1] == 2
    assert values[:, 0].mean() == pytest.approx(prior, abs=0.1)


def test_the_sampler_finds_the_planted_favourites(store: EventStore) -> None:
    """Two of twenty items are liked; one slot of three is explored, feedback comes in batches."""
    random, items = np.random.default_rng(1), [f"i{n}" for n in range(20)]
    liked = {"i13", "i17"}
    exploration = Exploration(share=1.0, slots=(3,), candidates=20)
    earnings, drawn = Earnings(exploration.policy), list[str]()
    for batch in range(12):
        earnings = earnings.with_new_events(store)
        values = np.stack([earnings.values(items, random) for _ in range(40)])
        filled = fill(values, earnings.policy.floor, exploration.chances(3), random.random((40, 3)))
        events: list[Event] = []
        for at, propensity in zip(filled.position, filled.propensity, strict=True):
            rows = [
                {"item": items[one], "rank": rank, "propensity": p}
                for rank, (one, p) in enumerate(zip(at, propensity, strict=True), 1)
            ]
            events += impressions("u", {}, rows)
            drawn += [items[at[2]]] if batch >= 8 else []
        clicks = [
            Event("u", event.item, 1.0, "click")
            for event in events
            if random.random() < (0.5 if event.item in liked else 0.05)
        ]
        store.add(events + clicks).result()
    assert np.mean([item in liked for item in drawn]) > 0.8
