"""What each leg counts for a user."""

from graphrec.jit import compiled
from graphrec.ranking.blocks import Settings
from graphrec.types import Vector


@compiled
def leg_weights(history: int, settings: Settings) -> Vector:
    """The weights of the legs in the blend, for a history of some length, (legs,).

    A leg that fades counts full up to `settings.fade` items, and beyond them as 1 / length: what a
    walk knows of a long history is mostly which items are popular.
    """
    weight = settings.blend.copy()
    for leg in range(weight.size):
        if 0.0 < settings.fade[leg] < history:
            weight[leg] *= settings.fade[leg] / history
    return weight
