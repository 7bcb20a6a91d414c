"""The targets of graphrec's speed: one target per name of the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.speed.contest import PEAK, Contender, Figure, Limit, Target, at_least_faster

_SAMPLE: Final = Path(__file__).parents[2] / "sample_data" / "ratings.csv"
_GROWTH: Final = 2.2  # of the seconds, when the interactions double
_SKEW: Final = 1.5  # of the seconds of as many users and interactions without it


@dataclass(frozen=True)
class Scale:
    """How large the inputs are; the defaults are those of the stated targets.

    Attributes:
        data: (user, item) as Parquet, such as Gowalla's training part.
        scratch: directory for what is generated and saved.
        rank: of graphrec's factors, where no peer prescribes it.
        catalogues: items, ascending.
        catalogue_users: who are served from each of them.
        sizes: interactions, each twice those before.
        large: interactions of the largest pair table.
        small: interactions of the sample for GraphFrames, on as many items as MovieLens 100K.
        sources: of GraphFrames' PageRank.
        hub: interactions of the sets with and without a hub or a heavy user.
        heavy: interactions of the heavy user.
    """

    data: str
    scratch: Path
    rank: int = 256
    catalogues: tuple[int, ...] = (40_000, 200_000, 1_000_000)
    catalogue_users: int = 30_000
    sizes: tuple[int, ...] = (1_250_000, 2_500_000, 5_000_000, 10_000_000, 20_000_000)
    large: int = 20_000_000
    small: int = 100_000
    sources: int = 5
    hub: int = 5_000_000
    heavy: int = 100_000


def scoring(scale: Scale) -> list[Target]:
    """Lists of 20 for all users, of all legs."""
    model = str(scale.scratch / "scoring-model")
    fit = {"data": scale.data, "model": model, "rank": scale.rank}
    ours = Figure("graphrec", "again")
    return [
        Target(
            "scoring",
            (
                Contender("graphrec", "scoring:graphrec", {"model": model}),
                Contender("bare kernel", "scoring:kernel", {"model": model}),
                Contender("implicit", "scoring:implicit", {"data": scale.data, "rank": scale.rank}),
                Contender("MLlib, rank 64", "scoring:mllib", {"data": scale.data, "rank": 64}),
            ),
            (
                at_least_faster(ours, Figure("MLlib, rank 64", "lists"), 30),
                Limit(ours, 1, Figure("implicit", "lists"), below=True),
                Limit(ours, 3, Figure("bare kernel", "lists")),
            ),
            (Contender("fit", "scoring:fit", fit),),
        )
    ]


def catalogue(scale: Scale) -> list[Target]:
    """Seconds per user on catalogues of several sizes."""
    found = []
    for items in scale.catalogues:
        folder = scale.scratch / f"items-{items}"
        shape = {"users": scale.catalogue_users, "items": items, "rank": 64}
        found.append(
            Target(
                f"catalogue of {items:,}",
                (Contender("graphrec", "scoring:graphrec", {"model": str(folder / "model")}),),
                (),
                (Contender("fit", "scoring:fit_generated", {"folder": str(folder), **shape}),),
            )
        )
    return found


def pairs(scale: Scale) -> list[Target]:
    """The pair table and the regression on it; the table of many interactions."""
    data = {"data": scale.data}
    large = {"data": str(scale.scratch / f"made-{scale.large}.parquet")}
    ours = Figure("graphrec", "pairs")
    return [
        Target(
            "pairs",
            (
                Contender("graphrec", "pairs:graphrec", data),
                Contender("sparse_dot_topn", "pairs:sparse_dot_topn", data),
                Contender("SciPy", "pairs:scipy", data),
                Contender("implicit BM25", "pairs:implicit_bm25", data | {"neighbours": 100}),
            ),
            (
                Limit(ours, 3, Figure("sparse_dot_topn", "pairs")),
                Limit(Figure("graphrec", "ease"), 2, ours),
            ),
        ),
        Target(
            f"pairs of {scale.large:,}",
            (Contender("graphrec", "pairs:graphrec", large),),
            (Limit(ours, 240), Limit(Figure("graphrec", PEAK), 6)),
            (_generated(large["data"], {"interactions": scale.large}),),
        ),
    ]


def pagerank(scale: Scale) -> list[Target]:
    """Personalized PageRank per source; SciPy's is dense in the sources, so on a sample."""
    small = {"data": str(scale.scratch / f"small-{scale.small}.parquet")}
    each = "per source"
    limit = at_least_faster(Figure("graphrec", each), Figure("GraphFrames", each), 500)

    def contenders(data: Mapping[str, str]) -> tuple[Contender, Contender]:
        return (
            Contender("graphrec", "pagerank:graphrec", dict(data)),
            Contender("GraphFrames", "pagerank:graphframes", {**data, "sources": scale.sources}),
        )

    return [
        Target("pagerank", contenders({"data": scale.data}), (limit,)),
        Target(
            f"pagerank of {scale.small:,}",
            (*contenders(small), Contender("SciPy", "pagerank:scipy", dict(small))),
            (),
            (_generated(small["data"], {"interactions": scale.small, "items": 1_682}),),
        ),
    ]


