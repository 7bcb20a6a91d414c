"""Quotas and boosts by columns of the items, as `graphrec recommend` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphrec.data.feature_encoding import SEPARATOR
from graphrec.errors import ParameterError
from graphrec.scorer.request_rules import RequestRules
from graphrec.scorer.scorer import Scorer
from graphrec.service.items import Items
from graphrec.serving.list_rules import MAX_BOOST, Quotas, list_rules
from graphrec.serving.quotas import has_room, take_room

Boosts: TypeAlias = npt.NDArray[np.float32]  # (items,)

_KEPT: Final = 16  # rules that are kept; those of a million items take 20 MB


@dataclass(frozen=True)
class Limits:
    """What lists have more or less of; perhaps nothing.

    Attributes:
        quotas: how many items of each value of a column a list may have, by the column's name.
        boost: the column of factors of the scores; None: there is none.
    """

    quotas: tuple[tuple[str, int], ...] = ()
    boost: str | None = None

    @staticmethod
    def of(quotas: Mapping[str, int] | None, boost: str | None) -> Limits:
        """From what a request or an option states."""
        return Limits(tuple(sorted((quotas or {}).items())), boost)


NONE: Final = Limits()


class LimitRules:
    """Limits as rules of a model's lists; each is made once."""

    def __init__(self, scorer: Scorer, items: Items) -> None:
        self._scorer, self._items = scorer, items
        self._kept: dict[Limits, RequestRules] = {}
        self._keeping = Lock()

    def of(self, limits: Limits) -> RequestRules | None:
        """The rules; None where there are no limits.

        Raises:
            ParameterError: there is no such column, or a boost is out of its range.
        """
        if limits == NONE:
            return None
        found = self._kept.get(limits)
        if found is None:
            found = self._rules(limits, self._boosts(limits))
            with self._keeping:
                if len(self._kept) >= _KEPT:
                    del self._kept[next(iter(self._kept))]  # the oldest
                self._kept[limits] = found
        return found

    def with_boosts(self, limits: Limits, by_item: Mapping[Any, float]) -> RequestRules | None:
        """The rules with boosts of single items beside those of a column; not kept.

        Args:
            limits: for all lists.
            by_item: factors by id; unknown ids are left out.

        Raises:
            ParameterError: see `of`; or a boost is out of its range.
        """
        if not by_item:
            return self.of(limits)
        own = self._scorer.rules(boosts=by_item).arrays.boost
        column = self._boosts(limits)
        return self._rules(limits, own if column is None else own * column)

    def _boosts(self, limits: Limits) -> Boosts | None:
        return None if limits.boost is None else boosts(self._items.column(limits.boost))

    def _rules(self, limits: Limits, boost: Boosts | None) -> RequestRules:
        names: list[str] = []
        quotas = []
        for name, most in limits.quotas:
            own, items, categories = members(name, self._items.column(name))
            most_of_each = np.full(len(own), most, np.int32)
            quotas.append(Quotas(items, categories + len(names), most_of_each))
            names += own
        joined = Quotas(*map(np.concatenate, zip(*quotas, strict=True))) if quotas else None
        popularity = self._scorer.model.tables.popularity
        return RequestRules(list_rules(popularity, boost=boost, quotas=joined), tuple(names))


class Room:
    """How many more items of each category a list may have while it is made."""

    def __init__(self, rules: RequestRules | None) -> None:
        self._rules = None if rules is None else rules.arrays
        self._left = np.empty(0, np.int32) if rules is None else rules.arrays.quota.copy()

    def takes(self, index: int) -> bool:
        """Count an item, if none of its categories is full."""
        if self._rules is None or not has_room(index, self._rules, self._left):
            return self._rules is None
        take_room(index, self._rules, self._left)
        return True


def members(
    name: str, column: pa.ChunkedArray
) -> tuple[list[str], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The categories of a column, such as "genres=Comedy", and which items are of which.

    Args:
        name: of the column.
        column: (items,); a text such as Comedy|Romance counts for both, as an array does.

    Returns:
        names; (entries,) items; (entries,) categories.

    Raises:
        ParameterError: it holds no categories.
    """
    values = column.combine_chunks()
    try:
        if not pa.types.is_list(values.type):
            values = pc.split_pattern(values.cast(pa.string()), SEPARATOR)
        items = pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
        texts = pc.utf8_trim(pc.list_flatten(values).cast(pa.string()), " ")
    except pa.ArrowException as error:
        raise ParameterError(
            f"the column {name!r} of the items cannot hold categories", found=str(column.type)
        ) from error
    stated = pc.fill_null(pc.not_equal(texts, ""), False)
    encoded = texts.filter(stated).dictionary_encode()
    categories = encoded.indices.to_numpy(zero_copy_only=False)
    items = items[stated.to_numpy(zero_copy_only=False)]
    once = np.unique(np.stack([items, categories]), axis=1).astype(np.int32)
    return [f"{name}={text}" for text in encoded.dictionary.to_pylist()], once[0], once[1]


def boosts(column: pa.ChunkedArray) -> Boosts:
    """Factors of the scores, (items,), 1 where there is none.

    Raises:
        ParameterError: they are no numbers within a millionth and a million.
    """
    try:
        factors = pc.fill_null(column.cast(pa.float64()), 1.0).to_numpy()
    except pa.ArrowException as error:
        raise ParameterError("boosts must be numbers", found=str(error)) from error
    wrong = factors[~((factors >= 1 / MAX_BOOST) & (factors <= MAX_BOOST))]
    if wrong.size:
        raise ParameterError(
            f"boosts must be numbers from {1 / MAX_BOOST:g} to {MAX_BOOST:g}",
            found=f"{wrong[0]:g}",
        )
    return factors.astype(np.float32)
