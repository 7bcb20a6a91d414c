"""A stream that is killed again and again, held against one update with all of its events.

    python -m benchmarks.stream_soak ml-latest-small [--minutes 20] [--kill-every 120]

The latest of the ratings come as files while the time passes, every twentieth of them late by a
file or two, and some twice; `graphrec stream` takes them in, and is ended by SIGKILL at any moment
and started again. Then what all events together give by one update is compared: histories, pairs
and lists must be the same to the bit.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pandas as pd
import psutil
from pyspark.sql import DataFrame

import graphrec as gr
from graphrec.recommenders.versions import CURRENT, version_path

_FILES: Final = {"ml-latest-small": "ratings.csv"}
_LATE: Final = 20  # each so many-th event comes later than it happened
_TWICE: Final = 50  # likewise, comes again
_SECONDS_BETWEEN: Final = 5.0  # files


@dataclass
class Soak:
    """What there is, and what is done to it.

    Attributes:
        place: folder of the model, the events and the versions.
        kill_every: seconds.
    """

    place: Path
    kill_every: float
    kills: list[str] = field(default_factory=list)  # the current version at each

    def run(self, files: Sequence[pd.DataFrame], *, seconds: float) -> None:
        """Put the files there while the seconds pass, and kill whoever reads them."""
        begun = time.monotonic()
        process, started = self._start(), begun
        for number, rows in enumerate(files):
            while time.monotonic() < begun + seconds * number / len(files):
                if time.monotonic() > started + self.kill_every:
                    self._kill(process)
                    process, started = self._start(), time.monotonic()
                time.sleep(0.05)
            self._put(rows, number)
        self._kill(process)
        subprocess.run(self._command("--available-now"), check=True)

    def _start(self) -> psutil.Popen:
        with (self.place / "said").open("ab") as said:
            return psutil.Popen(self._command(), stdout=said, stderr=said)

    def _command(self, *more: str) -> list[str]:
        place = self.place
        verb = [sys.executable, "-m", "graphrec", "stream", str(place / "incoming"), "-q"]
        model = ["--model", str(place / "model"), "--out", str(place / "versions")]
        return [*verb, *model, "--checkpoint", str(place / "checkpoint"), *more]

    def _kill(self, process: psutil.Popen) -> None:
        assert process.poll() is None, (self.place / "said").read_text()[-2000:]
        process.kill()
        process.wait()
        current = self.place / "versions" / CURRENT
        self.kills.append(current.read_text().strip() if current.exists() else "none yet")

    def _put(self, rows: pd.DataFrame, number: int) -> None:
        folder = self.place / "incoming"
        hidden = folder / f".{number}"
        rows.to_csv(hidden, index=False)
        hidden.rename(folder / f"{number:05d}.csv")


def main() -> None:
    """Fit, stream and kill, update at once, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=_FILES)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--kill-every", type=float, default=120.0, help="seconds")
    arguments = parser.parse_args()
    ratings = pd.read_csv(arguments.data / arguments.set / _FILES[arguments.set])
    ratings = ratings.sort_values(["timestamp", "userId", "movieId"], ignore_index=True)
    known, new = ratings[: -arguments.events], ratings[-arguments.events :]
    seconds = 60.0 * arguments.minutes
    files = list(_as_they_come(new, round(seconds / _SECONDS_BETWEEN)))
    with TemporaryDirectory() as folder:
        soak = Soak(Path(folder), arguments.kill_every)
        (soak.place / "incoming").mkdir()
        spark = gr.spark_session("stream soak")
        model = gr.ItemKNNRecommender().fit(spark.createDataFrame(known))
        model.write().save(str(soak.place / "model"))
        soak.run(files, seconds=seconds)
        streamed = gr.ItemKNNModel.load(str(soak.place / "versions"))
        at_once = model.update(spark.createDataFrame(pd.concat(files)))
        _print(soak, streamed, len(files))
        _require_same(streamed.dataset.served, at_once.dataset.served)
        _require_same(streamed.rankedLists(20), at_once.rankedLists(20))
    print("histories and lists are those of one update")


def _as_they_come(events: pd.DataFrame, files: int) -> Iterator[pd.DataFrame]:
    """Files of events in the order of their times, but for those that are late or come again."""
    drawn = random.Random(7)
    size = -(-len(events) // files)
    place = [row // size for row in range(len(events))]
    late = [
        min(own + drawn.randint(1, 2), files - 1) if drawn.randrange(_LATE) == 0 else own
        for own in place
    ]
    again = events.iloc[[row for row in range(len(events)) if drawn.randrange(_TWICE) == 0]]
    for number in range(files):
        rows = events[[one == number for one in late]]
        yield pd.concat([rows, again[number::files]]).sample(frac=1.0, random_state=number)


def _print(soak: Soak, streamed: gr.ItemKNNModel, files: int) -> None:
    version = Path(version_path(str(soak.place / "versions")))
    [last] = streamed.streams.values()
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
    record = json.loads((version / "_run.json").read_text())
    print(f"{files} files in {last + 1} batches; {len(soak.kills)} kills, at {soak.kills}")
    print(f"a version has {size / 2**20:.1f} MiB; the last run: {record['seconds']}")


def _require_same(found: DataFrame, wanted: DataFrame) -> None:
    mine, theirs = (frame.orderBy(*frame.columns[:2]).toArrow() for frame in (found, wanted))
    assert mine.equals(theirs.cast(mine.schema))  # which of them may be null says nothing


if __name__ == "__main__":
    main()
