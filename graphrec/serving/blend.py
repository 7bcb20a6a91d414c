"""The weight of each leg in a user's blend, which may depend on the length of the history."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Vector
from graphrec.serving.kernel_types import Settings


@compiled
def leg_weights(history: Vector, settings: Settings) -> Vector:
    """The weights of the legs in the blend for a history, (legs,).

    The weight of a leg with a decay length L is constant up to histories of length L, and beyond
    decays as L / length: a walk from a long history mostly finds popular items. The length is the
    effective one, Σ w / max w, in which old items of little weight count little.

    Args:
        history: (n,), the weights w of its items; where it is empty, no weight decays.
        settings: weights and lengths.
    """
    weight = settings.blend.copy()
    if history.size == 0 or not settings.decay.any():
        return weight
    most = history.max()
    length = history.sum() / most if most > 0 else np.float32(history.size)
    for leg in range(weight.size):
        if 0.0 < settings.decay[leg] < length:
            weight[leg] *= settings.decay[leg] / length
    return weight
