"""The format of saved models: its number, and the refusal of any other. It needs no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphrec.errors import UnreadableInputError

DESCRIBED: Final = "graphrec"  # the key, in the metadata as PySpark writes them, of what we add
FORMAT: Final = 2
"""Changes with whatever a reader of this version could not make sense of."""


def require_format(metadata: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """What graphrec added to a model's metadata, if it is of the format that is read here.

    Raises:
        UnreadableInputError: it is of another format, or of another library.
    """
    described = metadata.get(DESCRIBED)
    if not isinstance(described, Mapping):
        raise UnreadableInputError(
            f"the model at {path} was not written by graphrec", found=str(metadata.get("class"))
        )
    found = described.get("format", 1)
    if found != FORMAT:
        raise UnreadableInputError(
            f"the model at {path} is of {'an older' if found < FORMAT else 'a newer'} format",
            found=f"format {found}, and {FORMAT} is read here",
            fix="learn it again" if found < FORMAT else "install a newer version of graphrec",
        )
    return described
