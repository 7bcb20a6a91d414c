"""A batch is new, or given again, or one that the model must not be given."""

from __future__ import annotations

import pytest

from graphrec.errors import InputError
from graphrec.recommenders.stream_positions import is_new


def test_batches_come_in_their_order_and_the_last_one_may_come_again() -> None:
    assert is_new({}, "a", 0)
    assert is_new({"a": 6, "b": 2}, "a", 7)
    assert not is_new({"a": 6, "b": 2}, "a", 6)
    assert not is_new({"a": 6, "b": 2}, "b", 2)
    assert is_new({"b": 2}, "a", 0)  # another stream into the same model


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ({"b": 2}, "the checkpoint belongs to another model; found batch 3"),
        ({"a": 5}, "the model is ahead of the checkpoint; found batch 3, .* last one is 5"),
        ({"a": 1}, "the checkpoint is ahead of the model; found batch 3, .* last one is 1"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(positions: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        is_new(positions, "a", 3)
