"""The main job on Gowalla: quality on the published split, seconds per stage, peak memory.

    python -m benchmarks.gowalla [--data ../shared/data] [--out out/gowalla] [-- more options]

Options after `--` go to `graphrec recommend`. The test split is only read to be scored.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.process_tree import measure
from graphrec import spark_session
from graphrec.evaluation.metrics import ranking_metrics

_CUTOFF = 20  # of the published tables


def main() -> None:
    """Run, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("out/gowalla"))
    parser.add_argument("options", nargs="*", help="more options of graphrec recommend")
    arguments = parser.parse_args()
    folder = arguments.data / "gowalla"
    command = [sys.executable, "-m", "graphrec", "recommend", str(folder / "train.parquet")]
    command += ["--out", str(arguments.out), "-k", str(_CUTOFF), "--overwrite", "--sample", "1"]
    measured = measure(command + arguments.options)
    record = json.loads((arguments.out / "_run.json").read_text())
    for stage, seconds in record["seconds"].items():
        print(f"{stage:<16} {seconds:8.1f} s")
    print(f"{'whole process':<16} {measured.seconds:8.1f} s")
    print(f"{'peak memory':<16} {measured.peak_bytes / 2**30:8.2f} GiB (all processes, PSS)")
    for name, value in _quality(arguments.out, folder / "test.parquet").items():
        print(f"{name + '@' + str(_CUTOFF):<16} {value:8.4f}")


def _quality(lists: Path, test: Path) -> dict[str, float]:
    spark = spark_session("graphrec benchmark")
    metrics = ["recall", "ndcg"]
    measured = ranking_metrics(
        spark.read.parquet(str(lists)), spark.read.parquet(str(test)), k=_CUTOFF, metrics=metrics
    )
    return {name: measured.agg({name: "avg"}).collect()[0][0] for name in metrics}


if __name__ == "__main__":
    main()
