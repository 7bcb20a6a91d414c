"""How far the batches of a stream have come into a model, and which of them is to be taken in.

A model's metadata hold the number of the last batch of each stream that it has followed, by the id
of the stream's checkpoint. They are part of the version that the batch became, so a batch is taken
in, and noted, in one step; whatever the checkpoint has noted before a kill, the model knows better.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphrec.errors import InputError


def is_new(positions: Mapping[str, int], checkpoint: str, number: int) -> bool:
    """Whether a batch is the next one of its stream; else it is the last one, given again.

    Args:
        positions: the last batch by the id of its checkpoint, of a model.
        checkpoint: the id of the batch's.
        number: of the batch, from 0 on.

    Raises:
        InputError: the checkpoint and the model do not belong together.
    """
    last = positions.get(checkpoint, -1)
    if number == last + 1:
        return True
    if number == last:
        return False
    if checkpoint not in positions:
        raise InputError(
            "the checkpoint belongs to another model",
            found=f"batch {number} of a stream that this model has taken nothing of",
            fix="give the versions that it was used with, or a new --checkpoint",
        )
    ahead, behind = ("model", "checkpoint") if number < last else ("checkpoint", "model")
    raise InputError(
        f"the {ahead} is ahead of the {behind}",
        found=f"batch {number}, and the model's last one is {last}",
        fix=f"put back the {behind} that belongs to it, or begin a new --checkpoint",
    )
