"""A network is learned, by one process or by several."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from graphrec.recommenders.embedding.softmax import Training
from graphrec.recommenders.neural.connections import Guest, Hub
from graphrec.recommenders.neural.training import (
    Network,
    NetworkTraining,
    as_factors,
    learn_network,
)
from tests.recommenders.neural.planted import EITHER, ELSE, ITEMS, dense, histories, is_either


def training(*hidden: int, epochs: int, seed: int = 0, batch: int | None = None) -> NetworkTraining:
    softmax = Training(
        rank=8, epochs=epochs, temperature=0.2, target_share=0.2, seed=seed, batch_users=batch
    )
    return NetworkTraining(softmax, hidden, 0.01)


def bits(network: Network) -> bytes:
    arrays = [network.vector, *(array for layer in network.layers for array in layer)]
    return b"".join(array.tobytes() for array in arrays)


@pytest.mark.parametrize(("hidden", "least", "most"), [((64,), 0.95, 1.0), ((), 0.0, 0.75)])
def test_what_no_sum_over_a_history_tells_takes_a_hidden_layer(
    hidden: tuple[int, ...], least: float, most: float
) -> None:
    """A sum gets three of the four cases right at best."""
    factors = as_factors(learn_network(histories(600, 1), ITEMS, training(*hidden, epochs=200)))
    unknown = histories(400, 2, followed=False)
    scores = factors.users(unknown) @ factors.vector.T
    right = (scores[:, EITHER] > scores[:, ELSE]) == is_either(dense(unknown))
    assert least <= right.mean() <= most


@pytest.mark.parametrize("tasks", [2, 4])
def test_several_processes_learn_what_one_does_to_the_bit(tasks: int) -> None:
    """Here each is a thread; a batch is of four blocks of users, the last one shorter."""
    rows, how = histories(900, 3), training(16, epochs=2, batch=450)
    alone = bits(learn_network(rows, ITEMS, how))
    with ThreadPoolExecutor(tasks) as threads, closing(Hub("localhost", tasks)) as hub:
        guests = [threads.submit(Guest, hub.invitation, task, tasks) for task in range(1, tasks)]
        hub.join()
        peers = [hub, *(guest.result() for guest in guests)]
        learned = threads.map(lambda each: bits(learn_network(rows, ITEMS, how, each)), peers)
        assert list(learned) == [alone] * tasks
        for guest in peers[1:]:
            guest.close()


def test_the_seed_decides_and_nothing_else() -> None:
    rows = histories(200, 3)
    first, again, other = (
        learn_network(rows, ITEMS, training(16, epochs=2, seed=seed)) for seed in (0, 0, 1)
    )
    assert bits(first) == bits(again)
    assert bits(first) != bits(other)
    assert np.isfinite(first.vector).all()
