"""Generated interactions have the shape that is wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import generate
from benchmarks.generate import Shape

SMALL = Shape(interactions=100_000, items=5_000)
LARGER = Shape(interactions=300_000, items=5_000)


def made(shape: Shape) -> pa.Table:
    return pa.Table.from_batches(generate.generate(shape))


def counts(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """How many rows each user or item has, the largest first."""
    return np.sort(np.bincount(table[column].to_numpy()))[::-1]


def pairs(table: pa.Table) -> int:
    return len(table.group_by(["user", "item"]).aggregate([]))


def test_all_pairs_are_distinct_and_as_many_as_asked() -> None:
    table = made(SMALL)
    assert pairs(table) == table.num_rows == 100_000
    assert counts(table, "user").size == 100_000 // 144


def test_power_laws_on_both_sides() -> None:
    table = made(LARGER)
    users, items = counts(table, "user"), counts(table, "item")
    assert users.min() >= 20
    assert users.max() > 10 * np.median(users)
    assert np.median(users) < 0.5 * users.mean()
    assert 0.6 < items[: items.size // 10].sum() / table.num_rows < 0.9
    # On logarithmic axes the share of users above n falls in a line: its slope is the exponent.
    above = (np.arange(users.size) + 0.5) / users.size
    inner = (users > 25) & (users < 1_000)
    line = np.polyfit(np.log(users[inner]), np.log(above[inner]), 1)
    fitted = np.polyval(line, np.log(users[inner]))
    assert np.abs(fitted - np.log(above[inner])).max() < 0.15


def test_communities() -> None:
    """Beside activity, items go together in one direction less than there are communities."""
    table = made(LARGER)
    user, item = table["user"].to_numpy(), table["item"].to_numpy()
    popular = np.argsort(-np.bincount(item))[:200]
    matrix = np.zeros((user.max() + 1, 5_000))
    matrix[user, item] = 1
    matrix = matrix[matrix.sum(axis=1) < 150][:, popular]
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(matrix.T))
    edge = (1 + np.sqrt(matrix.shape[1] / matrix.shape[0])) ** 2  # of chance (Marchenko, Pastur)
    assert (eigenvalues > edge).sum() == pytest.approx(20, abs=2)


def test_the_seed_decides() -> None:
    assert made(SMALL).equals(made(SMALL))
    assert not made(SMALL).equals(made(Shape(interactions=100_000, items=5_000, seed=1)))


def test_a_hub_with_a_tenth_of_all_interactions() -> None:
    table = made(Shape(interactions=100_000, items=5_000, hub=0.1))
    items = counts(table, "item")
    assert table.num_rows == pytest.approx(100_000, abs=200)
    assert items[0] == pytest.approx(10_000, rel=0.01)
    assert items[1] < 1_000
    assert pairs(table) == table.num_rows


def test_many_hubs_are_none_for_the_same_users() -> None:
    hub = made(Shape(interactions=100_000, items=5_000, hub=0.1))
    shared = made(Shape(interactions=100_000, items=5_000, hub=0.1, hubs=100))
    assert counts(shared, "user").size == counts(hub, "user").size
    assert shared.num_rows == pairs(shared) == hub.num_rows
    assert counts(shared, "item")[0] < 1_000


def test_a_heavy_user() -> None:
    table = made(Shape(interactions=100_000, items=12_000, heavy=10_000))
    assert counts(table, "user")[0] == 10_000
    assert table.num_rows == pairs(table) == 100_000


def test_times_follow_a_users_arrival() -> None:
    time = made(SMALL)["timestamp"].to_numpy()
    assert time.min() > 780_000_000
    assert time.max() < 1_600_000_000


def test_written_as_parquet(tmp_path: Path) -> None:
    assert generate.write(SMALL, tmp_path / "made" / "ratings.parquet") == 100_000
    assert pq.read_table(tmp_path / "made" / "ratings.parquet").equals(made(SMALL))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"heavy": 30_000}, "needs more items"),
        ({"hub": 0.9}, "within 0 and 0.4"),
        ({"hub": 0.1, "hubs": 0}, "cannot share"),
        ({"items": 10}, "items are needed"),
        ({"interactions": 100}, "too few"),
    ],
)
def test_what_cannot_be(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Shape(**wrong)  # type: ignore[arg-type]
