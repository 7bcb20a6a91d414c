"""Item vectors are learned by the gradient of the loss that is stated."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from graphrec.columns import ITEMS, USER, WEIGHTS
from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.types import read_only
from graphrec.recommenders.embedding.softmax import Training, _steps, fit_softmax, learn, learn_on
from graphrec.recommenders.embedding.softmax_gradient import (
    Batch,
    Gradient,
    batch_gradient,
    descend,
)
from graphrec.spark.threads import one_thread
from tests.recommenders.embedding.objective import TEMPERATURE, loss


def random_batch(seed: int, users: int, items: int, negatives: int) -> Batch:
    rng = np.random.default_rng(seed)
    has = rng.random((users, items)) < 0.4
    user, item = np.nonzero(has)
    start = np.concatenate(([0], np.cumsum(has.sum(axis=1))))
    weight = rng.uniform(0.5, 2.0, user.size).astype(np.float32)
    return Batch(
        csr(start, item.astype(np.int32), weight),
        read_only(rng.random(user.size) < 0.5),
        read_only(rng.choice(items, negatives, replace=False).astype(np.int32)),
        read_only(rng.uniform(0.5, 3.0, negatives).astype(np.float32)),
    )


def random_vectors(seed: int, items: int, rank: int) -> np.typing.NDArray[np.float64]:
    vector = np.random.default_rng(seed).normal(size=(items, rank))
    return np.asarray(vector / np.linalg.norm(vector, axis=1, keepdims=True))


@given(
    seed=st.integers(0, 100_000),
    users=st.integers(1, 300),  # one block of users, and several
    negatives=st.integers(1, 12),
)
@settings(max_examples=20)
def test_the_gradient_is_that_of_the_loss(seed: int, users: int, negatives: int) -> None:
    batch, vector = random_batch(seed, users, 12, negatives), random_vectors(seed, 12, 3)
    with one_thread(), ThreadPoolExecutor(2) as threads:
        found = batch_gradient(threads, batch, vector.astype(np.float32), TEMPERATURE)
    gradient = np.zeros_like(vector)
    gradient[found.item] = found.value * (1.0 / TEMPERATURE)
    assert np.unique(found.item).size == found.item.size
    expected = np.zeros_like(vector)
    for entry in np.ndindex(vector.shape):
        step = np.zeros_like(vector)
        step[entry] = 1e-5
        expected[entry] = (loss(batch, vector + step) - loss(batch, vector - step)) / 2e-5
    slack = 1e-3 * (1.0 + np.abs(expected).max())
    np.testing.assert_allclose(gradient, expected, atol=slack)


def step(
    item: np.typing.NDArray[np.int32],
    gradient: np.typing.NDArray[np.float32],
    vector: np.typing.NDArray[np.float32],
    squares: np.typing.NDArray[np.float32],
) -> None:
    with ThreadPoolExecutor(2) as threads:
        descend(threads, Gradient(item, gradient.copy(), ()), 0.1, vector, squares)


def test_a_step_goes_down_along_the_sphere() -> None:
    vector = random_vectors(1, 5, 4).astype(np.float32)
    before, squares = vector.copy(), np.zeros(5, np.float32)
    gradient = np.random.default_rng(2).normal(size=(2, 4)).astype(np.float32)
    item = np.array([3, 1], np.int32)
    step(item, gradient, vector, squares)
    np.testing.assert_allclose(np.linalg.norm(vector, axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(vector[[0, 2, 4]], before[[0, 2, 4]])
    moved = vector[item] - before[item]
    assert np.all((moved * gradient).sum(axis=1) < 0)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 0.1, atol=1e-3)  # the first step
    again = vector.copy()
    step(item, gradient, vector, squares)
    assert np.all(np.linalg.norm(vector - again, axis=1)[item] < 0.1)
    step(item, gradient * 0, vector, np.zeros(5, np.float32))
    assert np.isfinite(vector).all()


def random_rows(users: int, items: int) -> CSR:
    rng = np.random.default_rng(4)
    rows = [np.sort(rng.choice(items, 9, replace=False)) for _ in range(users)]
    start = np.arange(0, 9 * users + 1, 9)
    return csr(start, np.concatenate(rows).astype(np.int32), np.ones(9 * users, np.float32))


def groups(users: int) -> CSR:
    """Histories within one of two groups of ten items."""
    rng = np.random.default_rng(3)
    rows = [np.sort(rng.choice(10, 5, replace=False)) + 10 * (user % 2) for user in range(users)]
    start = np.arange(0, 5 * users + 1, 5)
    column = np.concatenate(rows).astype(np.int32)
    return csr(start, column, np.ones(column.size, np.float32))


def test_items_of_the_same_users_come_together_and_bits_do_not_change() -> None:
    training = Training(rank=4)
    vector = learn(groups(200), 20, training)
    cosine = vector @ vector.T
    same = np.arange(20)[:, None] // 10 == np.arange(20) // 10
    assert cosine[same].min() > cosine[~same].max()
    assert vector.tobytes() == learn(groups(200), 20, training).tobytes()
    assert vector.tobytes() != learn(groups(200), 20, Training(rank=4, seed=1)).tobytes()


def test_vectors_are_learned_on_and_a_new_item_finds_its_group() -> None:
    training = Training(rank=4)
    vector = learn(groups(200), 20, training)
    start = vector.copy()
    start[3] = 0.0  # an item that nobody had
    further = learn_on(groups(200), start, training)
    np.testing.assert_allclose(np.linalg.norm(further, axis=1), 1.0, atol=1e-5)
    moved = np.linalg.norm(further - vector, axis=1)
    assert np.delete(moved, 3).max() < 0.2
    cosine = further @ further[3]
    assert np.delete(cosine[:10], 3).mean() > cosine[10:].max()
    assert further.tobytes() == learn_on(groups(200), start, training).tobytes()


def test_no_bit_depends_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = random_rows(users=700, items=3000)
    vectors = []
    for threads in (1, 3):
        monkeypatch.setattr(
            "graphrec.recommenders.embedding.softmax.cores", lambda threads=threads: threads
        )
        vectors.append(learn(histories, 3000, Training(rank=40, epochs=1)))
    assert vectors[0].tobytes() == vectors[1].tobytes()


@pytest.mark.parametrize(
    ("batches", "epochs", "steps"),
    [(0, None, 0), (1, None, 500), (7, None, 504), (60, None, 900), (1000, None, 2000), (9, 3, 27)],
)
def test_there_are_steps_enough_and_not_too_many(
    batches: int, epochs: int | None, steps: int
) -> None:
    assert _steps(batches, epochs) == steps


def test_items_that_nobody_divides_have_no_direction() -> None:
    nobody = csr(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    assert not learn(nobody, 5, Training(rank=3)).any()
    met = learn(groups(50), 10_000, Training(rank=3, negatives=10, epochs=1)).any(axis=1)
    assert met[:20].all()
    assert met.sum() <= 20 + 2 * 10  # two batches


@pytest.mark.parametrize("negatives", [1, 7, 100])
def test_a_sample_of_the_others_will_do(negatives: int) -> None:
    vector = learn(groups(200), 20, Training(rank=4, negatives=negatives))
    cosine = vector @ vector.T
    same = np.arange(20)[:, None] // 10 == np.arange(20) // 10
    assert cosine[same].mean() > cosine[~same].mean() + 0.5


def test_many_histories_are_learned_from_by_a_part(spark: SparkSession) -> None:
    histories = groups(200)
    rows = [
        (user, histories.indices[5 * user : 5 * user + 5].tolist(), [1.0] * 5)
        for user in range(200)
    ]
    rows.append((1000, [3], [1.0]))  # nothing can be predicted from nothing
    frame = spark.createDataFrame(rows, f"{USER} int, {ITEMS} array<int>, {WEIGHTS} array<float>")
    training = Training(rank=4)
    whole = fit_softmax(frame, 20, training, interactions=1001)
    part = fit_softmax(frame, 20, training, interactions=1001, block_entries=500)
    again = fit_softmax(frame.repartition(5), 20, training, interactions=1001, block_entries=500)
    assert part.vector.tobytes() == again.vector.tobytes()
    assert part.vector.tobytes() != whole.vector.tobytes()
    cosine = part.vector @ part.vector.T
    same = np.arange(20)[:, None] // 10 == np.arange(20) // 10
    assert cosine[same].min() > cosine[~same].max()
