"""What features of a large catalogue cost: `python -m benchmarks.new_items`.

A made-up catalogue, of numbers, categories of 500 to 100,000 values and a list, goes through the
steps by which new items get a place in one leg of factors. No Spark takes part in them.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import pyarrow as pa

from graphrec.data.feature_encoding import LIST
from graphrec.data.item_features import encode
from graphrec.recommenders.content.nearest import nearest
from graphrec.recommenders.content.vectors import regress
from graphrec.spark.machine import GIBIBYTE

_MOST_VALUES: Final = 100_000  # of a category
_FEWEST_VALUES: Final = 500
_LIST_VALUES: Final = 40
_LENGTH: Final = 3  # of each list
_NEIGHBOURS: Final = 20
_REG_PARAM: Final = 10.0


def catalogue(items: int, features: int, seed: int = 0) -> pa.Table:
    """Half numbers, half categories, and a list.

    Args:
        items: rows.
        features: columns, at least 3.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    numbers = features // 2
    values = np.geomspace(_FEWEST_VALUES, _MOST_VALUES, features - numbers - 1).astype(int)
    columns = {f"number {n}": pa.array(rng.normal(size=items)) for n in range(numbers)}
    for n, count in enumerate(values):
        codes = (count * rng.random(items) ** 2).astype(np.int32)  # some are common, most are rare
        names = pa.array([f"v{value}" for value in range(count)])
        columns[f"category {n}"] = names.take(pa.array(codes))
    tags = pa.array([f"t{value}" for value in range(_LIST_VALUES)])
    drawn = tags.take(pa.array(rng.integers(_LIST_VALUES, size=items * _LENGTH)))
    offsets = np.arange(items + 1, dtype=np.int32) * _LENGTH
    return pa.table({**columns, "tags": pa.ListArray.from_arrays(pa.array(offsets), drawn)})


@contextmanager
def _measured(step: str) -> Iterator[None]:
    """Print the CPU seconds of a step, and the most memory of the process so far."""
    before = time.process_time()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIBIBYTE
    print(f"{step:<32} {time.process_time() - before:8.1f} CPU s {peak:8.1f} GiB", flush=True)


def main() -> None:
    """Print what each step takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--new", type=int, default=20_000)
    parser.add_argument("--rank", type=int, default=128)
    wanted = parser.parse_args()
    with _measured("the table is made"):
        table = catalogue(wanted.items, wanted.features)
    with _measured("features are encoded"):
        kinds = {name: LIST if name == "tags" else None for name in table.column_names}
        features = encode(table, kinds)
    known = wanted.items - wanted.new
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((known, wanted.rank), np.float32)
    support = np.sort(rng.integers(1, 1000, known))[::-1]
    with _measured("a leg's vectors are regressed"):
        regression = regress(features.matrix[:known], vectors, support, reg_param=_REG_PARAM)
        regression.predict(features.matrix[known:])
    with _measured("new items find the nearest"):
        nearest(features.matrix, np.arange(known, wanted.items), known, _NEIGHBOURS)
    print(f"{features.matrix.shape[1]:,} columns of {len(features.kinds)} features")


if __name__ == "__main__":
    main()
