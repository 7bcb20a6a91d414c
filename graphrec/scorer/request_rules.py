"""Boosts, quotas and categories of a request, as the kernel takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphrec.scorer.arguments import number, whole
from graphrec.scorer.mapped_model import MappedModel
from graphrec.serving.kernel_types import ListRules
from graphrec.serving.list_rules import MAX_BOOST, ItemKinds, Quotas, list_rules


@dataclass(frozen=True)
class RequestRules:
    """Rules for lists of one model; made by `Scorer.rules`.

    Attributes:
        arrays: over the catalogue.
        categories: the names of those that have a quota.
    """

    arrays: ListRules
    categories: tuple[str, ...]

    @staticmethod
    def of(
        model: MappedModel,
        boosts: Mapping[Any, float] | None,
        quotas: Iterable[tuple[Any, str, int]],
        categories: Iterable[tuple[Any, str]],
    ) -> RequestRules:
        """See `Scorer.rules`."""
        least: dict[str, int] = {}
        position: dict[str, int] = {}
        entries = []
        for item, category, quota in quotas:
            most = whole(f"the quota of {category}", quota, 0)
            least[category] = min(most, least.get(category, most))
            index = position.setdefault(category, len(position))
            entries.append((model.items.position(item), index))
        known = [(item, category) for item, category in entries if item is not None]
        items, limited = np.array(known, np.int32).reshape(-1, 2).T
        limits = Quotas(items, limited, np.array(list(least.values()), np.int32))
        arrays = list_rules(
            model.tables.popularity,
            boost=_boosts(model, boosts),
            quotas=limits,
            kinds=_kinds(model, categories),
        )
        return RequestRules(arrays, tuple(least))


def _kinds(model: MappedModel, categories: Iterable[tuple[Any, str]]) -> ItemKinds:
    """Which known items belong to which categories, numbered by name."""
    placed = {(model.items.position(item), name) for item, name in categories}
    known = sorted((name, item) for item, name in placed if item is not None)
    number_of = {name: n for n, name in enumerate(dict.fromkeys(name for name, _ in known))}
    items = np.array([item for _, item in known], np.int32)
    return ItemKinds(items, np.array([number_of[name] for name, _ in known], np.int32))


def _boosts(
    model: MappedModel, boosts: Mapping[Any, float] | None
) -> npt.NDArray[np.float32] | None:
    if boosts is None:
        return None
    factors = np.ones(len(model.items), np.float32)
    for item, boost in boosts.items():
        index = model.items.position(item)
        if index is not None:
            factors[index] = number(f"the boost of {item!r}", boost, 1 / MAX_BOOST, MAX_BOOST)
    return factors
