"""What a cluster needs for some number of interactions, from the event log of a smaller run.

    python -m benchmarks.sizing LOG RECORD --interactions 1_000_000_000 --nodes 20

LOG is the event log of a `graphrec recommend` (a file, or the directory of a rolling one, written
with spark.eventLog.enabled=true and spark.eventLog.compress=false), RECORD that run's `_run.json`.
The formulas are explained in docs/scaling.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graphrec.spark.machine import GIBIBYTE

_TASK_END: Final = "SparkListenerTaskEnd"
_PAIR_BYTES: Final = 12  # neighbour int32, a float32 for each of two neighbour legs
_FLOAT_BYTES: Final = 4
_ENTRY_BYTES: Final = 64  # of a history in a block of pairs, as `graphrec.graph.pair_tasks` says


@dataclass(frozen=True)
class Rates:
    """What one interaction costs."""

    shuffle_bytes: float
    core_seconds: float  # of tasks


@dataclass(frozen=True)
class Wanted:
    """A job that is planned."""

    interactions: int
    users: int
    items: int
    neighbours: int = 400
    rank: int = 256
    block_entries: int = 32_000_000
    nodes: int = 20
    cores: int = 16  # of each node


@dataclass(frozen=True)
class Need:
    """What it takes."""

    shuffle_bytes: float
    table_bytes: int  # mapped once on each node, and held once by the driver
    factor_bytes: int  # of the larger side, through the driver once in each half-step
    node_bytes: int  # mapped tables, and a block of pairs for each core
    hours: float


def measured_rates(events: Iterable[dict[str, Any]], interactions: int) -> Rates:
    """What the tasks of a run have cost, divided by its interactions."""
    shuffled, milliseconds = 0, 0
    for event in events:
        metrics = event.get("Task Metrics")
        if event["Event"] == _TASK_END and metrics:  # a lost task has none
            shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            milliseconds += metrics["Executor Run Time"]
    return Rates(shuffled / interactions, milliseconds / 1000 / interactions)


def need(wanted: Wanted, rates: Rates) -> Need:
    """Scale the rates: with capped histories every stage is linear in the users."""
    table = wanted.items * (wanted.neighbours * _PAIR_BYTES + wanted.rank * _FLOAT_BYTES)
    factors = max(wanted.users, wanted.items) * wanted.rank * _FLOAT_BYTES
    blocks = wanted.cores * wanted.block_entries * _ENTRY_BYTES
    seconds = rates.core_seconds * wanted.interactions / (wanted.nodes * wanted.cores)
    return Need(
        shuffle_bytes=rates.shuffle_bytes * wanted.interactions,
        table_bytes=table,
        factor_bytes=factors,
        node_bytes=table + max(blocks, factors),
        hours=seconds / 3600,
    )


def read_events(log: Path) -> Iterator[dict[str, Any]]:
    """The events of a log, in any order."""
    files = sorted(log.glob("events_*")) if log.is_dir() else [log]
    for file in files:
        with file.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def main() -> None:
    """Print what is needed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("record", type=Path)
    parser.add_argument("--interactions", type=int, default=1_000_000_000)
    parser.add_argument("--users", type=int, default=7_000_000)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--cores", type=int, default=16)
    given = vars(parser.parse_args())
    record = json.loads(given.pop("record").read_text(encoding="utf-8"))
    rates = measured_rates(read_events(given.pop("log")), record["input"]["interactions"])
    found = need(Wanted(**given), rates)
    for name, size in (
        ("shuffled, all stages", found.shuffle_bytes),
        ("tables, on each node and on the driver", found.table_bytes),
        ("factors of the larger side, on the driver", found.factor_bytes),
        ("memory of a node beside Spark's heap", found.node_bytes),
    ):
        print(f"{name:<44} {size / GIBIBYTE:12.1f} GiB")
    print(f"{'time of the tasks':<44} {found.hours:12.1f} hours")


if __name__ == "__main__":
    main()
