"""The addresses of lists, of the reasons for them, and of related items."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query
from fastapi.responses import Response

from graphrec.cooccurrence.best_neighbours import DEFAULT_MEASURE
from graphrec.scorer.history import Interaction
from graphrec.service import metrics
from graphrec.service.answers import answer
from graphrec.service.messages import Basket
from graphrec.service.problems import ProblemError
from graphrec.service.recommending import Wanted, history_now, in_time, live, titled
from graphrec.service.running import Running
from graphrec.service.served import Served

PathId = Annotated[str, Path(min_length=1, max_length=2000)]


class ListAddresses:
    """The handlers; what they share is a worker."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def add_to(self, app: FastAPI) -> None:
        """Have an application answer them."""
        app.get("/users/{user}/recommendations", summary="A user's list")(self.of_user)
        app.post("/recommendations", summary="A list for a history")(self.of_history)
        app.get("/users/{user}/items/{item}/why", summary="Why an item is in a list, or not")(
            self.why
        )
        app.get("/items/{item}/related", summary="What goes together with an item")(self.related)

    async def of_user(
        self,
        user: PathId,
        k: Annotated[int, Query(ge=1)] = 10,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
        diversity: Annotated[float | None, Query(ge=0, le=1)] = None,
        allow: Annotated[list[str] | None, Query()] = None,
        deny: Annotated[list[str] | None, Query()] = None,
        where: str | None = None,
    ) -> Response:
        """The best items for a user, by the model and all events since."""
        running = self._running
        treatment, served = running.treated(user)
        ids = served.scorer.model.items
        wanted = Wanted(
            k=self._length(k),
            offset=offset,
            diversity=diversity,
            allow=None if allow is None else tuple(map(ids.from_text, allow)),
            deny=tuple(map(ids.from_text, deny or [])),
            where=where,
        ).under(treatment.settings, running.current.exploration)
        known = served.user(user)

        def score() -> list[dict[str, Any]]:
            history = history_now(served, running.store, known)
            return live(served, history, wanted, running.earnings)

        listed = await running.before_the_deadline(
            score, lambda: in_time(served, running.store, known, wanted)
        )
        about = {"user": known}
        if treatment.arms:
            about["experiments"] = treatment.arms
        if treatment.arms or wanted.exploration is not None:
            listed = await running.shown(str(known), treatment, listed)
        return _listed(about, served, listed)

    async def of_history(self, basket: Basket) -> Response:
        """The best items for a history, a user and a profile; nothing of them is stored."""
        running, most = self._running, self._running.settings.max_history
        served = running.served
        if len(basket.history) > most:
            raise ProblemError(422, f"a history has at most {most} items")
        wanted = Wanted(
            k=self._length(basket.k),
            offset=basket.offset,
            diversity=basket.diversity,
            weights=basket.weights,
            allow=None if basket.allow is None else tuple(basket.allow),
            deny=tuple(basket.deny),
            where=basket.where,
        )
        rows = [Interaction(one.item, one.value, one.time) for one in basket.history]
        known = None if basket.user is None else served.known_user(str(basket.user))

        def score() -> list[dict[str, Any]]:
            scorer = served.scorer
            if known is None:
                history = scorer.profile(basket.profile)
            else:
                history = history_now(served, running.store, known)
            return live(served, scorer.extended(history, rows), wanted, running.earnings)

        given = tuple(row.item for row in rows)
        popular = replace(wanted, deny=(*wanted.deny, *given))
        listed = await running.before_the_deadline(
            score, lambda: in_time(served, running.store, known, popular)
        )
        return _listed({} if known is None else {"user": known}, served, listed)

    async def why(
        self, user: PathId, item: PathId, k: Annotated[int, Query(ge=1)] = 10
    ) -> Response:
        """The parts of the score of an item, and its place in the user's list."""
        treatment, served = self._running.treated(user)
        length, known, one = self._length(k), served.user(user), served.item(item)

        def explained() -> dict[str, Any]:
            now = history_now(served, self._running.store, known)
            weights = treatment.settings.weights
            return asdict(served.scorer.explain(now, one, length, weights=weights))

        return answer({"user": known} | await self._running.run(explained))

    async def related(
        self,
        item: PathId,
        k: Annotated[int, Query(ge=1)] = 10,
        measure: str = DEFAULT_MEASURE,
    ) -> Response:
        """The items that the same users have, by a measure of association."""
        served, length = self._running.served, self._length(k)
        one = served.item(item)

        def found() -> list[dict[str, Any]]:
            rows = served.scorer.related(one, length, measure=measure)
            return [titled(served, asdict(row)) for row in rows]

        related = await self._running.run(found)
        return answer({"item": one, "measure": measure, "related": related})

    def _length(self, k: int) -> int:
        most = self._running.settings.max_k
        if k > most:
            raise ProblemError(422, f"k is at most {most}")
        return k


def _listed(about: dict[str, Any], served: Served, listed: list[dict[str, Any]]) -> Response:
    for source in {row["source"] for row in listed}:
        metrics.SOURCES.labels(source).inc()
    return answer(about | {"model": served.scorer.digest, "recommendations": listed})
