"""What features say about what users take, in words."""

from __future__ import annotations

from collections.abc import Sequence

from graphrec.graph.feature_information import FeatureInformation
from graphrec.reports.words.text import printable


def bits(one: FeatureInformation) -> str:
    """The figure of one feature with its interval."""
    if one.bits is None:
        return "not judged"
    return f"{one.bits:.3f} ({one.ci_low:.3f} to {one.ci_high:.3f})"


def sentence(features: Sequence[FeatureInformation]) -> str:
    """All of them in a line."""
    return "bits per interaction: " + "; ".join(
        f"{printable(one.feature)} {bits(one)}" + ("" if one.tells else ", nothing beyond chance")
        for one in features
    )
