"""One step of learning item vectors by a softmax: the gradient of a batch, and the descent."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, zip_longest
from typing import NamedTuple

import numpy as np

from graphrec.kernels.csr import CSR, csr, row_slice
from graphrec.kernels.jit import compiled
from graphrec.kernels.linear import product
from graphrec.kernels.types import Indices, Mask, Matrix, Vector, read_only
from graphrec.recommenders.embedding.fold_in import mean_directions, through_normalisation
from graphrec.recommenders.embedding.peers import ALONE, Part, Peers
from graphrec.recommenders.embedding.user_vectors import MEANS, Parameters, UserVectors

# What one thread works on at a time; no sum depends on how many threads there are.
_BLOCK_USERS = 128
_BLOCK_ITEMS = 1024
_BLOCK_DIMENSIONS = 32


class Batch(NamedTuple):
    """Some users' histories, each divided into inputs and targets, and the negatives."""

    histories: CSR  # (users, items), the weights
    target: Mask  # (entries,), True: to be predicted from the other entries of the user
    negative: Indices  # (negatives,), different items
    share: Vector  # (negatives,), how many items each of these stands for


class Gradient(NamedTuple):
    """The loss's derivative by some items' vectors; its scale does not matter to the descent."""

    item: Indices  # (n,)
    value: Matrix  # (n, rank)
    parameters: Parameters  # by those that users' vectors are made with


def batch_gradient(
    threads: ThreadPoolExecutor,
    batch: Batch,
    vector: Matrix,
    temperature: float,
    users: UserVectors = MEANS,
    peers: Peers = ALONE,
) -> Gradient:
    """The gradient of a batch's loss, see `graphrec.recommenders.embedding.softmax`.

    Args:
        threads: compute blocks of users.
        batch: the users, targets and negatives of this step.
        vector: (items, rank), of length 1.
        temperature: τ.
        users: how the direction of a history becomes the user's vector.
        peers: who computes which blocks.
    """
    negatives = vector[batch.negative]
    row = np.full(vector.shape[0], -1, np.int32)  # of each item in the gradient
    row[batch.negative] = np.arange(batch.negative.size)

    def part(first: int) -> Part:
        block = users_of_batch(batch, first, first + _BLOCK_USERS)
        return _part(block, vector, negatives, read_only(row), np.float32(temperature), users)

    blocks = range(0, batch.histories.indptr.size - 1, _BLOCK_USERS)
    own = list(threads.map(part, blocks[peers.task :: peers.tasks]))
    in_turn = chain.from_iterable(zip_longest(*peers.exchange(own)))
    return _by_item(threads, batch, _joined([part for part in in_turn if part is not None]), row)


def descend(
    threads: ThreadPoolExecutor, gradient: Gradient, rate: float, vector: Matrix, squares: Vector
) -> None:
    """Take a step of Adagrad, one rate for each item, on the sphere.

    Args:
        threads: move blocks of items.
        gradient: of the loss; overwritten.
        rate: length of an item's first step.
        vector: (items, rank), changed.
        squares: (items,), sums of the gradients' squared lengths so far, changed.
    """

    def move(first: int) -> None:
        rows = slice(first, first + _BLOCK_ITEMS)
        item, value = gradient.item[rows], gradient.value[rows]
        _descend(item, value, np.float32(rate), vector, squares)

    list(threads.map(move, range(0, gradient.item.size, _BLOCK_ITEMS)))


@compiled
def _descend(
    item: Indices, gradient: Matrix, rate: np.float32, vector: Matrix, squares: Vector
) -> None:
    """Move some items, (n,), against their gradients, (n, rank), along the sphere."""
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


def users_of_batch(batch: Batch, first: int, last: int) -> Batch:
    """The users first .. last - 1 of a batch, or those of them that it has."""
    indptr = batch.histories.indptr[first : last + 1]
    histories = row_slice(batch.histories, first, first + indptr.size - 1)
    return Batch(histories, batch.target[indptr[0] : indptr[-1]], batch.negative, batch.share)


def _part(
    batch: Batch,
    vector: Matrix,
    negatives: Matrix,
    row: Indices,
    temperature: np.float32,
    user_vectors: UserVectors,
) -> Part:
    """What a block of users adds to the gradient."""
    inputs = np.where(batch.target, np.float32(0.0), batch.histories.data)
    means, length = mean_directions(
        csr(batch.histories.indptr, batch.histories.indices, inputs), read_only(vector)
    )
    users, back = user_vectors.forward(means)
    odds = users @ negatives.T  # (users, negatives), cosines
    odds -= 1.0  # at most 0, so that no exponential is too large
    odds /= temperature
    np.exp(odds, out=odds)
    odds *= batch.share
    by_target, by_user = _softmax_gradient(batch, users, length, vector, row, odds, temperature)
    by_user += odds @ negatives
    by_mean, parameters = back(by_user)
    through_normalisation(by_mean, means, length)
    return Part(users, by_mean, by_target, odds.T @ users, parameters)


