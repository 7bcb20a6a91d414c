"""Made-up content of the interactive page, as large as a test wants it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphrec.graph.measures import MEASURES
from graphrec.viz.explorer_data import ExplorerData, strongest_edges

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<img src=x onerror=alert(2)>\u2028 & 'Amélie'",
)
USERS = 70


def made_up(items: int, edges_per_item: int = 4) -> ExplorerData:
    """Items in three communities, of which the first two are called `HOSTILE`; 12 users."""
    random = np.random.RandomState(7)
    community = np.arange(items) % 3 + 1
    support = np.sort(random.randint(5, 60, items))[::-1]
    table = pd.DataFrame(
        {
            "index": np.arange(items),
            "title": [*HOSTILE, *(f"Film {item}" for item in range(2, items))][:items],
            "support": support,
            "community": community,
            "participation": random.rand(items),
            "lift": 1 + random.rand(items) / 10,
        }
    )
    return ExplorerData(
        items=table,
        edges=edges(support, edges_per_item),
        communities=pd.DataFrame(
            {
                "community": [1, 2, 3],
                "items": [items // 3] * 3,
                "support": [500, 400, 300],
                "inside": [0.9, 0.8, 0.7],
                "typical": [[0], [min(1, items - 1)], [min(2, items - 1)]],
            }
        ),
        users=users(items),
        catalogue=3 * items,
        all_edges=999,
        all_users=USERS,
        all_communities=3,
    )


def edges(support: np.ndarray, per_item: int) -> pd.DataFrame:
    """Mostly to items of the same community, each three places further on."""
    random = np.random.RandomState(8)
    source = np.repeat(np.arange(support.size), per_item)
    target = source + np.tile(np.arange(1, per_item + 1) * 3, support.size)
    target[random.rand(target.size) < 0.05] += 1
    inside = target < support.size
    source, target = source[inside], target[inside]
    together = 1 + (support[target] * random.rand(target.size)).astype(int)
    counts = (together.astype(float), support[source].astype(float), support[target].astype(float))
    measured = {name: measure(*counts, float(USERS)) for name, measure in MEASURES.items()}
    frame = pd.DataFrame({"source": source, "target": target, "together": together, **measured})
    return strongest_edges(frame.assign(weight=frame["cosine"]), 25_000)


def users(items: int) -> pd.DataFrame:
    """The first one is called like an item that wants to be code."""
    names = [HOSTILE[0], *(f"person {user}" for user in range(1, 12))]
    histories = [sorted({(user * 5 + step) % items for step in range(3)}) for user in range(12)]
    return pd.DataFrame(
        {
            "user": names,
            "history": [len(history) + 2 for history in histories],
            "items": histories,
            "pool": [10.0] * 12,
            "similar": [
                [[(user + 1) % 12, names[(user + 1) % 12], 2, 0.5], [-1, "other", 2, 0.25]]
                for user in range(12)
            ],
        }
    )
