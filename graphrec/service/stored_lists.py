"""Lists that `graphrec recommend` wrote, mapped: for answers without scoring."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphrec.columns import RANK
from graphrec.errors import UnreadableInputError
from graphrec.scorer.ids import IdIndex, map_ids, write_ids
from graphrec.scorer.mapped_folders import InUse, in_use, making
from graphrec.scorer.scorer import Scorer

_USERS: Final = "users.arrow"


class StoredLists:
    """For each user the indices of the listed items, best first."""

    def __init__(
        self, users: IdIndex, indptr: npt.NDArray[Any], items: npt.NDArray[Any], held: InUse
    ) -> None:
        self._users, self._indptr, self._items = users, indptr, items
        self._held = held  # keeps the files from being removed

    @staticmethod
    def open(path: str, scorer: Scorer, folder: Path) -> StoredLists:
        """Map lists, and make the files for it if they are not there yet.

        Args:
            path: a folder that `graphrec recommend` wrote as Parquet.
            scorer: the model; items that it does not know are left out.
            folder: for the files.

        Raises:
            UnreadableInputError: there are no such lists.
        """
        digest = hashlib.blake2b(scorer.digest.encode(), digest_size=16)
        for file in sorted(Path(path).glob("*.parquet")):
            digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        place = folder / f"lists-{digest.hexdigest()}"
        held = in_use(place / _USERS, lambda: _make(path, scorer, place))
        return StoredLists(
            IdIndex(map_ids(place / _USERS)),
            np.load(place / "indptr.npy", mmap_mode="r"),
            np.load(place / "items.npy", mmap_mode="r"),
            held,
        )

    def of_user(self, user: Any) -> list[int]:
        """The indices of a user's items, best first; empty for a user without a list."""
        row = self._users.position(user)
        if row is None:
            return []
        listed: list[int] = self._items[self._indptr[row] : self._indptr[row + 1]].tolist()
        return listed


def _make(path: str, scorer: Scorer, place: Path) -> None:
    columns = scorer.model.description["columns"]
    user, item = columns["user"], columns["item"]
    try:
        table = pq.read_table(path, columns=[user, item, RANK])
        order = [(user, "ascending"), (RANK, "ascending")]
        table = table.take(pc.sort_indices(table, order)).combine_chunks()
        ids = scorer.model.items.ids
        items = pc.index_in(table[item].combine_chunks().cast(ids.type), ids)
        users = table[user].combine_chunks()
    except (OSError, pa.ArrowException) as error:
        raise UnreadableInputError(
            f"there are no lists for this model at {path}",
            found=str(error).partition("\n")[0],
            fix="give a folder that `graphrec recommend` wrote as Parquet, of the same columns",
        ) from error
    known = np.flatnonzero(items.is_valid().to_numpy(zero_copy_only=False))
    users, items = users.take(pa.array(known)), items.take(pa.array(known)).to_numpy()
    runs = pc.run_end_encode(users, run_end_type=pa.int64())
    with making(place) as staged:
        write_ids(staged / _USERS, runs.values)
        np.save(staged / "indptr.npy", np.concatenate([[0], runs.run_ends.to_numpy()]))
        np.save(staged / "items.npy", items.astype(np.int32))
