"""The addresses of lists, of the reasons for them, and of related items."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query
from fastapi.responses import Response

from graphrec.cooccurrence.best_neighbours import DEFAULT_MEASURE
from graphrec.errors import ParameterError
from graphrec.scorer.history import Interaction
from graphrec.service import metrics
from graphrec.service.answers import answer
from graphrec.service.limits import Limits
from graphrec.service.messages import Asked, AskedList, Basket
from graphrec.service.problems import ProblemError
from graphrec.service.recommending import Wanted, history_of, in_time, live, titled
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

    async def of_user(self, user: PathId, asked: Annotated[AskedList, Query()]) -> Response:
        """The best items for a user, by the model and all events since."""
        running = self._running
        treatment, served = running.treated(user)
        ids = served.scorer.model.items
        wanted = replace(
            self._wanted(asked, served),
            offset=asked.offset,
            diversity=asked.diversity,
            allow=None if asked.allow is None else tuple(map(ids.from_text, asked.allow)),
            deny=tuple(map(ids.from_text, asked.deny)),
            where=asked.where,
        ).under(treatment.settings, running.current.exploration)
        known = served.user(user)

        def score() -> list[dict[str, Any]]:
            history = history_of(served, running.store, known, wanted)
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
            limits=self._limits(basket.quotas, basket.boost),
            boosts=_by_id(served, basket.boosts),
            shown=_by_id(served, basket.shown),
            profile=basket.profile,
        )
        rows = [Interaction(one.item, one.value, one.time) for one in basket.history]
        known = None if basket.user is None else served.known_user(str(basket.user))

        def score() -> list[dict[str, Any]]:
            known_of = history_of(served, running.store, known, wanted)
            history = served.scorer.extended(known_of, rows)
            return live(served, history, wanted, running.earnings)

        given = tuple(row.item for row in rows)
        popular = replace(wanted, deny=(*wanted.deny, *given))
        listed = await running.before_the_deadline(
            score, lambda: in_time(served, running.store, known, popular)
        )
        return _listed({} if known is None else {"user": known}, served, listed)

    async def why(self, user: PathId, item: PathId, asked: Annotated[Asked, Query()]) -> Response:
        """The parts of the score of an item, and its place in the user's list."""
        treatment, served = self._running.treated(user)
        wanted = self._wanted(asked, served)
        known, one = served.user(user), served.item(item)

        def explained() -> dict[str, Any]:
            history = history_of(served, self._running.store, known, wanted)
            reasons = served.scorer.explain(
                history,
                one,
                wanted.k,
                weights=treatment.settings.weights,
                shown=wanted.shown,
                rules=wanted.rules(served),
            )
            return asdict(reasons)

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

    def _wanted(self, asked: Asked, served: Served) -> Wanted:
        """What an address asks for, but for what lists alone depend on."""
        return Wanted(
            k=self._length(asked.k),
            limits=self._limits(_quotas(asked.quota), asked.boost),
            shown=_by_id(served, Counter(asked.shown)),
            profile=served.features(_named("feature", "age=30", asked.feature)),
        )

    def _limits(self, quotas: Mapping[str, int] | None, boost: str | None) -> Limits:
        """Those of a request; what it does not state is as for all lists."""
        settings = self._running.settings
        return Limits.of(
            settings.quotas if quotas is None else quotas,
            settings.boost if boost is None else boost,
        )

    def _length(self, k: int) -> int:
        most = self._running.settings.max_k
        if k > most:
            raise ProblemError(422, f"k is at most {most}")
        return k


def _quotas(texts: Sequence[str]) -> dict[str, int] | None:
    """`COLUMN=N` by column; None where there are none.

    Raises:
        ParameterError: N is no whole number.
    """
    quotas = _named("quota", "genres=3", texts)
    for name, most in quotas.items():
        if not re.fullmatch(r"[0-9]{1,6}", most):
            raise ParameterError("a quota is a whole number of 0 or more", found=f"{name}={most}")
    return {name: int(most) for name, most in quotas.items()} or None


def _named(parameter: str, example: str, texts: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` by name.

    Raises:
        ParameterError: one is of another form.
    """
    parts = [text.partition("=") for text in texts]
    for (name, sign, _), text in zip(parts, texts, strict=True):
        if not (name and sign):
            raise ParameterError(
                f"{parameter} is written as in {parameter}={example}", found=repr(text)
            )
    return {name: value for name, _, value in parts}


def _by_id(served: Served, values: Mapping[str, float]) -> dict[Any, float]:
    """Values by the ids of items, which JSON has as text."""
    return {served.scorer.model.items.from_text(text): value for text, value in values.items()}


def _listed(about: dict[str, Any], served: Served, listed: list[dict[str, Any]]) -> Response:
    for source in {row["source"] for row in listed}:
        metrics.SOURCES.labels(source).inc()
    return answer(about | {"model": served.scorer.digest, "recommendations": listed})
