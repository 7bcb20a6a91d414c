"""A saved model's directory, read by pyarrow alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from graphrec.errors import UnreadableInputError
from graphrec.recommenders.model_card import ModelCard
from graphrec.recommenders.saved_format import require_format
from graphrec.recommenders.versions import version_path

_TABLES = (
    "histories",
    "without_history",
    "items",
    "neighbours",
    "factors",
    "fallback",
    "pairs",
)


class SavedModel:
    """A directory that `model.save` wrote, on a file system of this machine.

    Of a folder of versions it is the current one.

    Attributes:
        path: the directory, links resolved: a version that is renamed away is still this one.
        metadata: as PySpark writes them.
        described: what graphrec adds to them.
    """

    def __init__(self, path: str | Path) -> None:
        """Read the metadata.

        Raises:
            UnreadableInputError: there is no model at this path, or none that can be served.
        """
        self.path = _directory(path)
        self._given = str(path)
        self.metadata = read_metadata(self.path, self._given)
        described = dict(require_format(self.metadata, self._given))
        if "request" not in described:
            raise UnreadableInputError(
                f"the model at {path} cannot be served without Spark",
                found=str(self.metadata.get("class")),
                fix="save a recommender, such as HybridRecommender",
            )
        self.described: dict[str, Any] = described

    @property
    def digest(self) -> str:
        """A name for the contents: the metadata, and the names and sizes of all files.

        Spark gives every file that it writes a name of its own, so a copy of the directory has
        the digest of the original, and a model that replaces it has another.
        """
        digest = hashlib.blake2b(json.dumps(self.metadata, sort_keys=True).encode(), digest_size=16)
        for name in _TABLES:
            for file in sorted((self.path / name).glob("*.parquet")):
                digest.update(f"{name}/{file.name} {file.stat().st_size}\n".encode())
        return digest.hexdigest()

    def table(self, name: str) -> pa.Table:
        """One of the tables.

        Raises:
            UnreadableInputError: it is not there, or damaged.
        """
        try:
            return pq.read_table(self.path / name)
        except (OSError, pa.ArrowException) as error:
            raise UnreadableInputError(
                f"the table {name} of the model at {self._given} cannot be read",
                found=str(error).splitlines()[0] if str(error) else type(error).__name__,
                fix="save the model again",
            ) from error


def read_card(path: str | Path) -> ModelCard:
    """The card of a saved model of any kind, or of the current one of a folder of versions.

    Raises:
        UnreadableInputError: there is no model at this path, or one of another format.
    """
    return ModelCard.from_metadata(read_metadata(_directory(path), str(path)), str(path))


def _directory(path: str | Path) -> Path:
    return Path(version_path(str(path))).resolve()


def read_metadata(folder: Path, given: str) -> dict[str, Any]:
    """The metadata of a saved model, as PySpark writes them.

    Args:
        folder: its directory.
        given: how the directory was named, for errors.

    Raises:
        UnreadableInputError: there is no model.
    """
    try:
        [part] = sorted((folder / "metadata").glob("part-*"))
        metadata = json.loads(part.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UnreadableInputError(
            f"there is no model at {given}", fix="give the directory that a model was saved to"
        ) from error
    if not isinstance(metadata, dict):
        raise UnreadableInputError(f"there is no model at {given}")
    return metadata
