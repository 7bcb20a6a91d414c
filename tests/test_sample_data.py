"""The committed sample data is what its script makes, and holds what was planted."""

import csv
import itertools
from collections import Counter, defaultdict
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from sample_data import make

FOLDER = Path(make.__file__).parent
DATA = ["ratings.csv", "films.csv", "users.csv"]
TRUTH = ["truth/films.csv", "truth/users.csv", "truth/rows.csv"]
Matrix = NDArray[np.float64]


def read(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FILMS = read("truth/films.csv")
USERS = read("truth/users.csv")
ODD = {int(row["line"]): row["kind"] for row in read("truth/rows.csv")}
ROWS = list(enumerate(read("ratings.csv"), start=2))
PLAIN = [row for line, row in ROWS if line not in ODD]
FILM = {film["movieId"]: number for number, film in enumerate(FILMS)}
USER = {user["userId"]: number for number, user in enumerate(USERS)}
ROLE = np.array([film["role"] for film in FILMS])


def watched(rows: list[dict[str, str]]) -> Matrix:
    """(users, films), 1 where a user has watched a film"""
    matrix = np.zeros((len(USERS), len(FILMS)))
    for row in rows:
        matrix[USER[row["userId"]], FILM[row["movieId"]]] = 1
    return matrix


def cosine(seen: Matrix) -> Matrix:
    """(films, films) without the diagonal"""
    together = seen.T @ seen
    norms = np.sqrt(np.maximum(seen.sum(axis=0), 1))
    np.fill_diagonal(together, 0)
    return np.asarray(together / norms / norms[:, None])


def members(user_or_film: list[dict[str, str]], name: str) -> NDArray[np.bool_]:
    return np.array([name in (row["community"], row["second"]) for row in user_or_film])


# --- the script -----------------------------------------------------------------------------------


def test_the_script_makes_the_committed_bytes(tmp_path: Path) -> None:
    make.main(["--out", str(tmp_path)])
    for name in [*DATA, *TRUTH]:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_another_seed_makes_other_data_with_the_same_plan() -> None:
    other = make.make(seed=make.SEED + 1)
    assert [row for row, _ in other.rows] != [row for row, _ in make.make().rows]
    assert Counter(film.role for film in other.films) == Counter(ROLE.tolist())
    assert Counter(kind for _, kind in other.rows if kind) == Counter(ODD.values())


def test_the_sample_stays_small() -> None:
    assert (FOLDER / "ratings.csv").stat().st_size < 600_000
    assert 15_000 <= len(ROWS) <= 20_000


# --- films and users ------------------------------------------------------------------------------


def test_films_and_users_have_the_planned_sizes() -> None:
    plan = {community["name"]: community for community in make.read_plan()["communities"]}
    films = Counter(film["community"] for film in FILMS if film["role"] == "community")
    users = Counter(user["community"] for user in USERS if user["community"])
    assert films == {name: community["films"] for name, community in plan.items()}
    assert users == {name: community["users"] for name, community in plan.items()}
    assert Counter(ROLE.tolist()) == {"community": 391, "bridge": 8, "hub": 1}
    assert len(USERS) == 600


def test_titles_are_unique_and_their_articles_fit() -> None:
    titles = [film["title"] for film in read("films.csv")]
    assert len(set(titles)) == len(titles) == 400
    assert not [title for title in titles if "{" in title or " a a" in title.lower()]


def test_films_are_listed_alike_in_data_and_truth() -> None:
    assert [film["movieId"] for film in read("films.csv")] == [film["movieId"] for film in FILMS]


def test_some_users_have_a_mixed_taste_and_live_it() -> None:
    mixed = [user for user in USERS if user["kind"] == "mixed"]
    assert 0.08 <= len(mixed) / len(USERS) <= 0.16
    seen = watched(PLAIN)
    for user in mixed:
        history = seen[USER[user["userId"]]]
        shares = [
            history[members(FILMS, user[taste])].sum() / history.sum()
            for taste in ("community", "second")
        ]
        assert min(shares) > 0.1, user


def test_popularity_and_activity_have_heavy_tails() -> None:
    seen = watched(PLAIN)
    films = np.sort(seen[:, ROLE != "hub"].sum(axis=0))
    users = np.sort(seen.sum(axis=1))
    assert films[-1] > 5 * np.median(films)
    assert users[-1] > 3 * np.median(users)
    assert films[0] >= 5  # even the quietest film can be placed


# --- hub, bridges, sequels ------------------------------------------------------------------------


def test_the_hub_is_watched_by_most_users_of_every_community() -> None:
    seen = watched(PLAIN)
    (hub,) = np.flatnonzero(ROLE == "hub")
    for name in {user["community"] for user in USERS} - {""}:
        assert seen[members(USERS, name), hub].mean() > 0.7
    assert seen[:, hub].sum() > 2 * np.delete(seen, hub, axis=1).sum(axis=0).max()


def test_bridges_are_loved_by_their_two_communities_alone() -> None:
    seen = watched(PLAIN)
    for place in np.flatnonzero(ROLE == "bridge"):
        bridge = FILMS[place]
        own = members(USERS, bridge["community"]) | members(USERS, bridge["second"])
        for name in (bridge["community"], bridge["second"]):
            assert seen[members(USERS, name), place].mean() > 0.4, bridge
        assert seen[~own, place].mean() < 0.1, bridge


def test_sequels_are_watched_in_order_and_never_without_the_parts_before() -> None:
    parts = {film["movieId"]: (film["chain"], int(film["part"])) for film in FILMS if film["chain"]}
    assert Counter(chain for chain, _ in parts.values()) == {
        "Marzipan Vault": 4,
        "Regent of Saturn": 3,
        "Crumbs of Justice": 2,
    }
    progress: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in sorted(PLAIN, key=lambda row: int(row["timestamp"])):
        if row["movieId"] in parts:
            chain, part = parts[row["movieId"]]
            progress[row["userId"], chain].append(part)
    assert all(watched == list(range(1, len(watched) + 1)) for watched in progress.values())
    assert sum(len(watched) > 1 for watched in progress.values()) > 100


def test_every_history_has_distinct_times_within_three_years() -> None:
    histories: dict[str, list[int]] = defaultdict(list)
    for row in PLAIN:
        histories[row["userId"]].append(int(row["timestamp"]))
    for times in histories.values():
        assert all(later - earlier > 3600 for earlier, later in itertools.pairwise(times))
    everything = list(itertools.chain(*histories.values()))
    assert make.START <= min(everything) <= max(everything) <= make.END
    assert max(everything) - min(everything) > 2.5 * 365 * 86_400


# --- cold users and odd rows ----------------------------------------------------------------------


def test_cold_users_have_one_row_no_good_row_and_no_row() -> None:
    served = {row["userId"] for row in read("users.csv")}
    good = Counter(row["userId"] for row in PLAIN)
    any_row = Counter(row["userId"] for _, row in ROWS)
    cold = {user["userId"]: user["kind"] for user in USERS if not user["community"]}
    assert cold == {
        "u598": "single interaction",
        "u599": "only rejected rows",
        "u600": "no rows",
    }
    assert cold.keys() < served
    assert [good[user] for user in cold] == [1, 0, 0]
    assert [any_row[user] for user in cold] == [1, 2, 0]
    (single,) = [row["movieId"] for row in PLAIN if row["userId"] == "u598"]
    watchers = watched(PLAIN).sum(axis=0)
    assert watchers[FILM[single]] <= np.quantile(watchers, 0.01)


def test_odd_rows_are_counted_and_every_other_row_is_good() -> None:
    assert Counter(ODD.values()) == {
        "missing user": 3,
        "missing film": 3,
        "missing rating": 2,
        "rating not a number": 4,
        "rating NaN": 2,
        "rating infinite": 1,
        "rating negative": 3,
        "timestamp in the year 2999": 4,
        "timestamp zero": 2,
        "exact duplicate": 5,
        "re-rating": 6,
    }
    for row in PLAIN:
        assert row["userId"] in USER
        assert row["movieId"] in FILM
        assert float(row["rating"]) in np.arange(0.5, 5.5, 0.5)
    assert len({(row["userId"], row["movieId"]) for row in PLAIN}) == len(PLAIN)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("missing user", {"userId"}),
        ("missing film", {"movieId"}),
        ("missing rating", {"rating"}),
        ("rating NaN", {"rating"}),
        ("rating infinite", {"rating"}),
        ("rating negative", {"rating"}),
        ("timestamp zero", {"timestamp"}),
        ("exact duplicate", set()),
        ("re-rating", {"rating", "timestamp"}),
    ],
)
def test_an_odd_row_differs_from_the_good_one_before_it_in_nothing_else(
    kind: str, changed: set[str]
) -> None:
    rows = dict(ROWS)
    for line in [line for line, found in ODD.items() if found == kind]:
        odd, good = rows[line], rows[line - 1]
        assert line - 1 not in ODD
        assert {column for column in odd if odd[column] != good[column]} == changed


