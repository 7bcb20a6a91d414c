"""By which measure items go together best: what a user has next should stand high in the list.

    python -m benchmarks.watched_together NAME=FILE[+FILE...]:USER,ITEM[,TIME] ... [--users 4000]

Of every history the last items are held out (random ones where there are no times), a fifth and
five at most, and pairs are counted in the rest. Two questions are put to the lists: from the item
that the user had right before the held-out one (`next`), and from any one of the history (`any`). A
hit is the held-out item among the first 5 or 10 of that item's list. What everybody has is easily
hit and hardly news, so a measure is judged by two hit rates: of all held-out items, and of the
rarer half of them. Each measure is tried with several shrinkages, n_ij / (n_ij + s), and least
numbers of common users. Half of the users choose, the choice is measured on the other half:
the largest sum of both hit rates, where the one of all items falls by no more than --loss.

Columns are named, or numbered from 0 in a file without a header: NAME=u.data:0,1,3
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from graphrec.cooccurrence.measures import MEASURES, Counts, Measure

_SEED: Final = 0
_HELD_OUT: Final = 5  # items of a history at most
_DRAWS: Final = 3  # items of a history from which a held-out one is looked for
_CUTOFFS: Final = (5, 10)
_SHRINKAGES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_SUPPORTS: Final = (1, 2, 3, 5, 10)
_KINDS: Final = ("hit", "unseen", "rare")  # unseen: what the user had is no longer in the list
_KEYS: Final = ["measure", "shrinkage", "support"]
_BASELINE: Final = ("llr", 0.0, 2)
_ITEMS_AT_ONCE: Final = 500
_SHOWN: Final = 25  # settings in the table

Setting = tuple[str, float, int]  # measure, shrinkage, users in common
Frame = pd.DataFrame


def _power(exponent: float) -> Measure:
    """P(j | i) / P(j)^exponent: 0 is confidence, 1 is lift, 1/2 ranks as cosine does."""

    def measure(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
        return together / item / (neighbour / users) ** exponent

    return measure


def _added_value(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """P(j | i) - P(j) (Sahar and Mansour, 1999)."""
    return together / item - neighbour / users


def _z_score(together: Counts, item: Counts, neighbour: Counts, users: float) -> Counts:
    """Common users beyond chance, in standard deviations of a Poisson variable."""
    chance = item * neighbour / users
    return (together - chance) / np.sqrt(chance)


_TRIED: Final[dict[str, Measure]] = {
    **{name: MEASURES[name] for name in ("confidence", "lift", "cosine", "jaccard", "pmi", "llr")},
    **{f"P(j|i) / P(j)^{exponent:g}": _power(exponent) for exponent in (0.1, 0.2, 0.3, 0.4, 0.7)},
    "npmi": MEASURES["npmi"],
    "P(j|i) - P(j)": _added_value,
    "z-score": _z_score,
}
_SETTINGS: Final[list[Setting]] = list(itertools.product(_TRIED, _SHRINKAGES, _SUPPORTS))


@dataclass(frozen=True)
class Question:
    """Whether a list that starts from an item leads to the one that was held out."""

    user: int
    item: int
    target: int


@dataclass(frozen=True)
class Data:
    """Histories without what is held out, the most popular item first, and the questions."""

    has: sparse.csr_array  # users x items
    questions: dict[str, list[Question]]


def main() -> None:
    """Measure every setting on each data set, and print which is best on all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+")
    parser.add_argument("--users", type=int, default=4000, help="of each data set, at most")
    parser.add_argument("--loss", type=float, default=0.05, help="of the hit rate of all items")
    parser.add_argument("--csv", type=Path, help="keep the figures of all settings here")
    arguments = parser.parse_args()
    parts = [
        measured.assign(data=f"{name} {question}")
        for name, events in map(_read, arguments.data)
        for question, measured in _measure(events, arguments.users)
    ]
    figures = pd.concat(parts, ignore_index=True)
    if arguments.csv:
        figures.to_csv(arguments.csv, index=False)
    _print(figures, arguments.loss)


