"""The recommender that a command's options stand for."""

from __future__ import annotations

from graphrec.cli.hybrid import hybrid_of
from graphrec.cli.options import LearningOptions


def test_a_network_is_learned_only_where_it_is_named() -> None:
    assert "neural" not in hybrid_of(LearningOptions()).leg_names
    assert hybrid_of(LearningOptions(weights="walk=.2,neural=.8")).leg_names == ("walk", "neural")
