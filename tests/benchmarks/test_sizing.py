"""The size of a cluster is reckoned from a run's event log."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import sizing
from benchmarks.sizing import Rates, Wanted


def ended(shuffled: int, milliseconds: int) -> dict[str, object]:
    """As Spark's JsonProtocol writes it, less what is not read."""
    metrics = {
        "Executor Run Time": milliseconds,
        "Shuffle Write Metrics": {"Shuffle Bytes Written": shuffled, "Shuffle Write Time": 5},
    }
    return {"Event": "SparkListenerTaskEnd", "Stage ID": 1, "Task Metrics": metrics}


EVENTS = [
    {"Event": "SparkListenerApplicationStart", "App Name": "graphrec recommend"},
    ended(3_000, 1_500),
    ended(1_000, 500),
    {"Event": "SparkListenerTaskEnd", "Stage ID": 1},  # its executor was lost
]


def test_rates_are_those_of_the_tasks() -> None:
    assert sizing.measured_rates(EVENTS, 100) == Rates(shuffle_bytes=40, core_seconds=0.02)


def test_what_is_needed() -> None:
    wanted = Wanted(
        interactions=1_000_000, users=5_000, items=1_000, neighbours=10, rank=8, nodes=2, cores=5,
        block_entries=100,
    )  # fmt: skip
    found = sizing.need(wanted, Rates(shuffle_bytes=40, core_seconds=0.036))
    assert found.shuffle_bytes == 40_000_000
    assert found.table_bytes == 1_000 * (10 * 12 + 8 * 4)
    assert found.factor_bytes == 5_000 * 8 * 4
    assert found.node_bytes == found.table_bytes + found.factor_bytes
    assert found.hours == pytest.approx(1.0)


def test_the_command_of_the_documentation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rolling = tmp_path / "eventlog_v2_app"
    rolling.mkdir()
    for number, event in enumerate(EVENTS, start=1):
        (rolling / f"events_{number}_app").write_text(json.dumps(event) + "\n", encoding="utf-8")
    record = tmp_path / "_run.json"
    record.write_text(json.dumps({"input": {"interactions": 100}}), encoding="utf-8")
    text = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
    [line] = [line for line in text.splitlines() if line.startswith("python -m benchmarks.sizing")]
    named = {"LOG": str(rolling), "RECORD": str(record)}
    words = [named.get(word, word) for word in line.split()[3:]]
    monkeypatch.setattr(sys, "argv", ["sizing", *words])
    sizing.main()
    printed = capsys.readouterr().out
    assert f"{40e9 / 2**30:12.1f} GiB" in printed
    assert f"{0.02 * 1e9 / 320 / 3600:12.1f} hours" in printed
