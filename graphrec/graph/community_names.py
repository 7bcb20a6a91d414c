"""What communities of items are called: by what their items have more often than all others.

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

_LEAST_ITEMS: Final = 3  # of a community that have a word
_LEAST_DEVIATIONS: Final = 2.0  # above even odds
_LONGEST: Final = 3  # words of a name

_WORD: Final = "word"
_KEY: Final = "key"


def community_names(
    roles: DataFrame, item: str, words: DataFrame, *, least_share: float
) -> dict[int, str]:
    """Name communities.

    Args:
        roles: (item, community, ...) as `item_roles` gives it.
        item: the name that the items have there.
        words: (id: of the item, in the same type, words: array of strings), such as genres.
        least_share: of a community's items with words, how many must have a word that names it.

    Returns:
        The names by number of the community, a few words each, the most telling first; none for a
        community without such words.
    """
    home = roles.where(F.col(COMMUNITY).isNotNull()).select(quoted(item).alias(_KEY), COMMUNITY)
    told = words.select(F.col(ID).alias(_KEY), F.explode(WORDS).alias(_WORD)).distinct()
    having = told.join(home, _KEY).select(COMMUNITY, _KEY, _WORD)
    rows = _telling(having, least_share).orderBy(COMMUNITY, "place").collect()  # a few of each
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row[COMMUNITY], []).append(row[_WORD])
    return {number: ", ".join(named) for number, named in found.items()}


def first_of(*names: Mapping[int, str]) -> dict[int, str]:
    """The names of the first mapping, and of those after it where it has none."""
    return {number: name for one in reversed(names) for number, name in one.items()}


def _telling(having: DataFrame, least_share: float) -> DataFrame:
    """(community, word, place 1..) of the words that name a community."""
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
    least = F.greatest(F.lit(_LEAST_ITEMS), F.ceil(F.col("size") * least_share))
    known = scored.where((F.col("inside") >= least) & (F.col("deviations") >= _LEAST_DEVIATIONS))
    best = Window.partitionBy(COMMUNITY).orderBy(F.desc("deviations"), _WORD)
    placed = known.withColumn("place", F.row_number().over(best))
    return placed.where(F.col("place") <= _LONGEST).select(COMMUNITY, _WORD, "place")


def _deviations() -> Column:
    """The log odds ratio over its standard error."""
    inside, others = F.col("inside"), F.col("having") - F.col("inside")
    without = F.col("size") - inside
    others_without = F.col("all") - F.col("size") - others
    counts = [count + 0.5 for count in (inside, without, others, others_without)]
    odds = F.log(counts[0] / counts[1]) - F.log(counts[2] / counts[3])
    error = F.sqrt(sum((1.0 / count for count in counts[1:]), 1.0 / counts[0]))
    return odds / error
