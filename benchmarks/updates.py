"""Updates against fits: seconds, quality after ten updates of 1 %, and lists that are equal.

    python -m benchmarks.updates gowalla [--data ../shared/data] [--order random] [--updates 10]

A tenth of the training interactions is held out to be found. Of the others nine tenths are fitted,
and the last tenth comes in updates of 1 %, at random or in the order of their times. Beside the
last update stands a fit to all of them with the same settings, and one that chooses its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import compare
from graphrec.progress import Event, listen

_CUTOFF = 20
_METRICS = ("ndcg", "recall")
_FILES = {"gowalla": "train.parquet", "ml-latest-small": "ratings.csv"}
_SHARES = 1000  # of all interactions: parts that are taken by a hash, or by time


def main() -> None:
    """Fit, update, fit again and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=_FILES)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--order", choices=("random", "time"), default="random")
    parser.add_argument("--updates", type=int, default=10)
    arguments = parser.parse_args()
    spark = gr.spark_session("graphrec updates")
    path = arguments.data / arguments.set / _FILES[arguments.set]
    part = _parts(_read(spark, path), arguments.order)
    known, held = part.where("share < 900"), part.where("share >= 900").drop("share")
    first = 900 - 9 * arguments.updates
    with _measured("fit (first of the process)"):
        model = gr.HybridRecommender().fit(known.where(F.col("share") < first).drop("share"))
    with _measured("fit, settings chosen"):
        chosen = gr.HybridRecommender().fit(known.drop("share"))
    for number in range(arguments.updates):
        low = first + 9 * number
        new = known.where((F.col("share") >= low) & (F.col("share") < low + 9)).drop("share")
        with _measured(f"update {number + 1}", stages=number in (0, 1)):
            model = model.update(new)
        print(model.update_figures)
        if number == 0:
            with _measured("update 1, saved", stages=True), TemporaryDirectory() as folder:
                model.write().save(f"{folder}/model")
    assert model.learned_by is not None
    with _measured("fit, same settings"):
        same = model.learned_by.fit(known.drop("share"))
    _compare("same settings", same, model, held)
    _compare("settings chosen", chosen, model, held)


def _read(spark: SparkSession, path: Path) -> DataFrame:
    if path.suffix == ".parquet":
        return spark.read.parquet(str(path))
    return spark.read.csv(str(path), header=True, inferSchema=True)


def _parts(rows: DataFrame, order: str) -> DataFrame:
    """With a number below 1000: from 900 on held out at random, the others by their order."""
    user, item = rows.columns[:2]
    drawn = F.pmod(F.xxhash64(user, item, F.lit(7)), F.lit(_SHARES))
    if order == "random":
        return rows.withColumn("share", drawn).persist()
    bounds = rows.approxQuantile("timestamp", [n / 900 for n in range(900)], 0.0)
    placed = F.greatest(F.size(F.filter(F.array(*map(F.lit, bounds)), _until())) - 1, F.lit(0))
    return rows.withColumn("share", F.when(drawn >= 900, drawn).otherwise(placed)).persist()


def _until() -> Callable[[Any], Any]:
    return lambda bound: bound <= F.col("timestamp")


@contextmanager
def _measured(name: str, *, stages: bool = False) -> Iterator[None]:
    """Print seconds by the clock and of all processes' CPU, and perhaps those of each stage."""

    def show(event: Event) -> None:
        if stages and event.seconds is not None:
            print(f"    {event.path:<40} {event.seconds:8.1f} s  {event.counted}")

    begun, used = time.perf_counter(), _cpu_seconds()
    with listen(show):
        yield
    taken = time.perf_counter() - begun
    print(f"{name:<40} {taken:8.1f} s {_cpu_seconds() - used:8.1f} s CPU", flush=True)


def _cpu_seconds() -> float:
    """Of this process and all that it started, those that have ended included."""
    root = psutil.Process()
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(sum(one[:4]) for one in times)  # own, and of children that have ended


def _compare(name: str, fitted: Any, updated: Any, held: DataFrame) -> None:
    """Print the metrics of both, differences with intervals, and how many lists are equal."""
    user, item = fitted.dataset.columns.user, fitted.dataset.columns.item
    lists = [model.rankedLists(_CUTOFF).persist() for model in (fitted, updated)]
    found = [
        ranking_metrics(some, held, k=_CUTOFF, metrics=_METRICS, user=user, item=item).persist()
        for some in lists
    ]
    for metric in _METRICS:
        result = compare(found[0], found[1], metric, k=_CUTOFF, user=user)
        print(
            f"{metric}: fit with {name} {result.mean_a:.4f}, updated {result.mean_b:.4f}, "
            f"difference {result.difference:+.4f} ({result.ci_low:+.4f} to {result.ci_high:+.4f})"
        )
    print(f"    {fitted.value('weights')} {fitted.legs}")
    a, b = (some.select(user, item, F.col("rank").alias("rank")) for some in lists)
    shared = a.join(b.select(user, item), [user, item]).count() / a.count()
    same = a.join(b, [user, item, "rank"]).groupBy(user).count()
    equal = same.where(F.col("count") == _CUTOFF).count() / a.select(user).distinct().count()
    print(f"    lists that are equal {equal:.1%}, items that both list {shared:.1%}")


if __name__ == "__main__":
    main()