# --- what can be learned --------------------------------------------------------------------------


def test_neighbours_find_the_last_film_twice_as_often_as_popularity() -> None:
    last = {row["userId"]: row for row in PLAIN}  # rows of a user stand in the order of time
    held_out = [row for row in last.values() if row["userId"] != "u598"]
    train = watched([row for row in PLAIN if last[row["userId"]] is not row])

    def recall(scores: Matrix) -> float:
        best = np.argsort(np.where(train > 0, -np.inf, scores))[:, -10:]
        return float(
            np.mean([FILM[row["movieId"]] in best[USER[row["userId"]]] for row in held_out])
        )

    by_popularity = recall(np.tile(train.sum(axis=0), (len(USERS), 1)))
    by_neighbours = recall(train @ cosine(train))
    assert by_popularity > 0.05
    assert by_neighbours > 2 * by_popularity


@pytest.mark.parametrize("neighbours", [10, 20, 40])
def test_communities_of_the_pruned_item_graph_are_the_planted_ones(neighbours: int) -> None:
    similar = cosine(watched(PLAIN))
    kept = np.argsort(-similar, axis=1)[:, :neighbours]
    pruned = np.zeros_like(similar)
    np.put_along_axis(pruned, kept, np.take_along_axis(similar, kept, axis=1), axis=1)
    graph = nx.from_numpy_array(np.maximum(pruned, pruned.T))
    found = nx.community.asyn_lpa_communities(graph, weight="weight", seed=1)
    label = {film: number for number, community in enumerate(found) for film in community}
    ordinary = np.flatnonzero(ROLE == "community")
    planted = [FILMS[place]["community"] for place in ordinary]
    assert adjusted_rand(planted, [label[place] for place in ordinary]) >= 0.9


def adjusted_rand(planted: list[str], found: list[int]) -> float:
    """Hubert and Arabie 1985."""

    def pairs(counts: Counter[tuple[str, int]] | Counter[str] | Counter[int]) -> float:
        return sum(count * (count - 1) / 2 for count in counts.values())

    both = pairs(Counter(zip(planted, found, strict=True)))
    first, second = pairs(Counter(planted)), pairs(Counter(found))
    expected = first * second / (len(planted) * (len(planted) - 1) / 2)
    return (both - expected) / ((first + second) / 2 - expected)
