"""Public data sets as DataFrames: MovieLens, in whichever form it was published.

    ratings, items, users = gr.datasets.movielens("ml-1m")

Nothing is downloaded: https://grouplens.org/datasets/movielens/ has the archives, and says what
they may be used for. Source: Harper and Konstan, "The MovieLens Datasets: History and Context"
(2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.data.reading.paths import find_files
from graphrec.errors import UnreadableInputError
from graphrec.spark.paths import path_for
from graphrec.spark.session import spark_session

_RATINGS: Final = "userId int, movieId int, rating double, timestamp bigint"
_ITEMS: Final = "movieId int, title string, genres string"
_FLAGS: Final = (  # of ml-100k: a column of 0 and 1 for each genre
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_NO_GENRE: Final = ("", "unknown", "(no genres listed)")
_YEAR: Final = r"\s*\((\d{4})\)\s*$"  # at the end of a title
_USERS: Final = ("userId", "age", "gender", "occupation", "zipCode")


class MovieLens(NamedTuple):
    """The tables of a MovieLens folder.

    Attributes:
        ratings: `(userId int, movieId int, rating double, timestamp long)`, seconds since
            1970-01-01 UTC.
        items: `(movieId int, title string, genres string, year int)`: the title without its year;
            genres separated by `|`, null where there are none.
        users: `(userId int, age int, gender string, occupation string, zipCode string)`, age and
            occupation as the set codes them; None where it has no table of users.
    """

    ratings: DataFrame
    items: DataFrame
    users: DataFrame | None


def movielens(path: str | PathLike[str]) -> MovieLens:
    """Read a MovieLens folder as it was unpacked, in the running session or a local one.

    Args:
        path: the folder of `ml-100k`, `ml-1m`, `ml-10m`, `ml-20m`, `ml-25m`, `ml-32m` or one of
            `ml-latest`; any path that Spark reads.

    Returns:
        ratings, items and users.

    Raises:
        UnreadableInputError: there is no such folder, or it is none of MovieLens.
    """
    spark = spark_session()
    folder = fspath(path)
    names = {PurePosixPath(file).name for file in find_files(spark, folder).paths}
    release = next((one for one in _RELEASES if {one.ratings, one.items} <= names), None)
    if release is None:
        raise UnreadableInputError(
            f"{folder} is not a folder of MovieLens",
            found=", ".join(sorted(names)[:8]),
            fix=f"give the folder with {_alternatives()}",
        )
    return release.read(spark, path_for(spark, folder), names)


@dataclass(frozen=True)
class _Release:
    """How some of the releases are written.

    Attributes:
        ratings: name of the file.
        items: name of the file.
        item_columns: in their order; a genre by itself is a column of 0 and 1.
        separators: of the columns of the ratings, and of those of the other tables.
        users: name of the file, which some releases have.
        user_columns: in their order.
        quoted: whether a text may stand in quotes.
    """

    ratings: str
    items: str
    item_columns: str
    separators: tuple[str, str]
    users: str = ""
    user_columns: str = ""
    quoted: bool = False

    def read(self, spark: SparkSession, folder: str, names: set[str]) -> MovieLens:
        """The tables of a folder with these files, and perhaps others."""
        # Those with users are of the years before 2009, when texts were not yet in UTF-8.
        encoding = "ISO-8859-1" if self.users in names else "UTF-8"

        def table(name: str, schema: str, separator: str, *, header: bool) -> DataFrame:
            return spark.read.csv(
                f"{folder}/{name}",
                schema,
                sep=separator,
                encoding=encoding,
                header=header,
                quote='"' if self.quoted else "",
                escape='"' if self.quoted else "\\",
            )

        rows, texts = self.separators
        ratings = table(self.ratings, _RATINGS, rows, header=self.quoted)
        items = table(self.items, self.item_columns, texts, header=self.quoted)
        users = (
            table(self.users, self.user_columns, texts, header=False).select(*_USERS)
            if self.users in names
            else None
        )
        return MovieLens(ratings, _tidy(items), users)


_FLAG_COLUMNS: Final = ", ".join(f"`{genre}` int" for genre in _FLAGS)
_RELEASES: Final = (
    _Release(
        *("u.data", "u.item"),
        f"movieId int, title string, released string, video string, url string, {_FLAG_COLUMNS}",
        ("\t", "|"),
        "u.user",
        "userId int, age int, gender string, occupation string, zipCode string",
    ),
    _Release(
        *("ratings.dat", "movies.dat", _ITEMS),
        ("::", "::"),
        "users.dat",
        "userId int, gender string, age int, occupation string, zipCode string",
    ),
    _Release("ratings.csv", "movies.csv", _ITEMS, (",", ","), quoted=True),
)


def _tidy(items: DataFrame) -> DataFrame:
    """Titles without their years, the years, and genres in one form."""
    title, genres = F.col("title"), _genres(items)
    return items.select(
        "movieId",
        F.trim(F.regexp_replace(title, _YEAR, "")).alias("title"),
        F.when(~genres.isin(*_NO_GENRE), genres).alias("genres"),
        F.regexp_extract(title, _YEAR, 1).try_cast("int").alias("year"),
    )


def _genres(items: DataFrame) -> Column:
    if "genres" in items.columns:
        return F.col("genres")
    return F.concat_ws("|", *(F.when(F.col(name) == 1, F.lit(name)) for name in _FLAGS))


def _alternatives() -> str:
    return " or ".join(f"{release.ratings} and {release.items}" for release in _RELEASES)
