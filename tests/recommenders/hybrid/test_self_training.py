"""Histories are lengthened by what a model lists first, and by nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from graphrec.columns import ITEMS, TIMES, USER, VECTOR, WEIGHTS
from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import csr
from graphrec.recommenders.hybrid.self_training import add_pseudo_interactions, likely_items
from graphrec.serving.tables import ItemTables, NeighbourLeg

SIZE = 12
SCHEMA = (
    f"{USER} string, {ITEMS} array<int>, {WEIGHTS} array<float>, {TIMES} array<double>, "
    f"{VECTOR} array<float>"
)


@pytest.fixture(scope="module")
def tables(spark: SparkSession) -> ItemTables:
    """Each item leads to all others, to the next ones above all."""
    item, neighbour = np.nonzero(~np.eye(SIZE, dtype=bool))
    weight = 1.0 / ((neighbour - item) % SIZE)
    rows = csr(
        np.arange(SIZE + 1, dtype=np.int64) * (SIZE - 1),
        neighbour.astype(np.int32),
        weight.astype(np.float32),
    )
    named = spark.createDataFrame(
        [(f"i{n:02}", n, SIZE - n) for n in range(SIZE)], "item string, index int, support long"
    )
    return ItemTables.from_legs(
        Catalogue.from_frame(named), 1, [NeighbourLeg("walk", rows)], similarity=None
    )


def lengthened(
    spark: SparkSession, rows: list[tuple], tables: ItemTables, share: float
) -> DataFrame:
    histories = spark.createDataFrame(rows, SCHEMA)
    likely = likely_items(histories, tables, blend=(1.0,), decay=(), candidates=SIZE, share=share)
    longer = add_pseudo_interactions(histories, likely)
    assert longer.schema == histories.schema
    return longer


def one(spark: SparkSession, row: tuple, tables: ItemTables, share: float) -> Row:
    found = lengthened(spark, [row], tables, share).collect()
    assert len(found) == 1
    return found[0]


def test_the_first_of_the_list_are_added(spark: SparkSession, tables: ItemTables) -> None:
    row = one(spark, ("u", [2, 3, 6], [1.0, 2.0, 3.0], [5.0, 9.0, 1.0], [0.5]), tables, 0.7)
    assert row[ITEMS] == [2, 3, 4, 6, 7]  # the nearest after 3 and 6
    assert row[WEIGHTS] == [1.0, 2.0, 2.0, 3.0, 2.0]  # the mean
    assert row[TIMES] == [5.0, 9.0, 10.0, 1.0, 10.0]  # a second after the latest
    assert row[VECTOR] == [0.5]


def test_what_has_no_time_gets_none(spark: SparkSession, tables: ItemTables) -> None:
    some = one(spark, ("u", [2, 3], [1.0, 1.0], [None, -7.0], None), tables, 0.5)
    assert some[TIMES] == [None, -7.0, -6.0]
    none = one(spark, ("u", [2, 3], [1.0, 1.0], [None, None], None), tables, 0.5)
    assert none[TIMES] == [None, None, None]


@pytest.mark.parametrize(("length", "share", "added"), [(4, 0.1, 0), (6, 0.1, 1), (6, 1.0, 6)])
def test_as_many_as_the_share_of_the_length_rounded(
    spark: SparkSession, tables: ItemTables, length: int, share: float, added: int
) -> None:
    items = list(range(length))
    row = one(spark, ("u", items, [1.0] * length, [0.0] * length, None), tables, share)
    assert set(items) < set(row[ITEMS]) or added == 0
    assert len(row[ITEMS]) == len(set(row[ITEMS])) == length + added
    assert row[ITEMS] == sorted(row[ITEMS])


def test_many_histories_in_one_batch_stay_apart(spark: SparkSession, tables: ItemTables) -> None:
    """More than are lengthened at a time, empty ones and whole catalogues among them."""
    rows = []
    for user in range(2500):
        items = [(user + step) % SIZE for step in range(user % (SIZE + 1))]
        weight = float(user % 7 + 1)
        rows.append((f"u{user}", sorted(items), [weight] * len(items), [0.0] * len(items), None))
    before = {row[0]: row for row in rows}
    found = lengthened(spark, rows, tables, 0.25).coalesce(1).collect()
    assert len(found) == len(rows)
    for row in found:
        _, items, weights, *_ = before[row[USER]]
        wanted = min(round(0.25 * len(items)), SIZE - len(items))
        assert len(row[ITEMS]) == len(items) + wanted
        assert set(items) <= set(row[ITEMS])
        assert set(row[WEIGHTS]) == set(weights)
        assert math.isclose(sum(row[TIMES]), wanted)


def test_an_empty_frame_stays_empty(spark: SparkSession, tables: ItemTables) -> None:
    nothing = spark.createDataFrame([], SCHEMA)
    likely = likely_items(nothing, tables, blend=(1.0,), decay=(), candidates=SIZE, share=0.5)
    longer = add_pseudo_interactions(nothing, likely)
    assert longer.count() == 0
