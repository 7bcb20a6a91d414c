"""The sample data as DataFrames."""

import csv
import importlib.util
import shutil
from collections import Counter
from pathlib import Path

from pyspark.sql import DataFrame, Row, SparkSession

from graphrec.data import samples

FILES = Path(__file__).parents[2] / "sample_data"


def column_types(frame: DataFrame) -> dict[str, str]:
    return dict(frame.dtypes)


def file_rows(name: str) -> list[dict[str, str]]:
    with (FILES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def comparable(user: str | None, movie: str | None, rating: float | None, time: int) -> str:
    return str((user or None, movie or None, rating, time))


def test_ratings_hold_every_row_of_the_file_and_spoil_nothing_further(spark: SparkSession) -> None:
    frame = samples.ratings(spark)
    assert column_types(frame) == {
        "userId": "string",
        "movieId": "string",
        "rating": "double",
        "timestamp": "bigint",
    }
    expected = [
        comparable(row["userId"], row["movieId"], as_number(row["rating"]), int(row["timestamp"]))
        for row in file_rows("ratings.csv")
    ]
    assert sorted(comparable(*row) for row in frame.collect()) == sorted(expected)


def test_not_a_number_is_distinguished_from_no_number(spark: SparkSession) -> None:
    texts = Counter(row["rating"] for row in file_rows("ratings.csv"))
    ratings = [row.rating for row in samples.ratings(spark).select("rating").collect()]
    found = Counter(str(rating) for rating in ratings if rating is None or not 0 < rating < 6)
    assert found["nan"] == texts["NaN"] == 2
    assert found["inf"] == texts["Infinity"] == 1
    assert found["None"] == texts[""] + texts["five stars"] + texts["n/a"] + texts["4,5"] + 1
    assert texts["lovely"] == 1


def test_films_keep_quotes_commas_and_letters_beyond_ascii(spark: SparkSession) -> None:
    frame = samples.films(spark)
    assert column_types(frame) == {
        "movieId": "string",
        "title": "string",
        "genres": "string",
        "year": "int",
    }
    rows = {row.movieId: row for row in frame.collect()}
    for film in file_rows("films.csv"):
        assert rows[film["movieId"]] == Row(
            movieId=film["movieId"],
            title=film["title"],
            genres=film["genres"],
            year=int(film["year"]),
        )
    titles = {row.title for row in rows.values()}
    assert "The Rōnin's Soufflé in D Minor" in titles
    assert any('"' in title for title in titles)
    assert any("," in title for title in titles)


def test_users_to_serve_include_those_without_any_history(spark: SparkSession) -> None:
    users = samples.users(spark)
    assert column_types(users) == {"userId": "string"}
    without_rows = users.join(samples.ratings(spark), "userId", "left_anti").collect()
    assert without_rows == [Row(userId="u600")]


def test_an_installed_package_reads_the_files_it_carries(
    spark: SparkSession, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(samples.__file__, tmp_path))
    (tmp_path / "sample_files").mkdir()
    (tmp_path / "sample_files" / "users.csv").write_text("userId\nu7\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("installed_samples", copy)
    assert spec is not None
    assert spec.loader is not None
    installed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(installed)
    assert installed.users(spark).collect() == [Row(userId="u7")]
