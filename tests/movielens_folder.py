"""A part of the sample data as a MovieLens folder."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from tests.some_ratings import RATINGS, every_fifth_user


def movielens_folder(folder: Path) -> Path:
    """Write `ratings.csv` and `movies.csv` as `ml-latest` has them: whole numbers, years in titles.

    Its odd rows are left out: MovieLens has none.
    """
    rows = pd.read_csv(every_fifth_user(folder), dtype=str)
    rows["rating"] = pd.to_numeric(rows.rating, errors="coerce")
    rows = rows[rows.rating.between(0.5, 5.0) & rows.movieId.notna() & rows.userId.notna()]
    rows = rows.drop_duplicates(["userId", "movieId"])
    films = pd.read_csv(RATINGS.with_name("films.csv"), dtype=str)
    films["title"] += " (" + films.year + ")"
    for frame in (rows, films):
        for column in frame.columns.intersection(["userId", "movieId"]):
            frame[column] = frame[column].str[1:].astype(int)
    rows.to_csv(folder / "ratings.csv", index=False)
    films[["movieId", "title", "genres"]].to_csv(
        folder / "movies.csv", index=False, quoting=csv.QUOTE_MINIMAL
    )
    return folder
