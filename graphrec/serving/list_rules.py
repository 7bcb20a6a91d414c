"""The rules of a request as arrays, in the form in which the kernel and the workers take them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from graphrec.errors import ParameterError
from graphrec.kernels.csr import indptr_of
from graphrec.kernels.types import Vector, read_only
from graphrec.serving.kernel_types import ListRules

MAX_BOOST: Final = 1e6  # the least is one by it


class Quotas(NamedTuple):
    """Which items belong to which categories, and how many of each a list may have."""

    items: npt.NDArray[np.int32]  # (entries,)
    categories: npt.NDArray[np.int32]  # (entries,)
    most: npt.NDArray[np.int32]  # (categories,)

    @staticmethod
    def none() -> Quotas:
        """Lists may have any number of items of each kind."""
        return Quotas(*(np.empty(0, np.int32) for _ in range(3)))


class ItemKinds(NamedTuple):
    """Which items belong to which categories, each once."""

    items: npt.NDArray[np.int32]  # (entries,)
    kinds: npt.NDArray[np.int32]  # (entries,), from 0

    @staticmethod
    def none() -> ItemKinds:
        """Lists are not calibrated."""
        return ItemKinds(np.empty(0, np.int32), np.empty(0, np.int32))


def list_rules(
    popularity: Vector,
    *,
    excluded: npt.NDArray[np.bool_] | None = None,
    boost: npt.NDArray[np.float32] | None = None,
    quotas: Quotas | None = None,
    kinds: ItemKinds | None = None,
) -> ListRules:
    """Rules; what is left out holds for no item.

    Args:
        popularity: (items,), descending.
        excluded: (items,), True for items never to be listed.
        boost: (items,), factors of the scores, above 0.
        quotas: of categories.
        kinds: the categories that lists are calibrated by.
    """
    items = popularity.size
    of_items = quotas or Quotas.none()
    order = np.argsort(of_items.items, kind="stable")
    kinds = kinds or ItemKinds.none()
    by_item = np.argsort(kinds.items, kind="stable")
    popular = np.arange(items) if boost is None else np.argsort(-popularity * boost, kind="stable")
    rules = ListRules(
        np.zeros(items, np.bool_) if excluded is None else excluded,
        np.empty(0, np.float32) if boost is None else boost,
        popular.astype(np.int32),
        indptr_of(np.bincount(of_items.items, minlength=items)),
        of_items.categories[order],
        of_items.most,
        indptr_of(np.bincount(kinds.items, minlength=items)),
        kinds.kinds[by_item],
    )
    return ListRules(*(read_only(array) for array in rules))


def require_one_ranking(diversity: float) -> None:
    """Raise a ParameterError if lists that have categories are diversified as well."""
    if diversity > 0:
        raise ParameterError(
            "a list is either diversified or calibrated",
            found="a diversity above 0, and categories",
            fix="set diversity to 0, or leave the categories out",
        )


def without_quotas(rules: ListRules) -> ListRules:
    """Rules by which lists may have any number of items of each category."""
    return rules._replace(quota=read_only(np.empty(0, np.int32)))