def _read(source: str) -> tuple[str, Frame]:
    """(user, item, perhaps time), each pair once, the first time of it."""
    name, rest = source.split("=", 1)
    files, columns = rest.rsplit(":", 1)
    parts = [_columns(Path(file), columns.split(",")) for file in files.split("+")]
    events = pd.concat(parts, ignore_index=True)
    if "time" in events:
        events = events.sort_values("time", kind="stable")
    return name, events.drop_duplicates(["user", "item"])


def _columns(file: Path, wanted: list[str]) -> Frame:
    if file.suffix == ".parquet":
        table = pd.read_parquet(file)
    else:
        headless = all(name.isdigit() for name in wanted)
        options: dict[str, Any] = {"header": None} if headless else {}
        table = pd.read_csv(file, sep="," if file.suffix == ".csv" else "\t", **options)
        table.columns = table.columns.map(str)
    return table[wanted].set_axis(["user", "item", "time"][: len(wanted)], axis=1)


# --- questions ------------------------------------------------------------------------------------


def _measure(events: Frame, users: int) -> Iterator[tuple[str, Frame]]:
    """The figures of every setting for each question that the data allow."""
    data = _questions(events, users)
    for question, questions in data.questions.items():
        print(f"{question}: {len(questions)} questions, {data.has.shape[1]} items", flush=True)
        yield question, _figures(data, questions)


