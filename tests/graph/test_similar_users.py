from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import pearsonr

from graphrec.graph.similar_users import similar_users
from tests.graph.small_graph import Small

Vectors = dict[str, npt.NDArray[np.float64]]
Pair = tuple[str, str]


def vectors(small: Small, items: list[str]) -> Vectors:
    """Each user's weights, 0 where there is no interaction."""
    weights = {user: small.oracle[user] for user in small.users}
    return {
        user: np.array([of[item]["weight"] if item in of else 0.0 for item in items])
        for user, of in weights.items()
    }


def measured(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], compared: npt.NDArray[np.bool_]
) -> tuple[float, ...]:
    """Cosine and correlation of the items that are compared; counts are of all."""
    have_a, have_b = a > 0, b > 0
    counts = (have_a & have_b).sum(), (have_a | have_b).sum()
    a, b = a[compared], b[compared]
    both = (a > 0) & (b > 0)
    pearson = np.nan
    if both.sum() >= 3 and np.ptp(a[both]) > 0 and np.ptp(b[both]) > 0:
        pearson = float(pearsonr(a[both], b[both]).statistic)
    cosine = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return float(counts[0]), cosine, pearson, float(counts[0] / counts[1])


def expected(small: Small, items: list[str]) -> dict[Pair, tuple[float, ...]]:
    of = vectors(small, small.items)
    compared = np.isin(small.items, items)
    pairs = permutations(of, 2)
    return {
        (a, b): measured(of[a], of[b], compared)
        for a, b in pairs
        if ((of[a] > 0) & (of[b] > 0) & compared).sum() >= 2
    }


@pytest.mark.parametrize("max_support", [2000, 20])
def test_all_pairs_as_written_out(small: Small, max_support: int) -> None:
    items = [item for item in small.items if small.oracle.degree(item) <= max_support]
    assert (len(items) < len(small.items)) == (max_support == 20)
    table = similar_users(small.graph, small.catalogue, length=100, max_support=max_support)
    assert [name for name, _ in table.dtypes] == [
        *("user", "neighbour", "rank", "together", "cosine", "pearson", "jaccard")
    ]
    rows = table.collect()
    found = {
        (row.user, row.neighbour): (
            row.together,
            row.cosine,
            np.nan if row.pearson is None else row.pearson,
            row.jaccard,
        )
        for row in rows
    }
    by_hand = expected(small, items)
    assert found.keys() == by_hand.keys()
    for pair, figures in by_hand.items():
        assert found[pair] == pytest.approx(figures, nan_ok=True, abs=1e-6), pair
    for user in {row.user for row in rows}:
        own = sorted((row for row in rows if row.user == user), key=lambda row: row.rank)
        assert [row.rank for row in own] == list(range(1, len(own) + 1))
        assert [row.cosine for row in own] == sorted((row.cosine for row in own), reverse=True)


def test_the_best_by_cosine_are_kept_in_any_number_of_blocks(small: Small) -> None:
    whole = similar_users(small.graph, small.catalogue, length=3).collect()
    blocks = similar_users(small.graph, small.catalogue, length=3, block_entries=50).collect()
    assert max(row.rank for row in whole) == 3
    assert sorted(whole) == sorted(blocks)
