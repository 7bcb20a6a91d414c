"""The network between a history's mean and the user's vector."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import pytest

from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.types import read_only
from graphrec.recommenders.embedding.softmax_gradient import Batch, batch_gradient
from graphrec.recommenders.neural.adam import Adam
from graphrec.recommenders.neural.fold_in import TowerFoldIn
from graphrec.recommenders.neural.tower import Layer, Tower, first_layers, normalised
from graphrec.recommenders.saved_tables import fold_in_of
from graphrec.serving.eigenbasis import eigenbasis, rotate
from tests.recommenders.embedding.objective import TEMPERATURE, Doubles, direction, loss

ITEMS, RANK = 9, 3


def random_layers(*hidden: int) -> list[Layer]:
    rng = np.random.default_rng(8)
    return [
        Layer(
            rng.normal(0.0, 0.5, layer.weights.shape).astype(np.float32),
            rng.normal(0.0, 0.5, layer.bias.shape).astype(np.float32),
        )
        for layer in first_layers(RANK, hidden, rng)
    ]


def random_histories(users: int = 5) -> CSR:
    rng = np.random.default_rng(2)
    has = rng.random((users, ITEMS)) < 0.6
    user, item = np.nonzero(has)
    weights = rng.uniform(0.5, 2.0, user.size).astype(np.float32)
    indptr = np.concatenate(([0], np.cumsum(has.sum(axis=1))))
    return csr(indptr, item.astype(np.int32), weights)


def random_vectors() -> Doubles:
    vector = np.random.default_rng(3).normal(size=(ITEMS, RANK))
    return np.asarray(vector / np.linalg.norm(vector, axis=1, keepdims=True))


def user_vector(mean: Doubles, parameters: list[Doubles]) -> Doubles:
    """The tower once more, layer by layer, in double precision."""
    value = mean
    for number in range(0, len(parameters), 2):
        value = value @ parameters[number] + parameters[number + 1]
        if number + 2 < len(parameters):
            value = np.where(value > 0.0, value, 0.0)
    total = mean + value if parameters else mean
    return np.asarray(total / np.linalg.norm(total))


def loss_of(batch: Batch, vector: Doubles, parameters: list[Doubles]) -> float:
    return loss(batch, vector, lambda total: user_vector(direction(total), parameters))


@pytest.mark.parametrize("hidden", [(), (5,), (5, 4)])
def test_gradients_by_items_and_layers_are_those_of_the_loss(hidden: tuple[int, ...]) -> None:
    histories, vector, layers = random_histories(), random_vectors(), random_layers(*hidden)
    rng = np.random.default_rng(4)
    batch = Batch(
        histories,
        read_only(rng.random(histories.indices.size) < 0.5),
        read_only(np.array([0, 2, 3, 6, 8], np.int32)),
        read_only(rng.uniform(0.5, 3.0, 5).astype(np.float32)),
    )
    with ThreadPoolExecutor(1) as threads:
        tower = Tower(layers, 0.1)
        found = batch_gradient(threads, batch, vector.astype(np.float32), TEMPERATURE, tower)
    by_item = np.zeros_like(vector)
    by_item[found.item] = found.value
    parameters = [array.astype(np.float64) for layer in layers for array in layer]
    for array, gradient in zip([vector, *parameters], [by_item, *found.parameters], strict=True):
        expected = np.zeros_like(array)
        for entry in np.ndindex(array.shape):
            middle = array[entry]
            array[entry] = middle + 1e-6
            above = loss_of(batch, vector, parameters)
            array[entry] = middle - 1e-6
            expected[entry] = (above - loss_of(batch, vector, parameters)) / 2e-6
            array[entry] = middle
        slack = 1e-3 * (1.0 + np.abs(expected).max())
        np.testing.assert_allclose(gradient / TEMPERATURE, expected, atol=slack)


def test_a_tower_learns_the_exclusive_or() -> None:
    corners = np.array([[1, 1, 1], [1, -1, 1], [-1, 1, 1], [-1, -1, 1]], np.float32)
    means, _ = normalised(corners)
    wanted = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]], np.float32)
    tower = Tower(first_layers(RANK, (16,), np.random.default_rng(0)), 0.02)
    for _ in range(300):
        users, back = tower.forward(means)
        _, gradient = back(users - wanted)
        tower.descend(gradient, 1.0)
    users, _ = tower.forward(means)
    np.testing.assert_allclose(users, wanted, atol=0.05)


def test_adam_takes_the_steps_of_its_paper() -> None:
    parameter = np.array([1.0, -2.0], np.float32)
    adam = Adam([parameter], 0.1)
    expected, mean, square = parameter.astype(np.float64), np.zeros(2), np.zeros(2)
    for step in range(1, 6):
        gradient = 2.0 * expected + [0.0, 1.0]
        adam.step([gradient.astype(np.float32)], 0.5)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        root = np.sqrt(square / (1.0 - 0.999**step))
        expected -= 0.05 * mean / (1.0 - 0.9**step) / (root + 1e-8)
    np.testing.assert_allclose(parameter, expected, rtol=1e-5)


# --- folding in -----------------------------------------------------------------------------------


@pytest.fixture(params=[(), (5,), (5, 4)])
def layers(request: pytest.FixtureRequest) -> list[Layer]:
    return random_layers(*request.param)


def folded(layers: list[Layer], vector: npt.NDArray[np.float32]) -> TowerFoldIn:
    return TowerFoldIn.of(layers, eigenbasis(vector)[0])


def test_scores_are_those_of_the_network(layers: list[Layer]) -> None:
    histories, vector = random_histories(), random_vectors()
    rotated, eigenvalue = rotate(vector.astype(np.float32))
    fold_in = folded(layers, vector.astype(np.float32))
    scores = fold_in.users(histories, rotated, eigenvalue) @ rotated.T
    parameters = [array.astype(np.float64) for layer in layers for array in layer]
    for user, found in enumerate(scores):
        own = slice(histories.indptr[user], histories.indptr[user + 1])
        mean = histories.data[own] @ vector[histories.indices[own]]
        expected = vector @ user_vector(mean / np.linalg.norm(mean), parameters)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        parts = [
            fold_in.parts(histories.indices[own], histories.data[own], item, rotated, eigenvalue)
            for item in range(ITEMS)
        ]
        np.testing.assert_allclose(np.sum(parts, axis=1), expected, atol=1e-5)


def test_a_user_has_the_same_bits_beside_any_others(layers: list[Layer]) -> None:
    vector = random_vectors().astype(np.float32)
    fold_in, histories = folded(layers, vector), random_histories(40)
    together = fold_in.users(histories, vector, np.ones(RANK, np.float32))
    for user in range(40):
        own = slice(histories.indptr[user], histories.indptr[user + 1])
        size = np.array([0, own.stop - own.start])
        one = csr(size, histories.indices[own], histories.data[own])
        alone = fold_in.users(one, vector, np.ones(RANK, np.float32))
        assert alone.tobytes() == together[user].tobytes()


def test_nobody_is_known_without_a_history(layers: list[Layer]) -> None:
    vector = random_vectors().astype(np.float32)
    nothing = csr(np.zeros(3, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    assert not folded(layers, vector).users(nothing, vector, np.ones(RANK, np.float32)).any()


def test_a_fold_in_is_saved_as_text_to_the_bit(layers: list[Layer]) -> None:
    vector, histories = random_vectors().astype(np.float32), random_histories()
    fold_in = folded(layers, vector)
    text = json.dumps({"kind": type(fold_in).__name__, **asdict(fold_in)})
    users = [
        each.users(histories, vector, np.ones(RANK, np.float32))
        for each in (fold_in, fold_in_of(json.loads(text)))
    ]
    assert users[0].tobytes() == users[1].tobytes()