def factors(scale: Scale) -> list[Target]:
    """Alternating least squares, eight iterations."""
    high = {"data": scale.data, "rank": scale.rank, "iterations": 8}
    low = high | {"rank": scale.rank // 2}
    return [
        Target(
            "factors",
            (
                Contender("graphrec", "factors:graphrec", high),
                Contender("implicit", "factors:implicit", high),
                Contender("graphrec, half the rank", "factors:graphrec", low),
                Contender("MLlib, half the rank", "factors:mllib", low),
            ),
            (
                Limit(Figure("graphrec", "fit"), 1.5, Figure("implicit", "fit")),
                at_least_faster(
                    Figure("graphrec, half the rank", "fit"),
                    Figure("MLlib, half the rank", "fit"),
                    10,
                ),
            ),
        )
    ]


def hybrid(scale: Scale) -> list[Target]:
    """The whole command without the JVM's start, beside implicit's ALS alone."""
    options = ["-k", "20", "--quiet", "--rank", str(scale.rank)]
    peer = {"data": scale.data, "rank": 128, "iterations": 10}
    return [
        Target(
            "hybrid",
            (
                Contender(
                    "graphrec", "command_line:recommend", {"data": scale.data, "options": options}
                ),
                Contender("implicit ALS, rank 128", "factors:implicit", peer),
            ),
            (
                Limit(
                    Figure("graphrec", "without start"),
                    1.5,
                    Figure("implicit ALS, rank 128", "whole"),
                ),
            ),
        )
    ]


def growth(scale: Scale) -> list[Target]:
    """The whole command on ever more interactions."""
    limits = tuple(
        Limit(_whole(f"{size:,}"), _GROWTH, _whole(f"{half:,}"))
        for half, size in pairwise(scale.sizes)
    )
    shapes = {f"{size:,}": {"interactions": size} for size in scale.sizes}
    return [_on_generated("growth", scale, shapes, limits)]


def skew(scale: Scale) -> list[Target]:
    """A hub with a tenth of all interactions, and a user who has a great many."""
    shape: dict[str, float] = {"interactions": scale.hub, "items": max(2 * scale.heavy, 27_278)}
    shapes: dict[str, dict[str, float]] = {
        "even": shape,
        "heavy user": shape | {"heavy": scale.heavy},
        "a thousand hubs": shape | {"hub": 0.1, "hubs": 1000},  # the same users, and no hub
        "hub": shape | {"hub": 0.1, "hubs": 1},
    }
    limits = (
        Limit(_whole("heavy user"), _SKEW, _whole("even")),
        Limit(_whole("hub"), _SKEW, _whole("a thousand hubs")),
    )
    return [_on_generated("skew", scale, shapes, limits)]


def start(scale: Scale) -> list[Target]:
    """How long it takes to say anything; `scale` does not count."""
    arguments = {"data": str(_SAMPLE), "options": ["--quiet"]}
    return [
        Target(
            "start",
            (
                Contender("graphrec --help", "command_line:show_help"),
                Contender("graphrec, sample data", "command_line:recommend", arguments),
                Contender("bare Spark session", "command_line:bare_session"),
            ),
            (
                Limit(_whole("graphrec --help"), 0.5, below=True),
                Limit(_whole("graphrec, sample data"), 3, _whole("bare Spark session")),
            ),
        )
    ]


TARGETS: Final[Mapping[str, Callable[[Scale], list[Target]]]] = {
    make.__name__: make
    for make in (scoring, catalogue, pairs, pagerank, factors, hybrid, growth, skew, start)
}


def _whole(contender: str) -> Figure:
    return Figure(contender, "whole")


def _generated(data: str, shape: Mapping[str, float]) -> Contender:
    return Contender("generate", "command_line:generate", {"data": data, "shape": dict(shape)})


def _on_generated(
    name: str,
    scale: Scale,
    shapes: Mapping[str, Mapping[str, float]],
    limits: tuple[Limit, ...],
) -> Target:
    """The whole command on generated interactions of several shapes."""
    files = {
        who: str(scale.scratch / "-".join(["made", *map(str, shape.values())])) + ".parquet"
        for who, shape in shapes.items()
    }
    options = ["-k", "20", "--quiet", "--rank", str(scale.rank)]
    return Target(
        name,
        tuple(
            Contender(who, "command_line:recommend", {"data": file, "options": options})
            for who, file in files.items()
        ),
        limits,
        tuple(_generated(file, shapes[who]) for who, file in files.items()),
    )
