"""Lists of what goes together: by hand on five users, by brute force on many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import types as T

from graphrec.cooccurrence.association import association_lists, association_weights
from graphrec.cooccurrence.measures import MEASURES
from graphrec.errors import ParameterError
from tests.cooccurrence.brute_force import Histories, dense, pair_table, random_histories

# Watched in this order.
FILMS = ["alien", "blade", "cube", "dune"]
WATCHED = {
    "ann": ["alien", "blade", "cube"],
    "bob": ["alien", "blade"],
    "cat": ["cube", "alien"],
    "dan": ["blade"],
    "eve": ["dune"],
}

# pmi, npmi, llr
OFTEN = (0.510826, 0.557493, 2.911032)  # than by chance
A_LITTLE = (0.105361, 0.114986, 0.138443)
SELDOM = (-0.182322, -0.113283, -0.138443)

# item, neighbour, rank, together, after, both supports,
# support, confidence, lift, cosine, jaccard, pmi, npmi, llr
BY_HAND = [
    ("alien", "cube", 1, 2, 1, 3, 2, 0.4, 2 / 3, 5 / 3, 0.816497, 2 / 3, *OFTEN),
    ("alien", "blade", 2, 2, 2, 3, 3, 0.4, 2 / 3, 10 / 9, 2 / 3, 0.5, *A_LITTLE),
    ("blade", "alien", 1, 2, 0, 3, 3, 0.4, 2 / 3, 10 / 9, 2 / 3, 0.5, *A_LITTLE),
    ("blade", "cube", 2, 1, 1, 3, 2, 0.2, 1 / 3, 5 / 6, 0.408248, 0.25, *SELDOM),
    ("cube", "alien", 1, 2, 1, 2, 3, 0.4, 1.0, 5 / 3, 0.816497, 2 / 3, *OFTEN),
    ("cube", "blade", 2, 1, 0, 2, 3, 0.2, 0.5, 5 / 6, 0.408248, 0.25, *SELDOM),
]


def five_users() -> Histories:
    has, time = np.zeros((5, 4)), np.zeros((5, 4))
    for user, films in enumerate(WATCHED.values()):
        for moment, film in enumerate(films):
            has[user, FILMS.index(film)] = 1.0
            time[user, FILMS.index(film)] = moment
    return Histories(has > 0, has, time)


@pytest.fixture(scope="module")
def many() -> Histories:
    return random_histories(5, users=80, items=15, binary=True)


def listed(spark: SparkSession, histories: Histories, **options: Any) -> dict[int, list[Row]]:
    """The lists by item, with items 100, 101, ... as their ids."""
    ids = pa.array(range(100, 100 + histories.items), pa.int64())
    frame = association_lists(
        spark, pair_table(histories, timed=True), ids, item_type=T.LongType(), **options
    )
    rows = sorted(frame.collect(), key=lambda row: (row.item, row.rank))
    return {
        item: [row for row in rows if row.item == 100 + item] for item in range(histories.items)
    }


def counted(histories: Histories, item: int, neighbour: int) -> dict[str, float]:
    """All figures of a pair, from sets of users."""
    first = set(np.flatnonzero(histories.has[:, item]))
    second = set(np.flatnonzero(histories.has[:, neighbour]))
    both, users = len(first & second), histories.has.shape[0]
    cells = (
        (both, len(first) * len(second)),
        (len(first - second), len(first) * (users - len(second))),
        (len(second - first), (users - len(first)) * len(second)),
        (users - len(first | second), (users - len(first)) * (users - len(second))),
    )
    llr = 2 * sum(n * np.log(n * users / chance) for n, chance in cells if n)
    lift = both * users / (len(first) * len(second))
    return {
        "together": both,
        "after": sum(
            histories.time[u, neighbour] > histories.time[u, item] for u in first & second
        ),
        "support_item": len(first),
        "support_neighbour": len(second),
        "support": both / users,
        "confidence": both / len(first),
        "lift": lift,
        "cosine": both / np.sqrt(len(first) * len(second)),
        "jaccard": both / len(first | second),
        "pmi": np.log(lift) if both else -np.inf,
        "npmi": np.log(lift) / -np.log(both / users) if both else -1.0,
        "llr": llr if lift >= 1 else -llr,
    }


def test_five_users_by_hand(spark: SparkSession) -> None:
    frame = association_lists(
        spark,
        pair_table(five_users(), timed=True),
        pa.array(FILMS),
        item_type=T.StringType(),
        min_support=1,
    )
    assert frame.dtypes == [
        ("item", "string"),
        ("neighbour", "string"),
        ("rank", "int"),
        ("together", "int"),
        ("after", "int"),
        ("support_item", "bigint"),
        ("support_neighbour", "bigint"),
        *((name, "double") for name in MEASURES),
    ]
    found = sorted(tuple(row) for row in frame.collect())
    assert [row[:7] for row in found] == [row[:7] for row in sorted(BY_HAND)]
    for row, expected in zip(found, sorted(BY_HAND), strict=True):
        assert row[7:] == pytest.approx(expected[7:], abs=1e-6)


def test_all_figures_equal_brute_force(spark: SparkSession, many: Histories) -> None:
    lists = listed(spark, many, length=many.items, min_support=1)
    for item, rows in lists.items():
        assert {row.neighbour - 100 for row in rows} == {
            other
            for other in range(many.items)
            if other != item and counted(many, item, other)["together"] > 0
        }
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
        shrunk = [row.npmi * row.together / (row.together + 5.0) for row in rows]
        assert shrunk == sorted(shrunk, reverse=True)
        for row in rows:
            figures = row.asDict()
            expected = counted(many, item, row.neighbour - 100)
            assert {name: figures[name] for name in expected} == pytest.approx(expected, abs=1e-9)


def test_ranked_by_another_measure_shrunk_and_cut(spark: SparkSession, many: Histories) -> None:
    lists = listed(spark, many, measure="lift", shrinkage=5.0, min_support=4, length=3)
    for item, rows in lists.items():
        ranked = []
        for other in range(many.items):
            figures = counted(many, item, other)
            together = figures["together"]
            if other != item and together >= 4:
                ranked.append((-figures["lift"] * together / (together + 5.0), other))
        assert [row.neighbour - 100 for row in rows] == [other for _, other in sorted(ranked)[:3]]


def test_unasked_what_is_watched_next_stands_first_and_not_what_everybody_watches(
    spark: SparkSession,
) -> None:
    """All ten who have the first item have the second, as have 20 of the other 30."""
    has = np.zeros((40, 4))
    has[:10, 0] = has[:30, 1] = has[[0, 1, 2, 39], 2] = has[0, 3] = 1.0
    histories = Histories(has > 0, has, has)
    found = [row.neighbour for row in listed(spark, histories)[0]]
    assert found == [102, 101]  # one user's own pair is no news
    surest = listed(spark, histories, measure="llr", shrinkage=0.0)
    assert [row.neighbour for row in surest[0]] == [101, 102]


def test_what_was_watched_after(spark: SparkSession, many: Histories) -> None:
    lists = listed(
        spark, many, measure="cosine", shrinkage=0.0, ordered=True, min_support=1, length=5
    )
    for item, rows in lists.items():
        ranked = []
        for other in range(many.items):
            figures = counted(many, item, other)
            if other != item and figures["together"]:
                share = figures["after"] / figures["together"]
                ranked.append((-round(figures["cosine"] * share, 12), other))
        assert [row.neighbour - 100 for row in rows] == [other for _, other in sorted(ranked)[:5]]


def test_ties_go_to_the_more_popular(spark: SparkSession) -> None:
    has = np.ones((3, 5))
    lists = listed(spark, Histories(has > 0, has, has), length=2)
    assert [[row.neighbour - 100 for row in rows] for rows in lists.values()] == [
        [1, 2],
        [0, 2],
        [0, 1],
        [0, 1],
        [0, 1],
    ]


def test_no_pairs_no_rows(spark: SparkSession) -> None:
    has = np.eye(3)
    assert not any(listed(spark, Histories(has > 0, has, has)).values())


def test_without_times_after_is_unknown(spark: SparkSession) -> None:
    options: dict[str, Any] = {"item_type": T.StringType()}
    untimed, ids = pair_table(five_users()), pa.array(FILMS)
    rows = association_lists(spark, untimed, ids, **options).collect()
    assert {row.after for row in rows} == {None}
    with pytest.raises(ParameterError, match="without times"):
        association_lists(spark, untimed, ids, ordered=True, **options)
    with pytest.raises(ParameterError, match="'luck'; one of support, confidence"):
        association_lists(spark, untimed, ids, measure="luck", **options)


@pytest.mark.parametrize("measure", MEASURES)
def test_weights_of_a_leg_are_the_shrunk_measure(many: Histories, measure: str) -> None:
    weights = dense(association_weights(pair_table(many), measure=measure, shrinkage=3.0))
    for item, neighbour in [(0, 1), (3, 7), (14, 2)]:
        figures = counted(many, item, neighbour)
        shrunk = figures[measure] * figures["together"] / (figures["together"] + 3.0)
        assert weights[item, neighbour] == pytest.approx(shrunk, rel=1e-5)
