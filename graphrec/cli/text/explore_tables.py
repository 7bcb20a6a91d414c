"""Print the tables of an exploration to standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Row

from graphrec.cli.io.inputs import Titles
from graphrec.cli.text.table import right, table
from graphrec.columns import ITEM, ITEMS, SUPPORT, USER
from graphrec.data.dataset import Dataset
from graphrec.graph import exploration as names
from graphrec.graph.bridges import NEIGHBOURS, PARTICIPATION
from graphrec.graph.communities import COMMUNITY, INSIDE
from graphrec.graph.feature_information import FeatureInformation
from graphrec.graph.highlights import Highlights
from graphrec.graph.importance import GAIN, PAGERANK_RANK, POPULARITY_RANK
from graphrec.reports.words.features import bits
from graphrec.reports.words.interaction import InteractionWords
from graphrec.reports.words.text import printable


def show(
    found: Highlights,
    figures: Mapping[str, Any],
    dataset: Dataset,
    titles: Titles,
    sample: int,
    words: InteractionWords,
    features: Sequence[FeatureInformation] = (),
) -> None:
    """Show the headline figures, the communities, and the items that stand out.

    Args:
        found: what stands out.
        figures: as `graphrec.graph.headline.headline` gives them.
        dataset: knows the items' column and the type of their ids.
        titles: of the items.
        sample: items that are named for each community; 0 shows figures only.
        words: what users do with items.
        features: what each says of what users take.
    """
    table("the graph", ("", right("")), _figures(figures))
    _show_features(features)
    if sample == 0:
        return
    item = dataset.columns.item
    typical = found.most_typical(sample)
    named = [row[item] for row in (*typical, *found.bridges, *found.gaining)]
    title_of = titles.of(named, dataset.item_type)
    _show_communities(found, typical, item, title_of)
    _show_bridges(found, item, title_of, words)
    _show_gaining(found, item, title_of, words)


def _show_features(features: Sequence[FeatureInformation]) -> None:
    """Show what each feature says about what users take; nothing where none was judged."""
    if features:
        table(
            "what features say of what users take",
            ("feature", "kind", right("bits per interaction"), ""),
            (
                (printable(one.feature), one.kind, bits(one), "" if one.tells else "nothing")
                for one in features
            ),
        )


def _figures(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The headline figures as words and numbers."""
    core = figures["innermost_core"]
    laws = figures[names.POWER_LAWS]
    return [
        ("users", f"{figures['users']:,}"),
        ("items", f"{figures['items']:,}"),
        ("interactions", f"{figures['interactions']:,}"),
        ("density", f"{figures['density']:.4%}"),
        ("items of a user, median (most)", _spread(figures, USER)),
        ("users of an item, median (most)", _spread(figures, ITEM)),
        *((f"power law of {kind}s' degrees", _law(laws[kind])) for kind in (USER, ITEM)),
        ("components", f"{figures['components']:,}"),
        ("catalogue in the largest one", f"{figures['reachable_catalogue']:.1%}"),
        (
            "innermost core",
            f"{core['core']:,}-core: {core['users']:,} users, {core['items']:,} items",
        ),
        (
            "items three steps from a user, median",
            f"{figures['median_pool']:,.0f} ({figures['median_pool_share']:.1%} of those unseen)",
        ),
        (
            "rank correlation of PageRank and popularity",
            _or_none("popularity_correlation", figures),
        ),
        ("communities", f"{figures['communities']:,}"),
        ("modularity", _or_none("modularity", figures)),
        (
            "cosine of a user and the most similar one, median",
            _or_none("median_best_cosine", figures),
        ),
    ]


def _spread(figures: Mapping[str, Any], kind: str) -> str:
    median, most, gini = (figures[f"{kind}_{name}"] for name in ("median", "max", "gini"))
    return f"{median:,g} ({most:,}), Gini {gini:.2f}"


def _law(law: Mapping[str, Any]) -> str:
    if law["alpha"] is None:
        return "none"
    return f"exponent {law['alpha']:.2f} ± {law['standard_error']:.2f} from {law['x_min']:,} on"


def _or_none(name: str, figures: Mapping[str, Any]) -> str:
    return "none" if figures[name] is None else f"{figures[name]:.3f}"


def _show_communities(
    found: Highlights, typical: Sequence[Row], item: str, title_of: Mapping[Any, str]
) -> None:
    header = (
        *(right(""), "name", right("items"), right("interactions"), right("inside")),
        "typical items",
    )
    rows = [
        (
            row[COMMUNITY],
            found.names.get(row[COMMUNITY], ""),
            f"{row[ITEMS]:,}",
            f"{row[SUPPORT]:,}",
            f"{row[INSIDE]:.1%}",
            "; ".join(title_of[one[item]] for one in typical if one[COMMUNITY] == row[COMMUNITY]),
        )
        for row in found.communities
    ]
    table("communities of items, the largest first", header, rows)


def _show_bridges(
    found: Highlights, item: str, title_of: Mapping[Any, str], words: InteractionWords
) -> None:
    header = (
        "",
        right(words.by_column),
        right("community"),
        right("neighbours"),
        right("participation"),
    )
    rows = [
        (
            title_of[row[item]],
            f"{row[SUPPORT]:,}",
            row[COMMUNITY],
            f"{row[NEIGHBOURS]:,}",
            f"{row[PARTICIPATION]:.3f}",
        )
        for row in found.bridges
    ]
    table(f"bridges between communities, {_at_least(found)}", header, rows)


def _show_gaining(
    found: Highlights, item: str, title_of: Mapping[Any, str], words: InteractionWords
) -> None:
    header = (
        "",
        right(words.by_column),
        right("by popularity"),
        right("by PageRank"),
        right("gain"),
    )
    rows = [
        (
            title_of[row[item]],
            f"{row[SUPPORT]:,}",
            f"{row[POPULARITY_RANK]:,}",
            f"{row[PAGERANK_RANK]:,}",
            f"{row[GAIN]:.2f}",
        )
        for row in found.gaining
    ]
    table(f"items that matter more than their popularity says, {_at_least(found)}", header, rows)


def _at_least(found: Highlights) -> str:
    return f"of those with at least {found.min_users:,} users"
