"""Print tables of results to standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from rich.table import Column

from graphrec.cli.io.inputs import Titles
from graphrec.cli.text.table import right, table
from graphrec.columns import (
    BECAUSE,
    ITEMS,
    NEIGHBOUR,
    RANK,
    SCORE,
    SOURCE,
    SUPPORT_ITEM,
    TIMES,
    USER,
)
from graphrec.data.column_types import quoted
from graphrec.data.dataset import Dataset
from graphrec.explanation.paths import HISTORY_ITEM, OTHER_USER, SHARE
from graphrec.reports.tables.explanation import ExplanationTables
from graphrec.reports.words.explanation import (
    Entry,
    common_rows,
    contribution_rows,
    figure,
    sentences,
    share_rows,
    standing,
)
from graphrec.reports.words.interaction import InteractionWords
from graphrec.reports.words.metrics import SHOWN, WORDING, best
from graphrec.serving.sources import PERSONAL
from graphrec.tuning.search import Tuned

_MAX_ROWS: Final = 10  # rows of a list that are shown
_MAX_HISTORY_ITEMS: Final = 3  # items of a history that are shown
_MAX_REASONS: Final = 2

TitleOf = Mapping[Any, str]


def lists(
    result: DataFrame, dataset: Dataset, titles: Titles, sample: int, words: InteractionWords
) -> None:
    """Show the lists of the first users by id, and of one without a history.

    Args:
        result: as `RecommenderModel.rankedLists` gives it.
        dataset: knows the histories.
        titles: of the items.
        sample: how many users; 0 shows nothing.
        words: what users do with items.
    """
    user, item = dataset.columns.user, dataset.columns.item
    users = _shown_users(result, user, sample)
    rows = _upper_rows(result, user, users)
    histories = _histories(dataset, users)
    named = [row[item] for row in rows]
    named += [reason for row in rows for reason in row[BECAUSE]]
    named += [seen for history in histories.values() for seen in history[:_MAX_HISTORY_ITEMS]]
    title_of = titles.of(named, dataset.item_type)
    for who in users:
        table(
            f"{who}, {_history_phrase(histories.get(who, []), title_of, words)}",
            (
                *_naming(right(""), item, "recommended", titles),
                right("score"),
                words.because,
            ),
            (
                (
                    *_named(row[RANK], row[item], title_of, titles),
                    f"{row[SCORE]:.2f}",
                    _why(row, title_of),
                )
                for row in rows
                if row[user] == who
            ),
        )


def neighbours(
    result: DataFrame,
    dataset: Dataset,
    titles: Titles,
    sample: int,
    measure: str,
    words: InteractionWords,
) -> None:
    """Show the lists of the most popular items.

    Args:
        result: as `RecommenderModel.watchedTogether` gives it.
        dataset: knows the type of the ids.
        titles: of the items.
        sample: how many items; 0 shows nothing.
        measure: by which the neighbours are ranked.
        words: what users do with items.
    """
    item = dataset.columns.item
    popular = result.select(quoted(item), SUPPORT_ITEM).distinct()
    most = popular.orderBy(F.desc(SUPPORT_ITEM), quoted(item)).limit(sample).collect()
    rows = _upper_rows(result, item, [row[item] for row in most])
    named = [row[item] for row in most] + [row[NEIGHBOUR] for row in rows]
    title_of = titles.of(named, dataset.item_type)
    for one in most:
        table(
            f"{_with_id(one[item], title_of, titles)}, {words.by} {one[SUPPORT_ITEM]:,} users",
            (
                *_naming(right(""), item, words.together, titles),
                right("users in common"),
                right("later"),
                right(measure),
            ),
            (
                (
                    *_named(row[RANK], row[NEIGHBOUR], title_of, titles),
                    f"{row['together']:,} of {row['support_neighbour']:,}",
                    "" if row["after"] is None else f"{row['after']:,}",
                    "" if row[measure] is None else f"{row[measure]:,.3f}",
                )
                for row in rows
                if row[item] == one[item]
            ),
        )


def explanation(found: ExplanationTables, title_of: TitleOf, words: InteractionWords) -> None:
    """Show where an item stands, what its score is made of, and which paths lead to it.

    Args:
        found: the explanation.
        title_of: the titles of `found.items`.
        words: what users do with items.
    """
    reading = [standing(found), *sentences(found, title_of)]
    table(
        f"{found.user} and {title_of[found.item]}: {'; '.join(reading)}",
        (
            *("recommender", right("share"), right("weight")),
            *(right("own score"), right("mean"), right("deviation")),
        ),
        (_figures(row) for row in share_rows(found)),
    )
    table(
        "What each item of the history adds",
        ("because of", right("adds"), *map(right, found.legs)),
        (_figures(row) for row in contribution_rows(found, title_of, _MAX_ROWS)),
    )
    if found.features:
        table(
            f"What {title_of[found.item]} has in common with the history",
            ("item of the history", "features", right("similarity")),
            (
                (name, shared, f"{similarity:.2f}")
                for name, shared, similarity in common_rows(found, title_of, _MAX_ROWS)
            ),
        )
    table(
        f"Paths to {title_of[found.item]}",
        (right(""), words.has, words.as_another, right("share of all such walks")),
        (
            (path[RANK], title_of[path[HISTORY_ITEM]], path[OTHER_USER], f"{path[SHARE]:.2%}")
            for path in found.paths[:_MAX_ROWS]
        ),
    )


def _figures(row: Entry) -> tuple[str, ...]:
    return (row.name, figure(row.adds), *(figure(value) for value in row.others))


def tuning(tuned: Tuned) -> None:
    """Show the trials of a search: settings, metrics, and which were chosen."""
    tried = [
        (
            trial.group,
            joined(trial.settings),
            f"{trial.ndcg:.4f}",
            f"{trial.low_similarity:.4f}",
            trial.chosen,
        )
        for trial in tuned.trials
    ]
    tried += [
        (
            "MMR",
            f"diversity={one.diversity:g}: {one.intra_list_diversity:.3f} within lists",
            f"{one.ndcg:.4f}",
            "",
            one.diversity == tuned.diversity,
        )
        for one in tuned.diversified
    ]
    weights = ", ".join(f"{leg} {weight:.2f}" for leg, weight in tuned.weights.items())
    table(
        f"Weights by {tuned.users:,} users: {weights}",
        ("group", "settings", right("NDCG@20"), right("of low-similarity items"), ""),
        ((*row[:4], "chosen" if row[4] else "") for row in tried),
    )


def joined(settings: Mapping[str, Any]) -> str:
    """Settings in one line."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def comparison(summary: pd.DataFrame, models: Sequence[str]) -> None:
    """Show the metrics of several models, a table per cutoff, the best of each column marked.

    Args:
        summary: as `Evaluation` has it.
        models: in the order of the rows.
    """
    for k, rows in summary.groupby("k"):
        means = rows.pivot(index="model", columns="metric", values="mean").loc[list(models)]
        columns = {name: means[name].tolist() for name in SHOWN}
        marks = {name: best(name, values) for name, values in columns.items()}
        table(
            f"Lists of {k}, * is the best of its column",
            ("model", *(right(f"{WORDING[name].title} ") for name in SHOWN)),
            (
                (
                    model,
                    *(
                        f"{WORDING[name].of(values[at])}{'*' if at in marks[name] else ' '}"
                        for name, values in columns.items()
                    ),
                )
                for at, model in enumerate(models)
            ),
        )


