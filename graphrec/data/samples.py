"""The sample data: some 600 invented people and 400 invented films, ready as DataFrames.

`sample_data/README.md` of the repository describes what is planted in it: taste communities, bridge
films, a hub, sequels, cold users and malformed rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import csv
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col


def ratings(spark: SparkSession) -> DataFrame:
    """Return the sample ratings, odd rows included, as the file holds them.

    The odd rows (null ids, null, NaN, infinite and negative ratings, impossible times, duplicates)
    are there to be rejected by the contract on interactions; a rating that is not a number in
    the file is null here.

    Args:
        spark: any session, local or remote.

    Returns:
        `(userId string, movieId string, rating double, timestamp long)`: ratings from 0.5 to 5,
        timestamps in seconds since 1970-01-01 UTC.

    Examples:
        >>> gr.samples.ratings(spark).show(2)
        +------+-------+------+----------+
        |userId|movieId|rating| timestamp|
        +------+-------+------+----------+
        |  u001|   m085|   4.0|1654839501|
        |  u001|   m132|   2.0|1654949991|
        +------+-------+------+----------+
        only showing top 2 rows
    """
    columns = {"userId": "string", "movieId": "string", "rating": "double", "timestamp": "bigint"}
    return _read(spark, "ratings.csv", columns)


def films(spark: SparkSession) -> DataFrame:
    """Return the sample films.

    Args:
        spark: any session, local or remote.

    Returns:
        `(movieId string, title string, genres string, year int)`: genres separated by `|`.

    Examples:
        >>> gr.samples.films(spark).select("movieId", "title").show(2, truncate=False)
        +-------+-------------------------------------+
        |movieId|title                                |
        +-------+-------------------------------------+
        |m001   |Nobody Suspects the Interns          |
        |m002   |What Eskil Nord Left in the Hoarfrost|
        +-------+-------------------------------------+
        only showing top 2 rows
    """
    columns = {"movieId": "string", "title": "string", "genres": "string", "year": "int"}
    return _read(spark, "films.csv", columns)


def users(spark: SparkSession) -> DataFrame:
    """Return a few users to serve, among them one with a single rating and two without history.

    Args:
        spark: any session, local or remote.

    Returns:
        `(userId string)`.

    Examples:
        >>> gr.samples.users(spark).count()
        21
    """
    return _read(spark, "users.csv", {"userId": "string"})


def folder() -> Path:
    """Return the folder of `ratings.csv`, `films.csv` and `users.csv`, for what reads files.

    The command line does: `graphrec recommend FOLDER/ratings.csv --items FOLDER/films.csv`.

    Returns:
        a folder inside the installed package, or `sample_data` of the repository.
    """
    installed = Path(__file__).with_name("sample_files")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "sample_data"


def _read(spark: SparkSession, name: str, columns: Mapping[str, str]) -> DataFrame:
    """Read a file here and hand its half megabyte over: the workers may not see this disk."""
    text = csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=[""],  # "NaN" and "n/a" stay what they are
        strings_can_be_null=True,
    )
    table = csv.read_csv(folder() / name, convert_options=text)
    typed = [col(column).try_cast(kind).alias(column) for column, kind in columns.items()]
    return spark.createDataFrame(table).select(typed)
