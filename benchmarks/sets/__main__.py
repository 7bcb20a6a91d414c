"""graphrec and its peers on sets with train and test: intervals, differences, short histories.

    python -m benchmarks.sets SET ... --data DATA [--peers all] [--legs] [--out out/sets]
    python -m benchmarks.sets hin-amazon --data DATA --validation random --peers bm25,ease
        --variant pseudoInteractions=0 --variant "weights=walk=.2,ease=.8 maxNeighbours=200"

A set is a folder of DATA with train.parquet and test.parquet, or one of the MovieLens sets. Peers
need `pip install implicit`; their settings are chosen on a validation cut of train, never on test.
With --validation the same table is made on another cut of train instead of on the test set. Tables
are printed, and kept in OUT as sets.json and sets.md after each set.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import graphrec as gr
from benchmarks.sets.cuts import KINDS
from benchmarks.sets.measured import CUTOFFS
from benchmarks.sets.peers import PEERS
from benchmarks.sets.run import Result, Wanted, run_set
from benchmarks.sets.tables import as_json, markdown, print_set

_WIDTH = 200  # of lines where there is no terminal


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all sets, one after the other."""
    given = _parser().parse_args(arguments)
    wanted = Wanted(
        peers=given.peers,
        legs=given.legs,
        variants=given.variant,
        validation=given.validation,
        choice=given.choice,
        cutoff=given.cutoff,
    )
    spark = gr.spark_session("graphrec sets")
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    results: list[Result] = []
    for name in given.sets:
        console.print(name, style="bold")
        results.append(run_set(spark, given.data / name, wanted, console.print))
        print_set(results[-1], console)
        if given.out is not None:
            _write(results, given.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="SET", help="folders of DATA")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument(
        "--peers", type=_peers, default="all", help=f"all, none, or of {','.join(PEERS)}"
    )
    parser.add_argument("--legs", action="store_true", help="each leg of graphrec by itself, too")
    parser.add_argument(
        "--variant", action="append", default=[], help="settings of one more graphrec; repeatable"
    )
    parser.add_argument("--validation", choices=KINDS, help="measure on such a cut of train")
    parser.add_argument(
        "--choice", choices=KINDS, default="random", help="cut of train for the peers' settings"
    )
    parser.add_argument("--cutoff", type=int, choices=CUTOFFS, help="of the table of all users")
    parser.add_argument("--out", type=Path, help="folder of sets.json and sets.md")
    return parser


def _peers(text: str) -> list[str]:
    if text in ("all", "none"):
        return list(PEERS) if text == "all" else []
    names = text.split(",")
    if unknown := [name for name in names if name not in PEERS]:
        raise argparse.ArgumentTypeError(f"unknown peers: {', '.join(unknown)}")
    return names


def _write(results: Sequence[Result], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps([as_json(result) for result in results], indent=1)
    (folder / "sets.json").write_text(text + "\n", encoding="utf-8")
    tables = "\n\n".join(markdown(result) for result in results)
    (folder / "sets.md").write_text(tables + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
