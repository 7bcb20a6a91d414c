"""Each form of a MovieLens folder gives the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

import graphrec as gr
from graphrec.errors import UnreadableInputError

_FLAGS = "|".join("1" if at in (3, 5) else "0" for at in range(19))  # Animation, Comedy
_NONE = "|".join("1" if at == 0 else "0" for at in range(19))
ML_100K = {
    "u.data": "7\t1\t4\t881250949\n8\t2\t1\t881250950\n",
    "u.item": (
        f"1|Belle Époque (1992)|01-Jan-1992||http://a|{_FLAGS}\n2|unknown|||http://b|{_NONE}\n"
    ),
    "u.user": "7|24|M|technician|85711\n8|53|F|other|T8H1N\n",
}
ML_1M = {
    "ratings.dat": "7::1::4::881250949\n8::2::1::881250950\n",
    "movies.dat": "1::Belle Époque (1992)::Animation|Comedy\n2::unknown::\n",
    "users.dat": "7::M::24::technician::85711\n8::F::53::other::T8H1N\n",
}
ML_10M = {name: ML_1M[name].replace("::4::", "::4.0::") for name in ("ratings.dat", "movies.dat")}
ML_LATEST = {
    "ratings.csv": "userId,movieId,rating,timestamp\n7,1,4.0,881250949\n8,2,1.0,881250950\n",
    "movies.csv": (
        "movieId,title,genres\n1,Belle Époque (1992),Animation|Comedy\n"
        "2,unknown,(no genres listed)\n"
    ),
    "tags.csv": "userId,movieId,tag,timestamp\n7,1,merry,881250949\n",
}


def folder_of(files: Mapping[str, str], folder: Path, encoding: str) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding=encoding)
    return folder


@pytest.mark.parametrize(
    ("files", "encoding", "has_users"),
    [
        pytest.param(ML_100K, "latin-1", True, id="ml-100k"),
        pytest.param(ML_1M, "latin-1", True, id="ml-1m"),
        pytest.param(ML_10M, "utf-8", False, id="ml-10m"),
        pytest.param(ML_LATEST, "utf-8", False, id="ml-latest"),
    ],
)
def test_every_form_gives_the_same_tables(
    files: Mapping[str, str], encoding: str, has_users: bool, spark: SparkSession, tmp_path: Path
) -> None:
    found = gr.datasets.movielens(folder_of(files, tmp_path, encoding))
    assert found.ratings.sparkSession is spark
    assert found.ratings.collect() == [
        Row(userId=7, movieId=1, rating=4.0, timestamp=881250949),
        Row(userId=8, movieId=2, rating=1.0, timestamp=881250950),
    ]
    assert found.items.collect() == [
        Row(movieId=1, title="Belle Époque", genres="Animation|Comedy", year=1992),
        Row(movieId=2, title="unknown", genres=None, year=None),
    ]
    if not has_users:
        assert found.users is None
        return
    assert found.users is not None
    assert found.users.collect() == [
        Row(userId=7, age=24, gender="M", occupation="technician", zipCode="85711"),
        Row(userId=8, age=53, gender="F", occupation="other", zipCode="T8H1N"),
    ]


def test_titles_keep_commas_and_quotes(spark: SparkSession, tmp_path: Path) -> None:
    title = '"""Great"" Film, The (1999) (2001) "'
    files = {**ML_LATEST, "movies.csv": f"movieId,title,genres\n3,{title},War\n"}
    [film] = gr.datasets.movielens(folder_of(files, tmp_path, "utf-8")).items.collect()
    assert film == Row(movieId=3, title='"Great" Film, The (1999)', genres="War", year=2001)


def test_another_folder_is_refused_in_one_sentence(spark: SparkSession, tmp_path: Path) -> None:
    folder_of({"ratings.csv": "", "films.csv": "a\n1\n"}, tmp_path, "utf-8")
    with pytest.raises(UnreadableInputError, match="is not a folder of MovieLens; found films"):
        gr.datasets.movielens(tmp_path)
    with pytest.raises(UnreadableInputError, match="does not exist"):
        gr.datasets.movielens(tmp_path / "ml-1m")
