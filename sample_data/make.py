"""Make the sample data: invented films, invented people, and a taste structure that is known.

    python sample_data/make.py [--out DIR] [--seed N]

The words and the sizes of the communities stand in `communities.toml`, the numbers that shape
the behaviour are the constants below, and README.md says what is planted. The same seed always
gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# RandomState and not a Generator: numpy promises that only this stream never changes.
Random = np.random.RandomState
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Row = tuple[str, str, str, str]  # userId, movieId, rating, timestamp, as they stand in the file

HERE: Final = Path(__file__).resolve().parent
SEED: Final = 7
START: Final = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp())
END: Final = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
EVENING: Final = 3 * 3600  # seconds that one film takes at least

MOODS: Final = ("Comedy", "Drama")
MOOD_PULL: Final = 2.0  # how much rather a user watches a film of the own mood
POPULARITY_EXPONENT: Final = 0.7  # the film of rank r is watched in proportion to r^-exponent
BRIDGE_RANK: Final = 2  # bridges are among the favourites of both their communities
CHAIN_RANK: Final = 4
STRAY: Final = 0.08  # share of what is watched for its popularity alone, outside the own taste
HUB_SHARE: Final = 0.85  # of the users watch the hub
LEAST_FILMS: Final = 17  # the shortest history of a regular user
ACTIVITY_EXPONENT: Final = 1.7  # Pareto tail of the length of a history
MOST_OF_TASTE: Final = 0.6  # nobody watches more than this share of what suits them
MIXED_SHARE: Final = 0.12  # of the users like a second community nearly as much
MIXED_TASTE: Final = (0.6, 0.4)

SINGLE_USER: Final = "u598"  # one interaction, with the least popular film
REJECTED_USER: Final = "u599"  # has rows, but not one of them is usable
UNKNOWN_USER: Final = "u600"  # to be served, yet without any row

# What is spoiled: (kind, column of the row, the values that replace the good one).
SPOILED: Final[tuple[tuple[str, int, tuple[str, ...]], ...]] = (
    ("missing user", 0, ("", "", "")),
    ("missing film", 1, ("", "", "")),
    ("missing rating", 2, ("", "")),
    ("rating not a number", 2, ("five stars", "n/a", "4,5")),
    ("rating NaN", 2, ("NaN", "NaN")),
    ("rating infinite", 2, ("Infinity",)),
    ("rating negative", 2, ("-1.0", "-4.5", "-0.5")),
    ("timestamp in the year 2999", 3, ("32472144000", "32481648000", "32503593600")),
    ("timestamp zero", 3, ("0", "0")),
)
EXACT_DUPLICATES: Final = 5
RE_RATINGS: Final = 6


@dataclass(frozen=True)
class Film:
    """A film: no community makes it the hub, one is the rule, two make it a bridge."""

    title: str
    genres: tuple[str, ...]
    communities: tuple[str, ...]
    mood: str
    year: int
    rank: int  # of popularity inside its communities, from 1
    chain: str = ""
    part: int = 0
    movie: str = ""

    @property
    def role(self) -> str:
        """One of hub, community and bridge."""
        return ("hub", "community", "bridge")[len(self.communities)]


@dataclass(frozen=True)
class User:
    """A regular user, of one community or, with a mixed taste, of two."""

    user: str
    communities: tuple[str, ...]
    mood: str

    @property
    def kind(self) -> str:
        """One of regular and mixed."""
        return "regular" if len(self.communities) == 1 else "mixed"


@dataclass(frozen=True)
class Sample:
    """Everything that is written, in memory."""

    films: list[Film]
    users: list[User]
    rows: list[tuple[Row, str]]  # a row of ratings.csv and how it is odd: "" for a plain one


def read_plan() -> dict[str, Any]:
    """Read the communities, their words, and the special films."""
    with (HERE / "communities.toml").open("rb") as file:
        return tomllib.load(file)


def make(seed: int = SEED) -> Sample:
    """Invent films and users, let the users watch and rate, and spoil some rows."""
    random = Random(seed)
    plan = read_plan()
    films = invent_films(plan, random)
    users = invent_users(plan, films, random)
    seen = watch(films, users, random)
    histories = rate(films, users, seen, random)
    quietest = films[int(seen.sum(axis=0).argmin())].movie
    rows = [row for history in histories for row in history]
    odd = odd_rows(rows, {film.movie for film in films if film.chain}, random)
    return Sample(films, users, [*interleave(rows, odd), *cold_rows(quietest)])


# --- films ----------------------------------------------------------------------------------------


def invent_films(plan: dict[str, Any], random: Random) -> list[Film]:
    """Invent the films of all communities, with ids that say nothing about them."""
    films = [hub(plan, random), *bridges(plan, random)]
    taken = {film.title for film in films}
    taken |= {title for chain in plan["chains"] for title in chain["titles"]}
    for community in plan["communities"]:
        chained = list(chained_films(plan, community, random))
        titles = invent_titles(community, community["films"] - len(chained), taken, random)
        films += chained + ordinary_films(community, titles, random)
    order = random.permutation(len(films))
    return [
        Film(**{**vars(films[place]), "movie": f"m{number:03d}"})
        for number, place in enumerate(order, start=1)
    ]


def hub(plan: dict[str, Any], random: Random) -> Film:
    """Return the one film that nearly everybody watches."""
    genres = tuple(plan["hub"]["genres"])
    return Film(plan["hub"]["title"], genres, (), MOODS[0], a_year(random), rank=1)


def bridges(plan: dict[str, Any], random: Random) -> Iterator[Film]:
    """Yield the films that two communities share, with the genres of both."""
    genres = {community["name"]: community["genres"] for community in plan["communities"]}
    for bridge in plan["bridges"]:
        names = tuple(bridge["communities"])
        both = dict.fromkeys(genre for name in names for genre in genres[name])
        mood = MOODS[random.randint(len(MOODS))]
        yield Film(bridge["title"], (*both, mood), names, mood, a_year(random), BRIDGE_RANK)


def chained_films(
    plan: dict[str, Any], community: dict[str, Any], random: Random
) -> Iterator[Film]:
    """Yield the sequels of a community, one to three years apart."""
    for chain in plan["chains"]:
        if chain["community"] != community["name"]:
            continue
        year = 2004 + random.randint(4)
        for part, title in enumerate(chain["titles"], start=1):
            yield Film(
                title,
                (*community["genres"], MOODS[0]),
                (community["name"],),
                MOODS[0],
                year,
                CHAIN_RANK,
                chain["name"],
                part,
            )
            year += 1 + random.randint(3)


def ordinary_films(community: dict[str, Any], titles: list[str], random: Random) -> list[Film]:
    """Return the other films of a community: a mood, some of its genres, a rank of popularity."""
    films = []
    for rank, title in enumerate(titles, start=1):
        mood = MOODS[random.randint(len(MOODS))]
        genres = community["genres"][: 1 + random.randint(2)]
        films.append(Film(title, (*genres, mood), (community["name"],), mood, a_year(random), rank))
    return films


def a_year(random: Random) -> int:
    """Draw a year of release between 1961 and 2020, most of them late."""
    return 2020 - int(60 * random.random_sample() ** 2)


def invent_titles(
    community: dict[str, Any], count: int, taken: set[str], random: Random
) -> list[str]:
    """Fill the templates of a community in turn with its words until there are enough titles."""
    words = {slot: shuffled_forever(list_, random) for slot, list_ in community["words"].items()}
    titles: list[str] = []
    for template in itertools.cycle(community["templates"]):
        if len(titles) == count:
            break
        title = fill(template, words)
        if title not in taken:
            taken.add(title)
            titles.append(title)
    return titles


def shuffled_forever(words: list[str], random: Random) -> Iterator[str]:
    """Yield the words in random order, again and again: each is used about equally often."""
    while True:
        yield from (words[place] for place in random.permutation(len(words)))


def fill(template: str, words: dict[str, Iterator[str]]) -> str:
    """Replace each `{slot}` of a template, from left to right, by the next word of that slot."""
    while "{" in template:
        slot = template[template.index("{") + 1 : template.index("}")]
        template = template.replace(f"{{{slot}}}", next(words[slot]), 1)
    return template


# --- users ----------------------------------------------------------------------------------------


def invent_users(plan: dict[str, Any], films: list[Film], random: Random) -> list[User]:
    """Invent the regular users of all communities; a mixed taste crosses a bridge."""
    tastes: list[tuple[str, ...]] = []
    for community in plan["communities"]:
        name = community["name"]
        for _ in range(community["users"]):
            mixed = random.random_sample() < MIXED_SHARE
            tastes.append((name, second_taste(name, films, random)) if mixed else (name,))
    order = random.permutation(len(tastes))
    return [
        User(f"u{number:03d}", tastes[place], MOODS[random.randint(len(MOODS))])
        for number, place in enumerate(order, start=1)
    ]


def second_taste(name: str, films: list[Film], random: Random) -> str:
    """Draw another community that shares a bridge film with this one."""
    linked = [film.communities for film in films if film.role == "bridge"]
    others = sorted(set(itertools.chain(*(pair for pair in linked if name in pair))) - {name})
    return others[random.randint(len(others))]


# --- behaviour ------------------------------------------------------------------------------------


def watch(films: list[Film], users: list[User], random: Random) -> Flags:
    """Decide who has seen what: (users, films)."""
    appeal = appeals(films, users)
    suited = (tastes(films, users) > 0).sum(axis=1)
    wished = LEAST_FILMS * random.random_sample(len(users)) ** (-1 / ACTIVITY_EXPONENT)
    counts = np.minimum(wished, MOST_OF_TASTE * suited).astype(int)
    # Weighted draws without replacement: the largest log(u)/w win (Efraimidis and Spirakis 2006).
    with np.errstate(divide="ignore"):
        keys = np.log(random.random_sample(appeal.shape)) / appeal
    places = (-keys).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    seen = places < counts[:, None]
    catch_up(films, seen)
    for number, film in enumerate(films):
        if film.role == "hub":
            seen[:, number] = random.random_sample(len(users)) < HUB_SHARE
    return np.asarray(seen, dtype=np.bool_)


def appeals(films: list[Film], users: list[User]) -> Floats:
    """Return how likely a user is to pick a film next, the hub aside: (users, films)."""
    suits = tastes(films, users)
    same_mood = np.array([[film.mood == user.mood for film in films] for user in users])
    suits *= np.where(same_mood, MOOD_PULL, 1.0)
    suits /= suits.sum(axis=1, keepdims=True)
    stray = popularity(films)
    return np.asarray((1 - STRAY) * suits + STRAY * stray / stray.sum())


def tastes(films: list[Film], users: list[User]) -> Floats:
    """Spread each user's taste over the films of their communities: (users, films)."""
    popular = popularity(films)
    weights = {}
    for name in sorted({name for film in films for name in film.communities}):
        inside = np.array([name in film.communities for film in films])
        weights[name] = inside * popular / (inside * popular).sum()
    return np.array(
        [
            sum(
                share * weights[name]
                for name, share in zip(
                    user.communities, MIXED_TASTE if user.kind == "mixed" else (1.0,), strict=True
                )
            )
            for user in users
        ]
    )


