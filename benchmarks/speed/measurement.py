"""Running the contenders of a target in turn, each in a process of its own."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.process_tree import measure
from benchmarks.speed.contest import PEAK, Contender, Figure, Limit, Target
from graphrec.spark.machine import GIBIBYTE

Figures = dict[str, float]  # by stage, and PEAK

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Measured:
    """The figures of a target: one for each contender and repetition."""

    target: Target
    runs: dict[str, list[Figures]]  # by contender

    def median(self, figure: Figure) -> float:
        """The median of a figure over the repetitions."""
        return statistics.median(run[figure.stage] for run in self.runs[figure.contender])

    def value(self, limit: Limit) -> float:
        """What is limited: a figure, or the median of its ratios to the other one of each pair."""
        if limit.of is None:
            return self.median(limit.figure)
        ours, other = (self.runs[f.contender] for f in (limit.figure, limit.of))
        pairs = zip(ours, other, strict=True)
        return statistics.median(
            mine[limit.figure.stage] / its[limit.of.stage] for mine, its in pairs
        )


def measure_target(target: Target, repetitions: int) -> Measured:
    """Run all contenders, as often as given; every other time in the opposite order.

    Raises:
        subprocess.CalledProcessError: a contender failed.
    """
    runs: dict[str, list[Figures]] = {contender.name: [] for contender in target.contenders}
    for contender in target.prepare:
        run_contender(contender)
    for repetition in range(repetitions):
        order: Sequence[Contender] = target.contenders
        for contender in order if repetition % 2 == 0 else order[::-1]:
            runs[contender.name].append(run_contender(contender))
    return Measured(target, runs)


def run_contender(contender: Contender) -> Figures:
    """Run one contender to its end, with one BLAS thread unless it sets more itself."""
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        out = Path(folder) / "seconds.json"
        function = f"benchmarks.speed.{contender.function}"
        command = [sys.executable, "-m", "benchmarks.speed.contender", function]
        command += [json.dumps(dict(contender.arguments)), str(out)]
        pinned = dict.fromkeys(_THREADS, "1")
        measured = measure(command, environment=os.environ | pinned)
        seconds: Figures = json.loads(out.read_text(encoding="utf-8"))
    return seconds | {PEAK: measured.peak_bytes / GIBIBYTE}
