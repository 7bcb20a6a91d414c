"""What each leg counts for a user."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Vector
from graphrec.serving.kernel_types import Settings


@compiled
def leg_weights(history: Vector, settings: Settings) -> Vector:
    """The weights of the legs in the blend for a history, (legs,).

    A leg that fades counts full up to a history as long as `settings.decay`, and beyond as
    1 / length: what a walk knows of a long history is mostly which items are popular. The length is
    that of what counts, Σ w / max w: items that are old and hardly count make no history long.

    Args:
        history: (n,), n > 0, the weights w of its items.
        settings: weights and lengths.
    """
    weight = settings.blend.copy()
    if not settings.decay.any():
        return weight
    most = history.max()
    length = history.sum() / most if most > 0 else np.float32(history.size)
    for leg in range(weight.size):
        if 0.0 < settings.decay[leg] < length:
            weight[leg] *= settings.decay[leg] / length
    return weight