def _questions(events: Frame, users: int) -> Data:
    """Hold the last items of each history of three or more out, and draw the users."""
    random = np.random.default_rng(_SEED)
    timed = "time" in events
    events = events.assign(lot=random.permutation(len(events)))  # ties of times, or all of them
    events = events.sort_values(["user", *(["time"] if timed else []), "lot"])
    length = events.groupby("user").item.transform("size")
    position = events.groupby("user").cumcount(ascending=False)  # 0 is the last
    most = (length // 5).clip(1, _HELD_OUT)
    events["before"] = events.groupby("user").item.shift()
    held_out = (position < most) & (length >= 3)
    rest = events[~held_out]
    index = {item: number for number, item in enumerate(rest.item.value_counts().index)}
    people = {user: number for number, user in enumerate(rest.user.unique())}
    ones = np.ones(len(rest))
    where = (rest.user.map(people), rest.item.map(index))
    has = sparse.csr_array((ones, where), shape=(len(people), len(index)))
    drawn = random.permutation(list(people))[:users]
    known = events.item.isin(index) & events.before.isin(index)
    targets = events[held_out & known & events.user.isin(drawn)]
    histories: dict[Any, Any] = rest.groupby("user").item.agg(list).to_dict()
    questions: dict[str, list[Question]] = {"next": [], "any": []} if timed else {"any": []}
    for user, item, before in zip(targets.user, targets.item, targets.before, strict=True):
        starts = {"next": np.array([before]), "any": random.choice(histories[user], _DRAWS)}
        for question, found in questions.items():
            found += [
                Question(people[user], index[start], index[item])
                for start in starts[question].tolist()
            ]
    return Data(has, questions)


# --- hits -----------------------------------------------------------------------------------------


def _figures(data: Data, questions: list[Question]) -> Frame:
    """Hit rates of every setting, of the choosing half of the users and of the testing half."""
    support = np.asarray(data.has.sum(axis=0)).ravel()[[question.target for question in questions]]
    rare = support < np.median(support)
    half = np.array([question.user % 2 for question in questions])
    hits = np.zeros((2, len(_SETTINGS), len(_CUTOFFS), len(_KINDS)))
    for number, (question, row) in enumerate(_rows(data.has, questions)):
        ranks = np.array(list(_ranks(data.has, question, *row)))  # (settings, 2)
        for column, cutoff in enumerate(_CUTOFFS):
            hits[half[number], :, column, :2] += ranks < cutoff
            hits[half[number], :, column, 2] += rare[number] & (ranks[:, 0] < cutoff)
    frames = []
    for number, name in enumerate(("choose", "test")):
        all_of_them, rare_ones = (half == number).sum(), (rare & (half == number)).sum()
        rates = hits[number] / np.maximum(1, [all_of_them, all_of_them, rare_ones])
        names = [f"{kind}@{cutoff}" for cutoff in _CUTOFFS for kind in _KINDS]
        settings = pd.DataFrame(_SETTINGS, columns=_KEYS)
        measured = pd.DataFrame(rates.reshape(len(_SETTINGS), -1), columns=names)
        frames.append(settings.join(measured).assign(half=name))
    return pd.concat(frames, ignore_index=True)


def _rows(
    has: sparse.csr_array, questions: list[Question]
) -> Iterator[tuple[Question, tuple[npt.NDArray[np.integer[Any]], Counts, Counts]]]:
    """Each question with its item's neighbours, common users, and users of all items."""
    support: Counts = np.asarray(has.sum(axis=0), np.float64).ravel()
    of_item = has.T.tocsr()
    for start in range(0, len(questions), _ITEMS_AT_ONCE):
        some = questions[start : start + _ITEMS_AT_ONCE]
        counts = (of_item[[question.item for question in some]] @ has).tocsr()
        for row, question in enumerate(some):
            part = slice(counts.indptr[row], counts.indptr[row + 1])
            neighbour = np.asarray(counts.indices[part])
            together: Counts = np.asarray(counts.data[part], np.float64)
            others = neighbour != question.item
            yield question, (neighbour[others], together[others], support)


def _ranks(
    has: sparse.csr_array,
    question: Question,
    neighbour: npt.NDArray[np.integer[Any]],
    together: Counts,
    support: Counts,
) -> Iterator[tuple[float, float]]:
    """How many stand before the target by each setting, and how many of those are unseen."""
    found = np.flatnonzero(neighbour == question.target)
    history = has.indices[has.indptr[question.user] : has.indptr[question.user + 1]]
    unseen = ~np.isin(neighbour, history)
    for name, shrinkage in itertools.product(_TRIED, _SHRINKAGES):
        if not found.size:
            yield from ((np.inf, np.inf) for _ in _SUPPORTS)
            continue
        score = _TRIED[name](
            together,
            np.full(together.size, support[question.item]),
            support[neighbour],
            has.shape[0],
        )
        score = score * (together / (together + shrinkage))
        least = score[found[0]]
        before = (score > least) | ((score == least) & (neighbour < question.target))
        for common in _SUPPORTS:
            if together[found[0]] < common:
                yield np.inf, np.inf
                continue
            listed = before & (together >= common)
            yield float(listed.sum()), float((listed & unseen).sum())


# --- what it comes to -----------------------------------------------------------------------------


def _print(figures: Frame, loss: float) -> None:
    """The settings that choose best on average over the data sets, with what they are worth."""
    choosing, testing = (
        {kind: _relative(rows, kind) for kind in _KINDS} for _, rows in figures.groupby("half")
    )
    mean = (choosing["hit"] + choosing["rare"]).mean(axis=1) / 2
    mean = mean[choosing["hit"].mean(axis=1) >= 1 - loss].sort_values(ascending=False)
    best_of_each = mean.groupby(level="measure").idxmax()
    shown = list(dict.fromkeys([*mean.index[:_SHOWN], *best_of_each, _BASELINE]))
    table = pd.DataFrame({"all + rare, choosing": mean})
    for kind in _KINDS:
        table[kind] = testing[kind].mean(axis=1)
    print("hit rates at 5 and 10 relative to the log-likelihood ratio from 2 users on")
    print(table.loc[shown].round(3).to_string())
    for kind in _KINDS:
        print(f"{kind}, by data set")
        print(testing[kind].loc[best_of_each].round(3).to_string())
    rates = figures[figures.half == "test"].groupby(_KEYS)[["hit@5", "hit@10"]]
    print("hit rates, mean of the data sets")
    print(rates.mean().loc[shown].round(4).to_string())


def _relative(figures: Frame, kind: str) -> Frame:
    """Hit rates of a kind over those of the baseline, by setting and data set."""
    rate = sum(figures[f"{kind}@{cutoff}"] for cutoff in _CUTOFFS)
    table = figures.assign(rate=rate).pivot_table(
        index=_KEYS, columns="data", values="rate", sort=False
    )
    return table.div(table.loc[[_BASELINE]].iloc[0])


if __name__ == "__main__":
    main()