@compiled
def _softmax_gradient(
    batch: Batch,
    users: Matrix,
    length: Vector,
    vector: Matrix,
    row: Indices,
    odds: Matrix,
    temperature: np.float32,
) -> tuple[Vector, Matrix]:
    """The softmax loss's derivatives by the cosines of targets and negatives.

    Args:
        batch: a block of users.
        users: (users, rank), directions.
        length: (users,), 0 for a user without any input item.
        vector: (items, rank).
        row: (items,), the position of an item among the negatives; -1: it is none of them.
        odds: (users, negatives), exp((cosine - 1) / τ) times the number of items that a negative
            stands for; overwritten by the derivative by the cosine.
        temperature: τ.

    Returns:
        the derivative by the cosine of each target (entries,), 0 for the inputs, and what the
        targets add to the derivative by the direction (users, rank).
    """
    indptr, indices, weight = batch.histories
    by_target = np.zeros(indices.size, np.float32)
    by_user = np.zeros_like(users)
    for user in range(length.size):
        first, last = indptr[user], indptr[user + 1]
        for entry in range(first, last):
            if row[indices[entry]] >= 0:
                odds[user, row[indices[entry]]] = 0.0
        others = np.float32(odds[user].sum())
        each = np.float32(0.0)
        for entry in range(first, last):
            if batch.target[entry] and length[user] > 0.0:
                own = vector[indices[entry]]
                odd = np.exp((product(own, users[user]) - np.float32(1.0)) / temperature)
                each += weight[entry] / (others + odd)
                by_target[entry] = weight[entry] * (odd / (others + odd) - 1.0)
                for dimension in range(own.size):
                    by_user[user, dimension] += by_target[entry] * own[dimension]
        odds[user] *= each
    return by_target, by_user


def _joined(parts: Sequence[Part]) -> Part:
    """What all users add; blocks are summed in their order."""
    first = parts[0]
    for other in parts[1:]:
        for total, value in zip(_sums(first), _sums(other), strict=True):
            np.add(total, value, out=total)
    return Part(
        np.concatenate([part.user for part in parts]),
        np.concatenate([part.by_mean for part in parts]),
        np.concatenate([part.by_target for part in parts]),
        first.by_negative,
        first.parameters,
    )


def _sums(part: Part) -> list[Matrix]:
    return [part.by_negative, *part.parameters]


def _by_item(threads: ThreadPoolExecutor, batch: Batch, whole: Part, row: Indices) -> Gradient:
    """Add up the gradient of each item of the batch; `row` is overwritten."""
    items = _number_items(batch, row)
    rank = whole.user.shape[1]
    added = whole._replace(parameters=())  # of other types in each network: not for compiled code
    gradient = np.zeros((items.size, rank), np.float32)
    gradient[: batch.negative.size] = whole.by_negative

    def add(first: int) -> None:
        last = min(first + _BLOCK_DIMENSIONS, rank)
        _add(batch, added, read_only(row), first, last, gradient)

    list(threads.map(add, range(0, rank, _BLOCK_DIMENSIONS)))
    return Gradient(items, gradient, whole.parameters)


@compiled
def _number_items(batch: Batch, row: Indices) -> Indices:
    """The negatives and then all other items of a batch; writes the row that each gets."""
    indices = batch.histories.indices
    items = np.empty(batch.negative.size + indices.size, np.int32)
    items[: batch.negative.size] = batch.negative
    count = batch.negative.size
    for item in indices:
        if row[item] < 0:
            row[item] = count
            items[count] = item
            count += 1
    return items[:count]


@compiled
def _add(batch: Batch, whole: Part, row: Indices, first: int, last: int, gradient: Matrix) -> None:
    """Add what the users' histories add in the dimensions first .. last - 1."""
    indptr, indices, weight = batch.histories
    for user in range(indptr.size - 1):
        direction, by_mean = whole.user[user, first:last], whole.by_mean[user, first:last]
        for entry in range(indptr[user], indptr[user + 1]):
            own = gradient[np.uint32(row[indices[entry]]), first:last]
            target = batch.target[entry]
            scale = whole.by_target[entry] if target else weight[entry]
            towards = direction if target else by_mean
            for dimension in range(own.size):
                own[dimension] += scale * towards[dimension]