# --- what is shown --------------------------------------------------------------------------------


def _shown_users(result: DataFrame, user: str, sample: int) -> list[Any]:
    """The first users by id, and the first one without a history."""
    column = quoted(user)
    first = result.select(column).distinct().orderBy(column).limit(sample).collect()
    cold = result.where(F.col(SOURCE) != PERSONAL).select(column).orderBy(column)
    users = [row[user] for row in first]
    users += [row[user] for row in cold.limit(min(sample, 1)).collect()]
    return list(dict.fromkeys(users))


def _upper_rows(result: DataFrame, name: str, ids: Sequence[Any]) -> list[Row]:
    """The upper rows of a few lists, in order."""
    upper = result.where(quoted(name).isin(list(ids)) & (F.col(RANK) <= _MAX_ROWS))
    return upper.orderBy(RANK).collect()


def _histories(dataset: Dataset, users: Sequence[Any]) -> dict[Any, list[Any]]:
    """The items of a few users, the latest first where there are times."""
    rows = dataset.histories.where(F.col(USER).isin(list(users))).collect()
    ids = dataset.catalogue.ids
    histories = {}
    for row in rows:
        entries = sorted(zip(row[TIMES], row[ITEMS], strict=True), key=_latest_first)
        histories[row[USER]] = ids.take([index for _, index in entries]).to_pylist()
    return histories


def _latest_first(entry: tuple[float | None, int]) -> tuple[float, int]:
    seconds, index = entry
    return -(seconds or 0.0), index


def _naming(rank: Column, ids: str, named: str, titles: Titles) -> tuple[Column | str, ...]:
    """The heads of rank and item: beside its title, an item has a column for its id."""
    return (rank, named) if titles.frame is None else (rank, ids, named)


def _named(rank: int, item: Any, title_of: TitleOf, titles: Titles) -> tuple[Any, ...]:
    """The cells under the heads of `_naming`."""
    return (rank, title_of[item]) if titles.frame is None else (rank, item, title_of[item])


def _with_id(item: Any, title_of: TitleOf, titles: Titles) -> str:
    return title_of[item] if titles.frame is None else f"{title_of[item]} ({item})"


def _history_phrase(history: Sequence[Any], title_of: TitleOf, words: InteractionWords) -> str:
    if not history:
        return "without a history"
    named = "; ".join(title_of[item] for item in history[:_MAX_HISTORY_ITEMS])
    others = len(history) - _MAX_HISTORY_ITEMS
    return f"{words.user_with} {named}" + (f" and {others:,} more" if others > 0 else "")


def _why(row: Row, title_of: TitleOf) -> str:
    if row[SOURCE] != PERSONAL:
        return f"({row[SOURCE]})"
    return "; ".join(title_of[item] for item in row[BECAUSE][:_MAX_REASONS])


# --- how it is shown ------------------------------------------------------------------------------