def popularity(films: list[Film]) -> Floats:
    """Return the power law of each film's rank; the hub is watched by another rule."""
    ranks = np.array([film.rank for film in films], dtype=float)
    return np.where([film.role == "hub" for film in films], 0.0, ranks**-POPULARITY_EXPONENT)


def catch_up(films: list[Film], seen: Flags) -> None:
    """Let everyone who has seen a sequel have seen all the parts before it, in place."""
    for later, earlier in chain_links(films):
        seen[:, earlier] |= seen[:, later]


def chain_links(films: list[Film]) -> list[tuple[int, int]]:
    """Return (part, part before it) of all chains as positions, last parts first."""
    place = {(film.chain, film.part): number for number, film in enumerate(films) if film.chain}
    parts = sorted(place, key=lambda key: (key[0], -key[1]))
    return [(place[chain, part], place[chain, part - 1]) for chain, part in parts if part > 1]


def rate(films: list[Film], users: list[User], seen: Flags, random: Random) -> list[list[Row]]:
    """Return each user's rows in the order of time."""
    quality = random.normal(0.0, 0.4, len(films))
    kindness = random.normal(0.0, 0.35, len(users))
    suits = (tastes(films, users) > 0) | np.array([film.role == "hub" for film in films])
    noise = random.normal(0.0, 0.6, seen.shape)
    stars = 3.1 + 0.7 * suits + quality + kindness[:, None] + noise
    stars = np.clip(np.round(2 * stars) / 2, 0.5, 5.0)  # (users, films)
    histories = []
    for number, user in enumerate(users):
        order = watching_order(films, np.flatnonzero(seen[number]).tolist(), random)
        times = watching_times(len(order), random)
        histories.append(
            [
                (user.user, films[film].movie, f"{stars[number, film]:.1f}", str(time))
                for film, time in zip(order, times, strict=True)
            ]
        )
    return histories


