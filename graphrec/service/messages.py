"""What requests send."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, model_validator
from pydantic.json_schema import SkipJsonSchema

from graphrec.service.events import Event

Id = Annotated[StrictStr, Field(min_length=1, max_length=512)] | StrictInt
Finite = Annotated[float, Field(allow_inf_nan=False)]
_Name = Annotated[str, Field(max_length=200)]
_Text = Annotated[str, Field(max_length=512)]  # of an id
_Ids = Annotated[list[_Text], Field(max_length=50)]  # an address has 64 KiB; a body takes more
_Pairs = Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=50)]
_Value = Annotated[Finite, Field(ge=-1e9, le=1e9)]
_Time = Annotated[Finite, Field(gt=0, le=1e11)]


class Message(BaseModel):
    """A JSON object; a name that it does not have is an error, and so is true for a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SentInteraction(Message):
    """One interaction of a history."""

    item: Id
    value: _Value | None = None
    time: _Time | None = None


class Asked(BaseModel):
    """What both a list and the reasons of an item in it depend on, in an address."""

    model_config = ConfigDict(extra="forbid")

    k: Annotated[int, Field(ge=1)] = 10
    quota: _Pairs = []  # COLUMN=N
    boost: _Name | None = None  # a column
    shown: _Ids = []  # an id for each time
    feature: _Pairs = []  # NAME=VALUE


class AskedList(Asked):
    """What a list shall be, in an address."""

    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    diversity: Annotated[Finite, Field(ge=0, le=1)] | None = None
    allow: _Ids | SkipJsonSchema[None] = None
    deny: _Ids = []
    where: str | None = None


class Basket(Message):
    """A history, perhaps in addition to that of a user, and what the list shall be."""

    user: Id | None = None
    history: list[SentInteraction] = []
    profile: Annotated[dict[_Name, Any], Field(max_length=1000)] = {}
    k: Annotated[int, Field(ge=1)] = 10
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    diversity: Annotated[Finite, Field(ge=0, le=1)] | None = None
    weights: dict[_Name, Annotated[Finite, Field(ge=0, le=1e6)]] | None = None
    allow: list[Id] | None = None
    deny: list[Id] = []
    where: str | None = None
    quotas: dict[_Name, Annotated[int, Field(ge=0, le=1_000_000)]] | None = None
    boost: _Name | None = None
    boosts: Annotated[dict[_Text, Finite], Field(max_length=10_000)] = {}
    shown: Annotated[dict[_Text, Annotated[Finite, Field(ge=0)]], Field(max_length=10_000)] = {}

    @model_validator(mode="after")
    def _is_of_somebody(self) -> Basket:
        if not self.model_fields_set & {"user", "history", "profile"}:
            raise ValueError("a list is made for a history, a user or a profile")
        return self


class SentEvent(Message):
    """One event; without a time it is of now."""

    user: Id
    item: Id
    time: _Time | None = None
    kind: Literal["click", "view", "purchase", "rating", "impression", "dislike"]
    value: _Value | None = None
    position: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    experiment: _Name | None = None
    arm: _Name | None = None
    propensity: Annotated[Finite, Field(gt=0, le=1)] | None = None
    id: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    def event(self) -> Event:
        """As it is stored."""
        given = self.model_dump()
        given["time"] = time.time() if self.time is None else self.time
        return Event(**given | {"user": str(self.user), "item": str(self.item)})
