"""graphrec and its peers on the same cores: one table of seconds, memory and ratios.

    python -m benchmarks.speed TARGET ... [--data FILE] [--repeat 3] [--scratch DIR] [--tiny]

Needs `pip install graphrec[bench]`, and an idle machine for figures that mean something. Contenders
of a target run in turn, each in a process of its own; ratios are medians over pairs of runs.
Ends with 1 if a limit is not kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.generate import Shape, write
from benchmarks.speed.measurement import measure_target
from benchmarks.speed.table import print_table
from benchmarks.speed.targets import TARGETS, Scale

_GOWALLA = Path("../shared/data/gowalla/train.parquet")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="+", choices=[*TARGETS, "all"], metavar="TARGET")
    parser.add_argument("--data", type=Path, default=_GOWALLA, help="user, item as Parquet")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each contender")
    parser.add_argument("--scratch", type=Path, help="kept for the next time; default: temporary")
    parser.add_argument("--tiny", action="store_true", help="does it run? its figures say nothing")
    given = parser.parse_args(arguments)
    names = list(TARGETS) if "all" in given.targets else given.targets
    console = Console(width=None if sys.stdout.isatty() else 160)
    with tempfile.TemporaryDirectory(prefix="speed-") as temporary:
        scratch = (given.scratch or Path(temporary)).resolve()
        scale = _tiny(scratch) if given.tiny else Scale(str(given.data.resolve()), scratch)
        targets = [target for name in names for target in TARGETS[name](scale)]
        kept = print_table((measure_target(t, given.repeat) for t in targets), console)
    return 0 if kept else 1


def _tiny(scratch: Path) -> Scale:
    """Inputs that take seconds."""
    data = scratch / "tiny.parquet"
    write(Shape(interactions=20_000, items=500), data)
    return Scale(
        str(data),
        scratch,
        rank=8,
        catalogues=(300, 600),
        catalogue_users=50,
        sizes=(5_000, 10_000),
        large=10_000,
        small=8_000,
        sources=2,
        hub=10_000,
        heavy=300,
    )


if __name__ == "__main__":
    sys.exit(main())
