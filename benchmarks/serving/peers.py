"""Other ways to serve, behind the same HTTP framework.

    python -m benchmarks.serving.peers NAME RATINGS PORT K

implicit's ALS in a FastAPI process, and MLlib's `recommendForUserSubset` run by Spark for each
request, as tutorials have it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from benchmarks.serving.servers import Server, free_port, serving

RANK: Final = 64
_ITERATIONS: Final = 3  # what is measured is serving
Lists = Callable[[int], list[tuple[int, float]]]


def implicit_lists(ratings: str, k: int) -> Lists:
    """Lists of implicit's ALS; users and items are numbers as in the file."""
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415
    from scipy.sparse import csr_matrix  # noqa: PLC0415

    table = pq.read_table(ratings)
    users, items = (table.column(n).to_numpy() for n in (0, 1))
    matrix = csr_matrix((np.ones(len(users), np.float32), (users, items)))
    model = AlternatingLeastSquares(RANK, iterations=_ITERATIONS, num_threads=1)
    model.fit(matrix, show_progress=False)

    def lists(user: int) -> list[tuple[int, float]]:
        found, scores = model.recommend(user, matrix[user], k)
        return list(zip(found.tolist(), scores.tolist(), strict=True))

    return lists


def mllib_lists(ratings: str, k: int) -> Lists:
    """Lists of MLlib's ALS, a query for each; what a user has is not left out."""
    from pyspark.ml.recommendation import ALS  # noqa: PLC0415

    from graphrec import spark_session  # noqa: PLC0415

    spark = spark_session("peer")
    frame = spark.read.parquet(ratings)
    user, item = frame.columns[:2]
    als = ALS(rank=RANK, maxIter=_ITERATIONS, userCol=user, itemCol=item, implicitPrefs=True)
    model = als.fit(frame.selectExpr(f"`{user}`", f"`{item}`", "1.0 AS rating"))

    def lists(one: int) -> list[tuple[int, float]]:
        asked = spark.createDataFrame([(one,)], f"`{user}` int")
        rows: list[Any] = model.recommendForUserSubset(asked, k).collect()
        return [(row[0], row[1]) for row in rows[0].recommendations] if rows else []

    return lists


_LISTS: Final = {"implicit": implicit_lists, "mllib": mllib_lists}


@contextmanager
def _serving(name: str, ratings: str, k: int) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.serving.peers", name, ratings, str(port), str(k)]
    with serving(command, port, "/users/0") as server:
        yield server


PEERS: Final[Mapping[str, Callable[[str, int], AbstractContextManager[Server]]]] = {
    f"{name}, one process": partial(_serving, name) for name in _LISTS
}


def main() -> None:
    """Learn, and serve until the process is ended."""
    name, ratings, port, k = sys.argv[1:]
    lists = _LISTS[name](ratings, int(k))
    app = FastAPI()

    @app.get("/users/{user}")
    async def _(user: int) -> dict[str, Any]:
        rows = await run_in_threadpool(lists, user)
        return {"recommendations": [{"item": item, "score": score} for item, score in rows]}

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
