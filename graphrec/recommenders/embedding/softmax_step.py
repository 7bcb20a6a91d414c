"""One step of learning item vectors by a softmax: the gradient of a batch, and the descent."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.linear import product
from graphrec.kernels.types import Indices, Mask, Matrix, Vector, read_only
from graphrec.recommenders.embedding.fold_in import mean_directions

# What one thread works on at a time; no sum depends on how many threads there are.
_BLOCK = 128  # users
_ROWS = 1024  # items
_COLUMNS = 32  # dimensions


class Batch(NamedTuple):
    """Some users' histories, each divided, and the items they are set against."""

    start: Indices  # (users + 1,)
    item: Indices  # (entries,)
    weight: Vector  # (entries,)
    wanted: Mask  # (entries,), True: to be foretold from the others of the user
    negative: Indices  # (negatives,), different items
    share: Vector  # (negatives,), how many items each of these stands for


class Gradient(NamedTuple):
    """Of the loss by some items' vectors; its scale does not matter to the descent."""

    item: Indices  # (n,)
    value: Matrix  # (n, rank)


class _Part(NamedTuple):
    """What some users add."""

    user: Matrix  # (users, rank), their directions
    by_user: Matrix  # (users, rank), gradient by the sum of the given items' vectors
    by_wanted: Vector  # (entries,), factor of the user's direction in a wanted item's gradient
    by_negative: Matrix  # (negatives, rank), gradient


def set_apart(
    threads: ThreadPoolExecutor, batch: Batch, vector: Matrix, temperature: float, items: int
) -> Gradient:
    """The gradient of a batch's loss, see `graphrec.recommenders.embedding.softmax`.

    Args:
        threads: compute blocks of users.
        batch: what is looked at.
        vector: (items, rank), of length 1.
        temperature: τ.
        items: number of items.
    """
    negatives = vector[batch.negative]
    place = np.full(items, -1, np.int32)
    place[batch.negative] = np.arange(batch.negative.size)

    def part(first: int) -> _Part:
        block = _block(batch, first)
        return _part(block, vector, negatives, read_only(place), np.float32(temperature))

    parts = list(threads.map(part, range(0, batch.start.size - 1, _BLOCK)))
    return _by_item(threads, batch, _joined(parts), place)


def descend(
    threads: ThreadPoolExecutor, gradient: Gradient, rate: float, vector: Matrix, squares: Vector
) -> None:
    """Take a step of Adagrad, one rate for each item, on the sphere.

    Args:
        threads: move blocks of items.
        gradient: of the loss; used up.
        rate: length of an item's first step.
        vector: (items, rank), changed.
        squares: (items,), sums of the gradients' squared lengths so far, changed.
    """

    def move(first: int) -> None:
        rows = slice(first, first + _ROWS)
        item, value = gradient.item[rows], gradient.value[rows]
        _descend(item, value, np.float32(rate), vector, squares)

    list(threads.map(move, range(0, gradient.item.size, _ROWS)))


@compiled
def _descend(
    item: Indices, gradient: Matrix, rate: np.float32, vector: Matrix, squares: Vector
) -> None:
    """Move some items, (n,), against their gradients, (n, rank)."""
    for row in range(item.size):
        own, step = vector[item[row]], gradient[row]
        outward = product(own, step)
        for dimension in range(own.size):
            step[dimension] -= outward * own[dimension]
        squares[item[row]] += product(step, step)
        if squares[item[row]] > 0.0:
            scale = rate / np.sqrt(squares[item[row]])
            for dimension in range(own.size):
                own[dimension] -= scale * step[dimension]
            own /= np.sqrt(product(own, own))


def _block(batch: Batch, first: int) -> Batch:
    """Some of the users."""
    start = batch.start[first : first + _BLOCK + 1]
    entries = slice(start[0], start[-1])
    return Batch(
        read_only(start - start[0]),
        batch.item[entries],
        batch.weight[entries],
        batch.wanted[entries],
        batch.negative,
        batch.share,
    )


def _part(
    batch: Batch,
    vector: Matrix,
    negatives: Matrix,
    place: Indices,
    temperature: np.float32,
) -> _Part:
    """What a block of users adds to the gradient."""
    given = read_only(np.where(batch.wanted, np.float32(0.0), batch.weight))
    users, length = mean_directions(batch.start, batch.item, given, read_only(vector))
    odds = users @ negatives.T  # (users, negatives), cosines
    odds -= 1.0  # at most 0, so that no exponential is too large
    odds /= temperature
    np.exp(odds, out=odds)
    odds *= batch.share
    by_wanted, by_user = _set_against(batch, users, length, vector, place, odds, temperature)
    by_user += odds @ negatives
    _across(by_user, users, length)
    return _Part(users, by_user, by_wanted, odds.T @ users)


