"""The contract of events: columns by their usual names, and a reason for each row that is none."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from graphrec.data.events import (
    EventReason,
    find_assignment_columns,
    find_event_columns,
    judge_assignments,
    judge_events,
    once,
    rejected_rows,
)
from graphrec.errors import ColumnError


def test_every_row_is_read_or_has_a_reason(spark: SparkSession) -> None:
    header = ["userId", "eventTime", "action", "itemId", "price"]
    header += ["slot", "test", "variant", "pscore", "event_id"]
    rows = [
        ("7", "2024-03-10", " Click", "i1", "2.5", "1", "list", "a", "0.25", "e1"),
        ("7", "1710028800", "click", " ", "", "", "", "\t", "", ""),
        (" ", "1710028800", "click", *[None] * 7),
        ("7", "yesterday", "click", *[None] * 7),
        ("7", "1710028800", None, *[None] * 7),
        ("7", "1710028800", "purchase", None, "much", *[None] * 5),
        ("7", "1710028800", "purchase", None, "-1", *[None] * 5),
        ("7", "1710028800", "click", *[None] * 5, "0", None),
        ("7", "1710028800", "click", *[None] * 5, "1.5", None),
    ]
    table = spark.createDataFrame(rows, ", ".join(f"{name} string" for name in header))
    judged = judge_events(table, find_event_columns(table)).collect()
    assert tuple(judged[0]) == (
        *("7", "i1", "click", "list", "a", "e1"),
        *(2.5, 1, 0.25, 1_710_028_800.0, None),
    )
    assert tuple(judged[1])[1:9] == (None, "click", None, None, None, None, None, None)
    assert [row.reason for row in judged] == [
        None,
        None,
        *(EventReason.NO_USER, EventReason.BAD_TIME, EventReason.NO_KIND),
        *(EventReason.BAD_VALUE, EventReason.NEGATIVE),
        *(EventReason.BAD_PROPENSITY, EventReason.BAD_PROPENSITY),
    ]


def test_an_event_that_was_written_twice_counts_once(spark: SparkSession) -> None:
    rows = [("e1", "list"), ("e1", "list"), ("e1", "sort"), (None, "list"), (None, "list")]
    full = [(7, 1_710_028_800, "click", *row) for row in rows]
    table = spark.createDataFrame(full, "user int, time long, kind string, id string, test string")
    columns = find_event_columns(table)
    counted = once(judge_events(table, columns), columns)
    assert sorted(map(str, (row.id for row in counted.collect()))) == ["None", "None", "e1"]
    assert {row.user for row in counted.collect()} == {"7"}


def test_columns_are_named_or_refused(spark: SparkSession) -> None:
    table = spark.createDataFrame([(1, 2, "a", "b")], "who int, t int, event string, bucket string")
    named = find_event_columns(table, user="who", time="t")
    assert (named.user, named.time, named.kind, named.arm) == ("who", "t", "event", "bucket")
    assert find_assignment_columns(table, user="who").arm == "bucket"
    with pytest.raises(ColumnError, match="for the user of an event; found who, t"):
        find_event_columns(table)
    with pytest.raises(ColumnError, match="no column 'whom'"):
        find_event_columns(table, user="whom")


def test_what_is_rejected_is_kept_as_it_came(spark: SparkSession) -> None:
    rows = [("u", "a", "5", 1), (None, "a", "6", 2), ("v", " ", "7", 3), ("w", "b", "x", 4)]
    table = spark.createDataFrame(rows, "user string, arm string, time string, reason int")
    columns = find_assignment_columns(table)
    rejected = rejected_rows(table, columns, assignments=True)
    assert [tuple(row) for row in rejected.collect()] == [
        (None, "a", "6", 2, EventReason.NO_USER),
        ("v", " ", "7", 3, EventReason.NO_ARM),
        ("w", "b", "x", 4, EventReason.BAD_TIME),
    ]
    accepted = judge_assignments(table, columns).where("reason is null").collect()
    assert [(row.user, row.arm, row.time) for row in accepted] == [("u", "a", 5.0)]
