"""The peers, each with a small grid of settings of which a validation cut of train chooses.

kNN and ALS are those of the package `implicit`; the others are a few lines of matrices.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from benchmarks.sets.matrix import Dense, Indices, Interactions, Scores

Setting: TypeAlias = dict[str, Any]

_DENSE_ITEMS: Final = 20_000  # EASE inverts a dense matrix of items x items,
_DOUBLE_ITEMS: Final = 8_000  # up to here in double precision


@dataclass(frozen=True)
class Peer:
    """A recommender to be compared with.

    Attributes:
        title: as it is shown.
        fit: takes the interactions and a setting.
        grid: the settings that are tried; a single one is taken as it is.
        most_items: of a catalogue that it can learn from.
    """

    title: str
    fit: Callable[..., Scores]
    grid: tuple[Setting, ...] = ({},)
    most_items: int | None = None


def _grid(**values: tuple[Any, ...]) -> tuple[Setting, ...]:
    return tuple(dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))


# --- by neighbours --------------------------------------------------------------------------------


def _by_neighbours(data: Interactions, weights: sparse.csr_array) -> Scores:
    return lambda users: (data.matrix[users] @ weights).toarray()


def _popularity(data: Interactions) -> Scores:
    return lambda users: np.broadcast_to(data.popularity, (users.size, data.items.size))


def _p3(data: Interactions, alpha: float) -> Scores:
    return _by_neighbours(data, _walks(data, alpha))


def _rp3beta(data: Interactions, alpha: float, beta: float) -> Scores:
    walked, rarity = _p3(data, alpha), data.popularity**-beta
    return lambda users: walked(users) * rarity


def _walks(data: Interactions, alpha: float) -> sparse.csr_array:
    """Item to user to item, each step's probability to a power (Cooper et al. 2014)."""
    to_user = sparse.diags_array(data.popularity**-alpha) @ data.matrix.T
    to_item = sparse.diags_array(data.lengths**-alpha) @ data.matrix
    return (to_user @ to_item).tocsr()


def _cosine(data: Interactions, K: int) -> Scores:
    from implicit.nearest_neighbours import CosineRecommender  # noqa: PLC0415 - a peer

    return _fitted_neighbours(data, CosineRecommender(K=K))


def _bm25(data: Interactions, K: int, K1: float, B: float) -> Scores:
    from implicit.nearest_neighbours import BM25Recommender  # noqa: PLC0415 - likewise

    return _fitted_neighbours(data, BM25Recommender(K=K, K1=K1, B=B))


def _fitted_neighbours(data: Interactions, model: Any) -> Scores:
    with warnings.catch_warnings():
        # It turns its own matrix into another form, and warns of that.
        warnings.filterwarnings("ignore", message="Method expects CSR input")
        model.fit(_for_implicit(data), show_progress=False)
    return _by_neighbours(data, sparse.csr_array(model.similarity))


def _for_implicit(data: Interactions) -> sparse.csr_matrix:
    return sparse.csr_matrix(data.matrix)


def _ease(data: Interactions, penalty: float) -> Scores:
    """Steck (2019), in closed form on the whole Gram matrix."""
    kind = np.float64 if data.items.size <= _DOUBLE_ITEMS else np.float32
    weights = _inverse((data.matrix.T @ data.matrix).astype(kind), penalty)
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0.0)
    weights = weights.astype(np.float32, copy=False)
    return lambda users: data.matrix[users] @ weights


def _inverse(gram: sparse.csr_array, penalty: float) -> Dense:
    """(gram + penalty)^-1, by Cholesky's factor and in place: large ones just fit into memory."""
    dense = gram.toarray(order="F")
    dense[np.diag_indices_from(dense)] += dense.dtype.type(penalty)
    routines: Any = linalg.get_lapack_funcs(("potrf", "potri"), (dense,))
    factorise, invert = routines
    factor, _ = factorise(dense, lower=True, overwrite_a=True)
    lower, _ = invert(factor, lower=True, overwrite_c=True)
    lower = np.tril(lower)
    diagonal = np.diag(lower).copy()
    lower += lower.T
    np.fill_diagonal(lower, diagonal)
    return lower


# --- by factors -----------------------------------------------------------------------------------


def _als(data: Interactions, factors: int, regularization: float, alpha: float) -> Scores:
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 - likewise

    with threadpool_limits(limits=1, user_api="blas"):  # it has threads of its own
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=regularization,
            alpha=alpha,
            iterations=15,
            random_state=0,
            use_gpu=False,
        )
        model.fit(_for_implicit(data), show_progress=False)
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return lambda some: users[some] @ items.T


def _graph_filter(data: Interactions, rank: int, alpha: float) -> Scores:
    """GF-CF (Shen et al. 2021): R̃ᵀR̃ plus alpha times an ideal low-pass filter of R̃."""
    linear = _by_neighbours(data, (data.normalised.T @ data.normalised).tocsr())
    if alpha == 0.0:
        return linear
    vectors = data.singular_items(rank)
    root: npt.NDArray[np.float32] = np.sqrt(data.popularity)
    inward, outward = (vectors / root).T, vectors * root

    def scores(users: Indices) -> Dense:
        return linear(users) + alpha * ((data.matrix[users] @ inward) @ outward)

    return scores


PEERS: Final[dict[str, Peer]] = {
    "popularity": Peer("popularity", _popularity),
    "p3": Peer("P3", _p3, _grid(alpha=(0.6, 0.8, 1.0, 1.2))),
    "rp3beta": Peer("RP3beta", _rp3beta, _grid(alpha=(0.6, 0.8, 1.0), beta=(0.2, 0.4, 0.6, 0.8))),
    "cosine": Peer("item kNN, cosine", _cosine, _grid(K=(20, 50, 100, 200, 500))),
    "bm25": Peer("item kNN, BM25", _bm25, _grid(K=(100, 200, 500), K1=(1.2, 100.0), B=(0.2, 0.75))),
    "als": Peer(
        "ALS",
        _als,
        _grid(factors=(32, 128), regularization=(0.1, 10.0), alpha=(1.0, 10.0)),
    ),
    "ease": Peer("EASE", _ease, _grid(penalty=(50.0, 200.0, 500.0, 1000.0)), _DENSE_ITEMS),
    "graph-filter": Peer(
        "graph filter", _graph_filter, _grid(rank=(256,), alpha=(0.0, 0.1, 0.3, 1.0))
    ),
}
