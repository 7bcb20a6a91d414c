"""graphrec's models: the defaults, the legs by themselves, and other settings by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from pyspark.sql import DataFrame

import graphrec as gr
from graphrec.cli.hybrid import parse_settings, parse_weights
from graphrec.recommenders.model import RecommenderModel

HYBRID: Final = "graphrec"
_WEIGHTS: Final = "weights="


class OwnModel(NamedTuple):
    """A fitted model under the name of its row."""

    name: str
    role: str
    model: RecommenderModel


def own_models(train: DataFrame, *, legs: bool, variants: Sequence[str]) -> Iterator[OwnModel]:
    """Fit the defaults, take their legs, then fit each variant.

    Args:
        train: (user, item, perhaps rating and timestamp).
        legs: whether each leg lists by itself, too, as it is in the hybrid.
        variants: texts of settings, see `settings_of`.
    """
    hybrid = gr.HybridRecommender(allLegs=True, preference="binary").fit(train)
    assert isinstance(hybrid, gr.HybridRecommenderModel)
    yield OwnModel(HYBRID, "graphrec", hybrid)
    if legs:
        for name in hybrid.legs:
            yield OwnModel(f"leg: {name}", "leg", hybrid.baselines()[name])
    hybrid.unpersist()
    for text in variants:
        model = (
            gr.HybridRecommender(preference="binary").with_settings(settings_of(text)).fit(train)
        )
        yield OwnModel(f"{HYBRID}, {text}", "variant", model)
        model.unpersist()


def settings_of(text: str) -> dict[str, Any]:
    """`pseudoInteractions=0 weights=walk=.2,ease=.8` as values by name.

    Args:
        text: words; weights are written as for `--weights`, all others as for `--settings`.
    """
    values: dict[str, Any] = {}
    for word in text.split():
        if word.startswith(_WEIGHTS):
            values["weights"] = parse_weights(word.removeprefix(_WEIGHTS))
        else:
            values |= parse_settings(word)
    return values
