"""Names of communities: the words that their items have more often than all other items.

A word names a community if the log odds of it, inside against outside, are above 0 beyond chance
(Monroe, Colaresi and Quinn, "Fightin' Words", 2008, with half a count added to each): a ratio
alone is led by words that two items have, a count alone by those that all have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from graphrec.data.column_types import quoted
from graphrec.graph.communities import COMMUNITY

ID: Final = "id"
WORDS: Final = "words"

_MIN_ITEMS: Final = 3  # of a community that have a word
_MIN_Z_SCORE: Final = 2.0  # above even odds
_MAX_WORDS: Final = 3  # words of a name

_WORD: Final = "word"
_KEY: Final = "key"


def community_names(
    roles: DataFrame, item: str, words: DataFrame, *, min_share: float
) -> dict[int, str]:
    """Name communities by their most distinctive words.

    Args:
        roles: (item, community, ...) as `item_roles` gives it.
        item: the name that the items have there.
        words: (id: of the item, in the same type, words: array of strings), such as genres.
        min_share: of a community's items with words, how many must have a word that names it.

    Returns:
        The names by number of the community, a few words each, the most distinctive first; none for
        a community without such words.
    """
    home = roles.where(F.col(COMMUNITY).isNotNull()).select(quoted(item).alias(_KEY), COMMUNITY)
    tagged = words.select(F.col(ID).alias(_KEY), F.explode(WORDS).alias(_WORD)).distinct()
    having = tagged.join(home, _KEY).select(COMMUNITY, _KEY, _WORD)
    rows = _distinctive(having, min_share).orderBy(COMMUNITY, "rank").collect()  # a few of each
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row[COMMUNITY], []).append(row[_WORD])
    return {number: ", ".join(named) for number, named in found.items()}


def first_of(*names: Mapping[int, str]) -> dict[int, str]:
    """Merge mappings of names; the first one that has a name for a community decides."""
    return {number: name for one in reversed(names) for number, name in one.items()}


def _distinctive(having: DataFrame, min_share: float) -> DataFrame:
    """(community, word, rank 1..) of the words that name a community."""
    sizes = having.groupBy(COMMUNITY).agg(F.countDistinct(_KEY).alias("size"))
    every = sizes.agg(F.sum("size").alias("all"))
    inside = having.groupBy(COMMUNITY, _WORD).agg(F.count("*").alias("inside"))
    having_it = Window.partitionBy(_WORD)
    counted = (
        inside.withColumn("having", F.sum("inside").over(having_it))
        .join(sizes, COMMUNITY)
        .crossJoin(every)
    )
    scored = counted.select(COMMUNITY, _WORD, "inside", "size", _deviations().alias("deviations"))
    least = F.greatest(F.lit(_MIN_ITEMS), F.ceil(F.col("size") * min_share))
    known = scored.where((F.col("inside") >= least) & (F.col("deviations") >= _MIN_Z_SCORE))
    best = Window.partitionBy(COMMUNITY).orderBy(F.desc("deviations"), _WORD)
    ranked = known.withColumn("rank", F.row_number().over(best))
    return ranked.where(F.col("rank") <= _MAX_WORDS).select(COMMUNITY, _WORD, "rank")


def _deviations() -> Column:
    """The log odds ratio over its standard error."""
    inside, others = F.col("inside"), F.col("having") - F.col("inside")
    without = F.col("size") - inside
    others_without = F.col("all") - F.col("size") - others
    counts = [count + 0.5 for count in (inside, without, others, others_without)]
    odds = F.log(counts[0] / counts[1]) - F.log(counts[2] / counts[3])
    error = F.sqrt(sum((1.0 / count for count in counts[1:]), 1.0 / counts[0]))
    return odds / error
