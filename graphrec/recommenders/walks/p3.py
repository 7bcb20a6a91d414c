"""Random walks on the user-item graph, as item-item weights.

The three-step walk goes from a user to an item of the history, from there to a user who has it, and
on to one of that user's items (P3: Cooper et al., "Random walks in recommender systems", 2014;
RP3beta: Paudel et al., "Updatable, accurate, diverse, and scalable recommendations", 2017). Its
item-item weights are `W = D_i^-b · Rᵀ · D_u^-c · R · D_i^-d`; (b, c, d) = (1, 1, 0) is P3 itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import CSR, csr


def walk_weights(
    pairs: PairTable,
    *,
    item_exponent: float = 1.0,
    user_exponent: float = 1.0,
    popularity_exponent: float = 0.0,
) -> CSR:
    """The weights of the three-step walk on the pair table's support.

    Args:
        pairs: holds the sums for `user_exponent`.
        item_exponent: b, of the history item's strength; 1 makes the step a probability.
        user_exponent: c, of the user's strength; 1 makes the step a probability.
        popularity_exponent: d, of the listed item's strength; above 0 it discounts popular items.
    """
    strength = pairs.strength
    weight = pairs.sums[user_exponent] / (
        _power(strength, item_exponent)[pairs.row_indices]
        * _power(strength, popularity_exponent)[pairs.indices]
    )
    return pairs.with_data(weight.astype(np.float32))


def stay_probability(pairs: PairTable) -> npt.NDArray[np.float64]:
    """Probability that the two-step walk item -> user -> item comes back, (items,)."""
    return pairs.own[1.0] / _power(pairs.strength, 1.0)


def _power(strength: npt.NDArray[np.float64], exponent: float) -> npt.NDArray[np.float64]:
    """Strength to the exponent, 1 for an item of strength 0 (nothing leads to it anyway)."""
    return np.where(strength > 0, strength, 1.0) ** exponent


def discounted(
    weights: CSR, strength: npt.NDArray[np.float64], popularity_exponent: float, scale: float
) -> CSR:
    """Weights (history items, listed items) times `scale / strength^d` of the listed item."""
    data = weights.data * (scale / _power(strength, popularity_exponent)[weights.indices])
    return csr(weights.indptr, weights.indices, data.astype(np.float32))