def watching_order(films: list[Film], watched: Sequence[int], random: Random) -> list[int]:
    """Shuffle a history, except that the parts of a chain are watched in order, one by one."""
    shuffled = [watched[place] for place in random.permutation(len(watched))]
    begun: dict[str, int] = {}
    for place, film in enumerate(shuffled):
        begun.setdefault(films[film].chain or films[film].movie, place)
    return sorted(
        shuffled, key=lambda film: (begun[films[film].chain or films[film].movie], films[film].part)
    )


def watching_times(count: int, random: Random) -> list[int]:
    """Draw ascending seconds: a user joins at any time, watches in bursts, and leaves again."""
    joined = START + 0.8 * (END - START) * random.random_sample()
    left = joined + (END - EVENING * count - joined) * (0.2 + 0.8 * random.random_sample())
    gaps = random.pareto(1.2, count).cumsum()  # a few long gaps between runs of short ones
    times = joined + (left - joined) * gaps / gaps[-1] + EVENING * np.arange(count)
    return [int(time) for time in times]


# --- rows that are odd on purpose -----------------------------------------------------------------


def odd_rows(rows: list[Row], chained: set[str], random: Random) -> dict[int, tuple[Row, str]]:
    """Return odd copies of good rows, by the position of the row each was copied from.

    Chained films are spared, so that their order of watching stays as planted.
    """
    free = [number for number, row in enumerate(rows) if row[1] not in chained]
    kinds = [(kind, column, value) for kind, column, values in SPOILED for value in values]
    picked = random.permutation(free)[: len(kinds) + EXACT_DUPLICATES + RE_RATINGS].tolist()
    origins = iter(picked)
    odd: dict[int, tuple[Row, str]] = {}
    for kind, column, value in kinds:
        origin = next(origins)
        fields = list(rows[origin])
        fields[column] = value
        odd[origin] = ((fields[0], fields[1], fields[2], fields[3]), kind)
    for origin in itertools.islice(origins, EXACT_DUPLICATES):
        odd[origin] = (rows[origin], "exact duplicate")
    for origin in origins:
        odd[origin] = (second_thoughts(rows[origin]), "re-rating")
    return odd


