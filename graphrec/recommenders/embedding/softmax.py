"""Item vectors that are learned to predict one part of a history from the other.

A step draws some users and divides each history at random into inputs and targets. With p, the
direction of the mean of the inputs' vectors, the loss is the cross-entropy of the targets i under a
softmax over all items j, `-Σ_i w_i · log( exp(p·v_i / τ) / Σ_j exp(p·v_j / τ) )`. Vectors are of
length 1, so that products are cosines. Unlike a squared error, the softmax compares each target
with all other items, so that a popular item must be predicted better than others and not only
often. The sum over j is estimated from items drawn at random, see
`graphrec.recommenders.embedding.negative_sampling`, without those of the user's history.

Only items have parameters, and users are folded in. So a sample of very many users is enough to
learn from, and the driver can do it alone.

Sources: Wu et al., "On the effectiveness of sampled softmax loss for item recommendation" (2022);
Liang et al., "Variational autoencoders for collaborative filtering" (2018), whose multinomial
likelihood and dropout of the input these are; Duchi, Hazan and Singer (2011) for the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, USER
from graphrec.data.histories_on_driver import histories_on_driver
from graphrec.kernels.csr import CSR, take_rows
from graphrec.kernels.types import Matrix, Vector, read_only
from graphrec.recommenders.embedding.fold_in import MeanFoldIn
from graphrec.recommenders.embedding.negative_sampling import Negatives
from graphrec.recommenders.embedding.peers import ALONE, Peers
from graphrec.recommenders.embedding.softmax_gradient import Batch, batch_gradient, descend
from graphrec.recommenders.embedding.user_vectors import MEANS, UserVectors
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import ItemFactors
from graphrec.spark.machine import cores
from graphrec.spark.threads import one_thread

MAX_BATCH = 512  # users
MIN_BATCH = 32
MIN_EPOCH_STEPS = 60  # as long as batches do not get too small
_EPOCHS = 15
MIN_STEPS = 500
MAX_STEPS = 2000
MIN_HISTORY = 2  # items of a history that can be divided
_STEPS_LOOKED_AT = 20  # before vectors are learned on: how long the gradients are
_STEPS_ON = 60  # with which they are learned on
_RATE_ON = 0.1  # of the rate: whole steps would undo what the falling rate of a fit has settled


@dataclass(frozen=True)
class Training:
    """How the vectors are learned."""

    rank: int = 128
    epochs: int | None = None  # how often each history is looked at; None: see `_steps`
    temperature: float = 0.06  # τ
    target_share: float = 0.5  # share of a history that is to be predicted
    negatives: int = 2048  # items that stand for all others in a step
    rate: float = 1.0  # length of an item's first step
    seed: int = 0
    batch_users: int | None = None  # users of a step; None: see `_bounds`


def fit_softmax(
    histories: DataFrame,
    items: int,
    training: Training,
    *,
    interactions: int,
    block_entries: int = 32_000_000,
    start: Matrix | None = None,
) -> ItemFactors:
    """Learn item vectors; the same histories and seed give the same vectors.

    Args:
        histories: (user, items, weights).
        items: number of items.
        training: how.
        interactions: how many the histories have.
        block_entries: how many interactions the driver may hold; of more, it learns from the
            histories of a part of the users, chosen by a hash.
        start: (items, rank), vectors to learn on from, 0 for a new item; None: random ones.
    """
    part = divisible_histories(histories, block_entries / max(interactions, 1), training.seed)
    learned = learn(part, items, training) if start is None else learn_on(part, start, training)
    vector, eigenvalue = rotate(learned)
    return ItemFactors(vector, eigenvalue, MeanFoldIn())


def divisible_histories(histories: DataFrame, share: float, seed: int) -> CSR:
    """The histories that can be divided, or a share of them, chosen by a hash; on the driver."""
    divisible = histories.where(F.size(ITEMS) >= MIN_HISTORY)
    if share < 1:
        draw = F.pmod(F.xxhash64(F.col(USER), F.lit(seed)), F.lit(1_000_000))
        divisible = divisible.where(draw < int(1_000_000 * share))
    return histories_on_driver(divisible)


def learn(
    histories: CSR,
    items: int,
    training: Training,
    users: UserVectors = MEANS,
    peers: Peers = ALONE,
) -> Matrix:
    """The vectors, (items, rank), of length 1, or 0 for an item that no step has seen.

    Args:
        histories: (users, items), the weights; each of at least `MIN_HISTORY` items.
        items: number of items.
        training: how.
        users: what makes users' vectors; its parameters are learned, too.
        peers: who takes part in it.
    """
    rng = np.random.default_rng(training.seed)
    vector = _random(rng, items, training.rank)
    squares = np.zeros(items, np.float32)  # sums of squared lengths of the gradients of each item
    steps, batches = batches_of_fit(rng, histories, items, training)
    # The rate is constant in the first half, and then falls linearly to 0.
    rates = training.rate * np.minimum(1.0, 2.0 * (1.0 - np.arange(steps) / steps))
    _descend_along(batches, rates, vector, squares, training, users, peers)
    vector[squares == 0.0] = 0.0  # no step has seen these items: they are still random
    return vector


def learn_on(histories: CSR, start: Matrix, training: Training) -> Matrix:
    """Vectors after some more steps from where they stand, shorter ones than those of a fit.

    How long a step of Adagrad is depends on all gradients before it, which nobody kept. Those of
    a few steps that are not taken stand for them.

    Args:
        histories: (users, items), the weights; each of at least `MIN_HISTORY` items.
        start: (items, rank), of length 1; 0 for an item that is new, or that no step has seen.
        training: how.
    """
    rng = np.random.default_rng(training.seed)
    items = start.shape[0]
    vector = np.where(start.any(axis=1, keepdims=True), start, _random(rng, items, start.shape[1]))
    bounds = _bounds(histories.indptr.size - 1, training.batch_users)
    steps = min(_STEPS_ON, _steps(len(bounds), training.epochs))
    batches = _batches(rng, histories, items, bounds, training)
    squares = np.zeros(items, np.float32)
    _descend_along(
        islice(batches, _STEPS_LOOKED_AT), np.zeros(_STEPS_LOOKED_AT), vector, squares, training
    )
    squares *= _steps(len(bounds), training.epochs) / _STEPS_LOOKED_AT
    squares[~start.any(axis=1)] = 0.0
    rates = _RATE_ON * training.rate * (1.0 - np.arange(steps) / max(steps, 1))
    _descend_along(islice(batches, steps), rates, vector, squares, training)
    vector[squares == 0.0] = 0.0
    return vector


def _random(rng: np.random.Generator, items: int, rank: int) -> Matrix:
    """Random vectors of length 1."""
    vector = rng.standard_normal((items, rank), np.float32)
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    return vector


def _descend_along(
    batches: Iterator[Batch],
    rates: npt.NDArray[np.float64],
    vector: Matrix,
    squares: Vector,
    training: Training,
    users: UserVectors = MEANS,
    peers: Peers = ALONE,
) -> None:
    """Take a step for each batch.

    Args:
        batches: as many as there are rates.
        rates: (steps,), of which 0 takes none, but adds to the squares.
        vector: (items, rank), changed.
        squares: (items,), changed.
        training: how.
        users: what makes users' vectors, changed.
        peers: who takes part; several have a core each.
    """
    workers = cores() if peers.tasks == 1 else 1
    with one_thread(), ThreadPoolExecutor(workers) as threads:
        for rate, batch in zip(rates, _ahead(threads, batches), strict=False):
            gradient = batch_gradient(threads, batch, vector, training.temperature, users, peers)
            descend(threads, gradient, float(rate), vector, squares)
            users.descend(gradient.parameters, float(rate) / training.rate)


def batches_of_fit(
    rng: np.random.Generator, histories: CSR, items: int, training: Training
) -> tuple[int, Iterator[Batch]]:
    """How many steps a fit takes, and their batches, which depend on what is drawn alone.

    Args:
        rng: draws.
        histories: (users, items), the weights; each of at least `MIN_HISTORY` items.
        items: number of items.
        training: how.
    """
    bounds = _bounds(histories.indptr.size - 1, training.batch_users)
    steps = _steps(len(bounds), training.epochs)
    return steps, islice(_batches(rng, histories, items, bounds, training), steps)


def _batches(
    rng: np.random.Generator,
    histories: CSR,
    items: int,
    bounds: list[tuple[int, int]],
    training: Training,
) -> Iterator[Batch]:
    """The batch of each step, epoch by epoch, without an end; none where there are no users."""
    negatives = Negatives.of(histories.indices, items, training.negatives)
    while bounds:
        order = rng.permutation(histories.indptr.size - 1)
        for first, last in bounds:
            some = take_rows(histories, order[first:last])
            target = rng.random(some.indices.size, np.float32) < training.target_share
            negative, share = negatives.draw(rng)
            yield Batch(some, read_only(target), negative, share)


def _ahead(threads: ThreadPoolExecutor, batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, of which the next is made while one is used."""
    coming = threads.submit(next, batches, None)
    while (batch := coming.result()) is not None:
        coming = threads.submit(next, batches, None)
        yield batch


def _steps(batches: int, epochs: int | None) -> int:
    """How many steps are taken.

    Without a number of epochs there are 15, or more where users are few and the vectors would not
    settle. There are 2,000 steps at most, a million histories: more would add little.
    """
    if epochs is not None:
        return epochs * batches
    enough = max(_EPOCHS, -(-MIN_STEPS // max(batches, 1)))
    return min(enough * batches, MAX_STEPS)


def _bounds(users: int, wished: int | None) -> list[tuple[int, int]]:
    """The first and last user (exclusive) of each batch of an epoch, of a size that is wished."""
    size = wished or min(max(users // MIN_EPOCH_STEPS, MIN_BATCH), MAX_BATCH)
    return [(first, min(first + size, users)) for first in range(0, users, size)]
