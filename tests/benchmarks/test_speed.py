"""What the speed harness requires, and how it judges; the figures themselves are taken by hand."""

from __future__ import annotations

import importlib
import inspect
import io
import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from benchmarks.speed.contest import PEAK, Contender, Figure, Limit, Target, at_least_faster
from benchmarks.speed.measurement import Measured, measure_target
from benchmarks.speed.table import print_table
from benchmarks.speed.targets import TARGETS, Scale

OURS, PEER = Figure("ours", "fit"), Figure("peer", "fit")


def measured(ours: list[float], peer: list[float], *limits: Limit) -> Measured:
    contenders = (Contender("ours", "x:ours"), Contender("peer", "x:peer"))
    runs = {
        name: [{"fit": seconds, PEAK: 1.5} for seconds in figures]
        for name, figures in {"ours": ours, "peer": peer}.items()
    }
    return Measured(Target("fits", contenders, limits), runs)


@pytest.mark.parametrize("name", list(TARGETS))
def test_every_contender_can_be_called_as_it_is_asked(name: str, tmp_path: Path) -> None:
    for target in TARGETS[name](Scale("data.parquet", tmp_path)):
        named = {contender.name for contender in target.contenders}
        for limit in target.limits:
            assert {f.contender for f in (limit.figure, limit.of) if f is not None} <= named
        for contender in (*target.prepare, *target.contenders):
            module, _, function = contender.function.partition(":")
            found = getattr(importlib.import_module(f"benchmarks.speed.{module}"), function)
            arguments = json.loads(json.dumps(dict(contender.arguments)))
            inspect.signature(found).bind(**arguments)


def test_ratios_are_taken_pair_by_pair() -> None:
    """A machine that is slow for a while is slow for both."""
    limit = Limit(OURS, 2, PEER)
    assert measured([1, 10, 3], [1, 5, 1], limit).value(limit) == 2
    assert measured([1, 10, 3], [1, 5, 1], limit).median(OURS) == 3


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (Limit(OURS, 3, PEER), True),
        (Limit(OURS, 2, PEER), True),
        (Limit(OURS, 2, PEER, below=True), False),
        (Limit(OURS, 1.9, PEER), False),
        (at_least_faster(PEER, OURS, 2), True),
        (at_least_faster(PEER, OURS, 2.1), False),
        (Limit(OURS, 3.9), False),
        (Limit(Figure("ours", PEAK), 1.5), True),
    ],
)
def test_limits(limit: Limit, kept: bool) -> None:
    out = io.StringIO()
    assert print_table([measured([4], [2], limit)], Console(file=out, width=160)) is kept
    assert "fit 4.00" in out.getvalue()
    assert "fit 2.00" in out.getvalue()


def test_a_contender_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    arguments = {"data": f"{tmp_path}/made.parquet", "shape": {"interactions": 3_000, "items": 300}}
    made = Contender("made", "command_line:generate", arguments)
    found = measure_target(Target("made", (made,), ()), repetitions=1)
    assert pq.read_metadata(tmp_path / "made.parquet").num_rows == 3_000
    assert 0 < found.median(Figure("made", "write")) < 60
    assert 0.01 < found.median(Figure("made", PEAK)) < 4


def test_a_contender_that_fails_ends_the_run(tmp_path: Path) -> None:
    arguments = {"data": f"{tmp_path}/made.parquet", "shape": {"interactions": 1}}
    wrong = Contender("wrong", "command_line:generate", arguments)
    with pytest.raises(subprocess.CalledProcessError):
        measure_target(Target("wrong", (wrong,), ()), repetitions=1)
