"""Ids in a file that is mapped into memory, found by a binary search: no dictionary in the heap."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain, islice, takewhile
from numbers import Integral
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_LARGEST: Final = 2**63 - 1
_PLAIN: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")


class IdIndex(Sequence[Any]):
    """From ids to positions and back.

    Attributes:
        ids: by position.
        order: (n,), the positions by ascending id; None: the ids ascend already.
    """

    def __init__(self, ids: pa.Array, order: npt.NDArray[np.int32] | None = None) -> None:
        self.ids = ids
        self.order = order
        self._sorted = _Sorted(ids, order)

    @property
    def of_text(self) -> bool:
        """Whether the ids are text; otherwise they are whole numbers."""
        return not pa.types.is_integer(self.ids.type)

    def position(self, value: Any) -> int | None:
        """Where an id stands; None if it is none of these, or of another kind."""
        if self.of_text != isinstance(value, str) or isinstance(value, bool):
            return None
        if not self.of_text and not isinstance(value, Integral):
            return None
        found = bisect_left(self._sorted, value)
        if found == len(self) or self._sorted[found] != value:
            return None
        return found if self.order is None else int(self.order[found])

    def from_text(self, text: str) -> Any:
        """An id that was written in an address: itself, or the whole number that it is.

        Returns:
            the id; None for what cannot be one of these.
        """
        if self.of_text:
            return text
        return int(text) if _PLAIN.fullmatch(text) else None

    def starting(self, text: str, most: int) -> list[Any]:
        """The first ids, ascending, whose text begins so; of numbers, the shortest first.

        Args:
            text: the beginning.
            most: how many are found at most.
        """
        if self.of_text:
            first = bisect_left(self._sorted, text)
            found = (self._sorted[n] for n in range(first, len(self)))
            return list(islice(takewhile(lambda one: one.startswith(text), found), most))
        if not text:
            return [self._sorted[n] for n in range(min(most, len(self)))]
        if not _PLAIN.fullmatch(text):
            return []
        return list(islice(chain.from_iterable(map(self._within, _ranges(int(text)))), most))

    def _within(self, ends: tuple[int, int]) -> Iterator[Any]:
        """Numbers from one to another, both among them."""
        first, last = ends
        found = (self._sorted[n] for n in range(bisect_left(self._sorted, first), len(self)))
        return takewhile(lambda one: one <= last, found)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, position: Any) -> Any:
        return self.ids[position].as_py()


def _ranges(beginning: int) -> Iterator[tuple[int, int]]:
    """The least and the largest number of each length whose digits begin so."""
    yield beginning, beginning
    sign, digits = (-1, -beginning) if beginning < 0 else (1, beginning)
    scale = 10
    while 0 < digits * scale <= _LARGEST:
        ends = sign * digits * scale, sign * (digits * scale + scale - 1)
        yield min(ends), max(ends)
        scale *= 10


class _Sorted(Sequence[Any]):
    """The ids in ascending order, as `bisect` reads them."""

    def __init__(self, ids: pa.Array, order: npt.NDArray[np.int32] | None) -> None:
        self._ids, self._order = ids, order

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, n: Any) -> Any:
        return self._ids[n if self._order is None else int(self._order[n])].as_py()


def ascending(ids: pa.Array) -> npt.NDArray[np.int32]:
    """The positions of ids in their ascending order; text by its UTF-8, as Python compares it."""
    order: npt.NDArray[np.int32] = pc.array_sort_indices(ids).to_numpy().astype(np.int32)
    return order


def write_ids(path: Path, ids: pa.Array) -> None:
    """Write ids as one Arrow array; text with 64-bit offsets, so that any number of it fits."""
    if pa.types.is_string(ids.type):
        ids = ids.cast(pa.large_string())
    schema = pa.schema([("id", ids.type)])
    with pa.ipc.new_file(str(path), schema) as file:
        file.write_batch(pa.record_batch([ids], schema=schema))


def map_ids(path: Path) -> pa.Array:
    """The inverse of `write_ids`; nothing is read before it is needed."""
    batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    return batch.column(0)