def second_thoughts(row: Row) -> Row:
    """Rate the same film again a week later, one star lower or, from the bottom, higher."""
    user, movie, rating, timestamp = row
    again = float(rating) - 1 if float(rating) > 1 else float(rating) + 1
    return user, movie, f"{again:.1f}", str(int(timestamp) + 7 * 86_400)


def interleave(rows: list[Row], odd: dict[int, tuple[Row, str]]) -> Iterator[tuple[Row, str]]:
    """Put every odd row right behind the row that it was copied from."""
    for number, row in enumerate(rows):
        yield row, ""
        if number in odd:
            yield odd[number]


def cold_rows(quietest: str) -> Iterator[tuple[Row, str]]:
    """Yield the rows of the cold users: one good one, and two that are set aside."""
    yield (SINGLE_USER, quietest, "3.5", str(END - 90 * 86_400)), ""
    yield (REJECTED_USER, quietest, "lovely", str(END - 60 * 86_400)), "rating not a number"
    yield (REJECTED_USER, quietest, "4.0", "32472144000"), "timestamp in the year 2999"


# --- files ----------------------------------------------------------------------------------------


def write(sample: Sample, out: Path) -> None:
    """Write the CSV files; the folder is made where it is missing."""
    (out / "truth").mkdir(parents=True, exist_ok=True)
    write_csv(
        out / "ratings.csv",
        ("userId", "movieId", "rating", "timestamp"),
        (row for row, _ in sample.rows),
    )
    write_csv(
        out / "films.csv",
        ("movieId", "title", "genres", "year"),
        ((film.movie, film.title, "|".join(film.genres), film.year) for film in sample.films),
    )
    write_csv(out / "users.csv", ("userId",), ((user,) for user in users_to_serve(sample)))
    write_truth(sample, out / "truth")


def write_truth(sample: Sample, out: Path) -> None:
    """Write what was planted: of films, of users, and which rows of ratings.csv are odd."""
    write_csv(
        out / "films.csv",
        ("movieId", "role", "community", "second", "mood", "chain", "part"),
        (
            (film.movie, film.role, *two(film.communities), film.mood, film.chain, film.part or "")
            for film in sample.films
        ),
    )
    write_csv(
        out / "users.csv",
        ("userId", "kind", "community", "second", "mood"),
        [
            *((user.user, user.kind, *two(user.communities), user.mood) for user in sample.users),
            (SINGLE_USER, "single interaction", "", "", ""),
            (REJECTED_USER, "only rejected rows", "", "", ""),
            (UNKNOWN_USER, "no rows", "", "", ""),
        ],
    )
    write_csv(
        out / "rows.csv",
        ("line", "kind"),
        ((line, kind) for line, (_, kind) in enumerate(sample.rows, start=2) if kind),
    )


def two(communities: tuple[str, ...]) -> tuple[str, str]:
    """Return exactly two names, empty where there are fewer."""
    first, second, *_ = (*communities, "", "")
    return first, second


def users_to_serve(sample: Sample) -> list[str]:
    """Return two regular users and a mixed one of each community, and the cold ones."""
    chosen: list[str] = []
    served: Counter[tuple[str, str]] = Counter()
    for user in sample.users:
        key = (user.communities[0], user.kind)
        served[key] += 1
        if served[key] <= (2 if user.kind == "regular" else 1):
            chosen.append(user.user)
    return [*chosen, SINGLE_USER, REJECTED_USER, UNKNOWN_USER]


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one file, the same bytes on every platform."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description="Make the sample data of graphrec.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    parser.add_argument("--seed", type=int, default=SEED, help="same seed, same bytes")
    options = parser.parse_args(arguments)
    sample = make(options.seed)
    write(sample, options.out)
    print(f"{len(sample.rows)} rows, {len(sample.films)} films in {options.out}")


if __name__ == "__main__":
    main()
