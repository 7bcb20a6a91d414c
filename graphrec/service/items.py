"""What is known of the items beside the model: titles, and columns for conditions."""

from __future__ import annotations

from functools import lru_cache, reduce
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from graphrec.errors import ParameterError, UnreadableInputError
from graphrec.scorer.scorer import Scorer
from graphrec.service.where import matching

_TITLES: Final = ("title", "name")


class Items:
    """A table of items, a row for each item of the model in the model's order."""

    def __init__(self, table: pa.Table | None) -> None:
        self._table = table
        names = [] if table is None else table.column_names
        self._title = next((name for name in names if name.lower() in _TITLES), None)
        self._mask = lru_cache(maxsize=256)(self._matching)

    @staticmethod
    def read(path: str | None, scorer: Scorer) -> Items:
        """Read a CSV or Parquet file.

        Args:
            path: of the file; None: nothing is known.
            scorer: has the items; their ids are in the column that the model has them in.

        Raises:
            UnreadableInputError: it cannot be read, or has no such column.
        """
        if path is None:
            return Items(None)
        key = scorer.model.description["columns"]["item"]
        try:
            if Path(path).suffix == ".csv":
                text = {key: pa.string()} if scorer.model.items.of_text else {}
                table = pc_csv.read_csv(
                    path, convert_options=pc_csv.ConvertOptions(column_types=text)
                )
            else:
                table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise UnreadableInputError(
                f"the items at {path} cannot be read", found=str(error).partition("\n")[0]
            ) from error
        if key not in table.column_names:
            raise UnreadableInputError(
                f"the items at {path} have no column of ids",
                found=", ".join(table.column_names),
                fix=f"name it {key}, as the model does",
            )
        ids = scorer.model.items.ids
        rows = pc.index_in(ids, table[key].combine_chunks().cast(ids.type))
        return Items(table.take(rows).combine_chunks())

    @property
    def have_titles(self) -> bool:
        """Whether there is a column of titles."""
        return self._title is not None

    def title(self, index: int) -> str | None:
        """The title of an item; None where there is none."""
        if self._table is None or self._title is None:
            return None
        title = self._table[self._title][index].as_py()
        return None if title is None else str(title)

    def containing(self, text: str, ids: pa.Array, most: int) -> list[int]:
        """The first items that have a text in their titles or ids, in any case.

        Args:
            text: what is looked for.
            ids: of all items.
            most: how many are found at most.
        """
        columns = (
            [ids] if self._title is None or self._table is None else [ids, self._table[self._title]]
        )
        masks = [
            pc.fill_null(
                pc.match_substring(column.cast(pa.string()), text, ignore_case=True), False
            )
            for column in columns
        ]
        found = reduce(pc.or_, masks)
        return [int(index) for index in pc.indices_nonzero(found)[:most].to_pylist()]

    def column(self, name: str) -> pa.ChunkedArray:
        """One of the columns, (items,).

        Raises:
            ParameterError: there is none of this name.
        """
        names = [] if self._table is None else self._table.column_names
        if self._table is None or name not in names:
            raise ParameterError(
                "quotas and boosts name a column of the items",
                found=repr(name),
                fix=f"it has {', '.join(names)}" if names else "start the service with --items",
            )
        return self._table[name]

    def where(self, condition: str) -> npt.NDArray[np.bool_]:
        """The items that fulfil a condition, (items,).

        Raises:
            ParameterError: it cannot be read, or there are no columns.
        """
        return self._mask(condition)

    def _matching(self, condition: str) -> npt.NDArray[np.bool_]:
        if self._table is None:
            raise ParameterError(
                "nothing is known of the items, so none can be chosen by a condition",
                fix="start the service with --items",
            )
        return matching(self._table, condition)

    def details(self, index: int) -> dict[str, Any]:
        """All columns of an item."""
        if self._table is None:
            return {}
        return {name: self._table[name][index].as_py() for name in self._table.column_names}
