"""Made-up content of the pages of an exploration, as large as a test wants it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphrec.cooccurrence.measures import MEASURES
from graphrec.reports.map.data import ExplorerData, strongest_edges
from graphrec.reports.tables.exploration import ExplorationTables

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<img src=x onerror=alert(2)>\u2028 & 'Amélie'",
)
NAMED = (
    *HOSTILE,
    "Donaudampfschifffahrtsgesellschaft" * 9,  # one word
    "The Long and Winding " * 30 + "Road",
    "ألف ليلة وليلة (1974)!",
    "ספר הג'ונגל 2 (2003)",
    "Family \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 Night",
    "Ze\u0301ro de conduite \u0928\u0940",
    'He said "no" & <b>left</b>',
)
"""Titles that want to be code, to be wide, to go the other way, or to be whole."""

USERS = 70
ALONE = 4


def made_up(items: int, edges_per_item: int = 4, titles: tuple[str, ...] = HOSTILE) -> ExplorerData:
    """12 users, and items in three communities; the first are called `titles`.

    The last item is alone in a community of its own.
    """
    random = np.random.RandomState(7)
    community = np.arange(items) % 3 + 1
    community[-1] = ALONE
    support = np.sort(random.randint(5, 60, items))[::-1]
    table = pd.DataFrame(
        {
            "index": np.arange(items),
            "title": [*titles, *(f"Film {item}" for item in range(len(titles), items))][:items],
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
                "name": ["Horror, <i>Noir</i>", "", "Western"],
                "items": [items // 3] * 3,
                "support": [500, 400, 300],
                "inside": [0.9, 0.8, 0.7],
                "typical": [[0], [min(1, items - 1)], [min(2, items - 1)]],
            }
        ),
        users=users(items, titles),
        catalogue=3 * items,
        all_edges=999,
        all_users=USERS,
        all_communities=3,
        min_users=20,
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


def users(items: int, titles: tuple[str, ...]) -> pd.DataFrame:
    """The first one is called like an item that wants to be code."""
    names = [titles[0], *(f"person {user}" for user in range(1, 12))]
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


FIGURES = {
    "users": 70,
    "items": 40,
    "interactions": 800,
    "density": 0.2857,
    "user_mean": 11.4,
    "user_median": 9.5,
    "user_max": 31,
    "user_gini": 0.31,
    "item_mean": 20.0,
    "item_median": 14.0,
    "item_max": 66,
    "item_gini": 0.42,
    "components": 3,
    "reachable_catalogue": 0.95,
    "communities": 2,
    "modularity": 0.41,
    "innermost_core": {"core": 6, "users": 20, "items": 12},
    "median_pool": 30.0,
    "median_pool_share": 0.98,
    "popularity_correlation": 0.97,
    "largest_participation": 0.5,
    "median_best_cosine": 0.44,
}


def made_up_findings(titles: tuple[str, ...] = HOSTILE) -> ExplorationTables:
    """Of 70 users and 40 items, some of which are called `titles`."""
    degrees = [
        (kind, degree, 3, share)
        for kind, most in (("user", 31), ("item", 66))
        for degree, share in zip(range(1, most, 3), np.linspace(1, 0.02, 30), strict=False)
    ]
    shares = np.arange(20) / 20
    bins = {"bin": shares, "bin_end": shares + 0.05}
    return ExplorationTables(
        figures=FIGURES,
        degrees=pd.DataFrame(degrees, columns=["type", "degree", "vertices", "at_least"]),
        power_laws=pd.DataFrame(
            {
                "type": ["item", "user"],
                "alpha": [2.5, np.nan],
                "standard_error": [0.1, np.nan],
                "x_min": [7, np.nan],
                "tail": [20, np.nan],
                "vertices": [40, 70],
                "ratio": [2.1, np.nan],
                "exponential_p": [0.03, np.nan],
            }
        ),
        component_sizes=pd.DataFrame({"size": [2, 106], "count": [2, 1]}),
        shells=pd.DataFrame({"core": [1, 3, 6], "users": [30, 20, 20], "items": [8, 20, 12]}),
        distances=pd.DataFrame(
            {
                "title": [titles[0]] * 3 + ["Film 7"] * 3,
                "distance": [0, 1, 2, 0, 1, 2],
                "users": [0, 66, 0, 0, 50, 0],
                "items": [1, 0, 37, 1, 0, 30],
            }
        ),
        reach=pd.DataFrame({**bins, "users": [2] + [0] * 18 + [68]}),
        importance=pd.DataFrame({"support": [66, 30, 10, 2], "lift": [0.9, 1.0, 1.1, 1.4]}),
        gaining=pd.DataFrame(
            {
                "title": [titles[-1], titles[-1]],
                "support": [22, 21],
                "popularity_rank": [17, 18],
                "pagerank_rank": [9, 12],
                "lift": [1.12, 1.08],
                "gain": [1.2, 1.1],
            }
        ),
        bridges=pd.DataFrame(
            {
                "title": ["Film 3", *titles[1:]],
                "support": [44] * len(titles),
                "community": [1] * len(titles),
                "neighbours": [12] * len(titles),
                "participation": [0.5] * len(titles),
            }
        ),
        communities=pd.DataFrame(
            {
                "community": [1, 2],
                "name": ["Horror, <i>Noir</i>", ""],
                "items": [22, 16],
                "support": [500, 280],
                "inside": [0.9, 0.75],
                "typical": [list(titles), ["Film 9"]],
            }
        ),
        similar=pd.DataFrame({**bins, "users": [3] * 20}),
        min_users=20,
    )
