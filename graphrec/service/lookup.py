"""What people look up: users by the beginning of their ids, items by a part of their titles."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.responses import Response

from graphrec.scorer.history import History
from graphrec.service.answers import answer
from graphrec.service.list_addresses import PathId
from graphrec.service.recommending import history_now, titled
from graphrec.service.running import Running
from graphrec.service.served import Served

Text = Annotated[str, Query(max_length=200)]
Most = Annotated[int, Query(ge=1, le=100)]


class Lookup:
    """The handlers; what they share is a worker."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def add_to(self, app: FastAPI) -> None:
        """Have an application answer them."""
        app.get("/users", summary="Users by the beginning of their ids")(self.users)
        app.get("/users/{user}/history", summary="What a user has")(self.history)
        app.get("/items", summary="Items by a part of their titles or ids")(self.items)
        app.get("/items/{item}", summary="What is known of an item")(self.item)

    async def users(self, starting: Text = "", most: Most = 20) -> Response:
        """The first users of the model whose ids begin so."""
        ids = self._running.served.scorer.model.users
        return answer({"users": await self._running.run(lambda: ids.starting(starting, most))})

    async def items(self, containing: Text = "", most: Most = 20) -> Response:
        """The most popular items that have a text in their titles or ids, in any case."""
        served = self._running.served

        def found() -> list[dict[str, Any]]:
            ids = served.scorer.model.items
            return [
                titled(served, {"item": ids[index]})
                for index in served.items.containing(containing, ids.ids, most)
            ]

        return answer({"items": await self._running.run(found)})

    async def item(self, item: PathId) -> Response:
        """The item, how many users of the model have it, and the columns of its row in --items."""
        served = self._running.served
        known = served.item(item)
        index = served.scorer.model.items.position(known)
        assert index is not None
        users = int(served.scorer.model.pairs["support"][index])
        about = titled(served, {"item": known, "users": users})
        return answer(about | {"columns": served.items.details(index)})

    async def history(
        self,
        user: PathId,
        k: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:
        """What the model knows of a user and the events since, the latest first."""
        _, served = self._running.treated(user)
        known = served.user(user)

        def found() -> dict[str, Any]:
            history = history_now(served, self._running.store, known)
            rows = _rows(served, history)
            return {"size": len(rows), "history": rows[offset : offset + k]}

        return answer({"user": known} | await self._running.run(found))


def _rows(served: Served, history: History) -> list[dict[str, Any]]:
    """A row for each item that is had or disliked; None where there is no rating or time."""
    ids, disliked = served.scorer.model.items, set(history.disliked.tolist())
    stars = [math.nan] * history.size if history.stars is None else history.stars.tolist()
    had = zip(
        *(array.tolist() for array in (history.items, history.weights, history.times)),
        stars,
        strict=True,
    )
    rows = [
        {
            "item": ids[index],
            "rating": _or_none(rating),
            "weight": weight,
            "time": _or_none(time),
            "disliked": index in disliked,
        }
        for index, weight, time, rating in had
    ]
    others = disliked - set(history.items.tolist())
    rows += [
        {"item": ids[index], "rating": None, "weight": 0.0, "time": None, "disliked": True}
        for index in sorted(others)
    ]
    rows.sort(key=lambda row: -math.inf if row["time"] is None else row["time"], reverse=True)
    return [titled(served, row) for row in rows]


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number