@compiled
def _set_against(
    batch: Batch,
    users: Matrix,
    length: Vector,
    vector: Matrix,
    place: Indices,
    odds: Matrix,
    temperature: np.float32,
) -> tuple[Vector, Matrix]:
    """Weigh the wanted items of each user against the negatives.

    Args:
        batch: a block of users.
        users: (users, rank), directions.
        length: (users,), 0 for a user without any given item.
        vector: (items, rank).
        place: (items,), where an item stands among the negatives; -1: it does not.
        odds: (users, negatives), exp((cosine - 1) / τ) of all items that a negative stands for;
            becomes the gradient by the cosine.
        temperature: τ.

    Returns:
        the gradient by the cosine of each wanted item (entries,), 0 for the given ones, and what
        the wanted items add to the gradient by the direction (users, rank).
    """
    by_wanted = np.zeros(batch.item.size, np.float32)
    by_user = np.zeros_like(users)
    for user in range(length.size):
        first, last = batch.start[user], batch.start[user + 1]
        for entry in range(first, last):
            if place[batch.item[entry]] >= 0:
                odds[user, place[batch.item[entry]]] = 0.0
        against = np.float32(odds[user].sum())
        each = np.float32(0.0)
        for entry in range(first, last):
            if batch.wanted[entry] and length[user] > 0.0:
                own = vector[batch.item[entry]]
                odd = np.exp((product(own, users[user]) - np.float32(1.0)) / temperature)
                each += batch.weight[entry] / (against + odd)
                by_wanted[entry] = batch.weight[entry] * (odd / (against + odd) - 1.0)
                for dimension in range(own.size):
                    by_user[user, dimension] += by_wanted[entry] * own[dimension]
        odds[user] *= each
    return by_wanted, by_user


@compiled
def _across(by_user: Matrix, users: Matrix, length: Vector) -> None:
    """Turn gradients by directions into such by the sums that the directions are of."""
    for user in range(length.size):
        outward = product(by_user[user], users[user])
        for dimension in range(users.shape[1]):
            across = by_user[user, dimension] - outward * users[user, dimension]
            by_user[user, dimension] = across / length[user] if length[user] > 0.0 else 0.0


def _joined(parts: Sequence[_Part]) -> _Part:
    """What all users add; blocks are summed in their order."""
    by_negative = parts[0].by_negative
    for other in parts[1:]:
        by_negative += other.by_negative
    return _Part(
        np.concatenate([part.user for part in parts]),
        np.concatenate([part.by_user for part in parts]),
        np.concatenate([part.by_wanted for part in parts]),
        by_negative,
    )


def _by_item(threads: ThreadPoolExecutor, batch: Batch, whole: _Part, place: Indices) -> Gradient:
    """Add up the gradient of each item that the batch knows; `place` is used up."""
    known = _known(batch, place)
    rank = whole.user.shape[1]
    gradient = np.zeros((known.size, rank), np.float32)
    gradient[: batch.negative.size] = whole.by_negative

    def add(first: int) -> None:
        _add(batch, whole, read_only(place), first, min(first + _COLUMNS, rank), gradient)

    list(threads.map(add, range(0, rank, _COLUMNS)))
    return Gradient(known, gradient)


@compiled
def _known(batch: Batch, place: Indices) -> Indices:
    """The negatives and then all other items of a batch; their places are noted."""
    known = np.empty(batch.negative.size + batch.item.size, np.int32)
    known[: batch.negative.size] = batch.negative
    count = batch.negative.size
    for other in batch.item:
        if place[other] < 0:
            place[other] = count
            known[count] = other
            count += 1
    return known[:count]


@compiled
def _add(
    batch: Batch, whole: _Part, place: Indices, first: int, last: int, gradient: Matrix
) -> None:
    """Add what the users' histories add in some dimensions."""
    for user in range(batch.start.size - 1):
        direction, by_user = whole.user[user, first:last], whole.by_user[user, first:last]
        for entry in range(batch.start[user], batch.start[user + 1]):
            own = gradient[np.uint32(place[batch.item[entry]]), first:last]
            wanted = batch.wanted[entry]
            scale = whole.by_wanted[entry] if wanted else batch.weight[entry]
            towards = direction if wanted else by_user
            for dimension in range(own.size):
                own[dimension] += scale * towards[dimension]
