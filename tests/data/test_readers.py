from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.columns_found import MALFORMED_LINE
from graphrec.data.readers import FILES_COMPARED, read_table
from graphrec.errors import ParameterError, UnreadableInputError

TABLE = pd.DataFrame({"user": ["u1", "u2", "u2"], "item": [7, 8, 9], "rating": [4.0, 3.5, 0.0]})
TEXT_ROWS = [("u1", "7", "4.0"), ("u2", "8", "3.5"), ("u2", "9", "0.0")]
ROWS = [("u1", 7, 4.0), ("u2", 8, 3.5), ("u2", 9, 0.0)]
CSV = "user,item,rating\nu1,7,4.0\nu2,8,3.5\nu2,9,0.0\n"


def rows(df: DataFrame) -> list[tuple[object, ...]]:
    own = [name for name in df.columns if name != MALFORMED_LINE]
    return sorted(tuple(row) for row in df.select(own).collect())


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    if path.suffix == ".gz":
        data = gzip.compress(data)
    elif path.suffix == ".bz2":
        data = bz2.compress(data)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["t.csv", "T.CSV", "t.csv.gz", "t.csv.bz2"])
def test_csv_is_text(spark: SparkSession, tmp_path: Path, name: str) -> None:
    table = read_table(spark, write(tmp_path / name, CSV))
    assert rows(table) == TEXT_ROWS


@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz"])
def test_tsv_is_text(spark: SparkSession, tmp_path: Path, name: str) -> None:
    table = read_table(spark, write(tmp_path / name, CSV.replace(",", "\t")))
    assert rows(table) == TEXT_ROWS


@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.ndjson", "t.json.gz"])
def test_json_keeps_its_types(spark: SparkSession, tmp_path: Path, name: str) -> None:
    lines = TABLE.to_json(orient="records", lines=True)
    table = read_table(spark, write(tmp_path / name, lines)).select("user", "item", "rating")
    assert rows(table) == ROWS


def test_parquet_keeps_its_types(spark: SparkSession, tmp_path: Path) -> None:
    TABLE.to_parquet(tmp_path / "t.parquet")
    assert rows(read_table(spark, tmp_path / "t.parquet")) == ROWS


def test_csv_quotes_blanks_and_byte_order_mark(spark: SparkSession, tmp_path: Path) -> None:
    text = '\ufeffuser, title ,\n u1 ,"Say ""yes"", now", \n\n"",,x\n'
    table = read_table(spark, write(tmp_path / "t.csv", text))
    assert table.columns == ["user", "title", "_c2", MALFORMED_LINE]
    assert [tuple(row) for row in table.collect()] == [
        ("u1", 'Say "yes", now', None, None),
        (None, None, "x", None),
    ]


def test_lines_with_too_few_or_too_many_values_are_kept_as_text(
    spark: SparkSession, tmp_path: Path
) -> None:
    text = "user,item,rating\nu1,7,4,5\nu2,8\nu3,9,1\n"
    table = read_table(spark, write(tmp_path / "t.csv", text))
    assert [tuple(row) for row in table.select("user", MALFORMED_LINE).collect()] == [
        ("u1", "u1,7,4,5"),
        ("u2", "u2,8"),
        ("u3", None),
    ]


def test_reading_csv_passes_over_no_data(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    packed = gzip.compress((CSV + "u3,7,1.0\n" * 300_000).encode())
    path.write_bytes(packed[:-100])
    table = read_table(spark, path)  # does not come to the missing end
    with pytest.raises(Exception, match=r"t\.csv\.gz"):
        table.collect()


def test_directory_of_parts(spark: SparkSession, tmp_path: Path) -> None:
    spark.createDataFrame(TABLE).repartition(3).write.csv(str(tmp_path / "out"), header=True)
    write(tmp_path / "out" / "_rejected" / "part-0.parquet", "not read")
    write(tmp_path / "out" / ".part-0.csv.swp", "not read")
    assert rows(read_table(spark, tmp_path / "out")) == TEXT_ROWS


def test_directory_partitioned_by_a_column(spark: SparkSession, tmp_path: Path) -> None:
    spark.createDataFrame(TABLE).write.partitionBy("user").parquet(str(tmp_path / "out"))
    table = read_table(spark, tmp_path / "out").select("user", "item", "rating")
    assert rows(table) == ROWS


def test_names_with_special_characters_and_patterns(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path / "a b%20[1]{x}*?.csv", CSV)
    for name in ("a b%20[1]{x}*?.csv", "a*.csv"):
        assert rows(read_table(spark, tmp_path / name)) == TEXT_ROWS


def test_uri_and_given_format(spark: SparkSession, tmp_path: Path) -> None:
    path = write(tmp_path / "u.data", CSV.replace(",", "\t"))
    assert rows(read_table(spark, path.as_uri(), format="tsv")) == TEXT_ROWS


Maker = Callable[[Path], Path]


def corrupt_parquet(folder: Path) -> Path:
    return write(folder / "t.parquet", "PAR1 and then nothing of the kind PAR1")


def empty_directory(folder: Path) -> Path:
    (folder / "sub").mkdir()
    write(folder / "_SUCCESS", "")
    return folder


def mixed_directory(folder: Path) -> Path:
    for name in ("a.csv", "b.csv", "c.json", "README"):
        write(folder / name, CSV)
    return folder


def headers(folder: Path, *lines: str) -> Path:
    for place, line in enumerate(lines):
        write(folder / f"{place}.csv", f"{line}\n1,2,3\n")
    return folder


def other_parquet(folder: Path) -> Path:
    TABLE.to_parquet(folder / "a.parquet")
    TABLE.rename(columns={"item": "title"}).to_parquet(folder / "b.parquet")
    return folder


def no_parquet_rows(folder: Path) -> Path:
    TABLE.head(0).to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda d: d / "nope.csv", ["nope.csv does not exist"]),
        (lambda d: d / "nope*.csv", ["nope*.csv does not exist"]),
        (lambda _: Path("gopher://host/t.csv"), ["cannot be read", "gopher"]),
        (lambda d: write(d / "t.csv", ""), ["t.csv is empty"]),
        (lambda d: write(d / "t.csv", "\n\n"), ["t.csv is empty"]),
        (lambda d: write(d / "t.tsv.gz", ""), ["t.tsv.gz is empty"]),
        (lambda d: write(d / "t.json", ""), ["t.json has no rows"]),
        (lambda d: write(d / "t.parquet", ""), ["t.parquet cannot be read"]),
        (no_parquet_rows, ["t.parquet has no rows"]),
        (
            lambda d: write(d / "t.csv", "user,item\n"),
            ["has no rows", "only the header user, item"],
        ),
        (lambda d: write(d / "p" / "1.csv", "user,item\n").parent, ["has no rows"]),
        (empty_directory, ["is a directory without data files"]),
        (mixed_directory, ["several formats", "2 .csv", "1 .json", "1 without suffix"]),
        (lambda d: write(d / "t.xlsx", CSV), ["the suffix .xlsx", ".parquet"]),
        (lambda d: write(d / "t.gz", CSV), ["the suffix .gz"]),
        (lambda d: write(d / "ratings", CSV), ["no suffix"]),
        (corrupt_parquet, ["t.parquet cannot be read"]),
        (lambda d: write(d / "t", "no gzip").rename(d / "t.csv.gz"), ["t.csv.gz cannot be read"]),
        (lambda d: write(d / "t.csv", "196,242,3\n1,2,3\n"), ["no column names", "userId,itemId"]),
        (lambda d: write(d / "t.csv", "user,item,user\n1,2,3\n"), ["repeats user"]),
        (lambda d: write(d / "t.json", "[\n1,\n2]\n"), ["no line that is a JSON object"]),
        (
            lambda d: headers(d, "user,item,rating", "user,item,tag"),
            ["different columns", "user, item, rating in ", "user, item, tag in "],
        ),
        (lambda d: headers(d, "user,item,rating", "item,user,rating"), ["different columns"]),
        (other_parquet, ["different columns", "title"]),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    spark: SparkSession, tmp_path: Path, make: Maker, expected: list[str]
) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        read_table(spark, str(make(tmp_path)).replace("gopher:/", "gopher://"))
    message = str(caught.value)
    assert "\n" not in message
    assert "Exception" not in message
    for part in expected:
        assert part in message


def test_unknown_format(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="csv, tsv, parquet, json"):
        read_table(spark, write(tmp_path / "t.csv", CSV), format="excel")


def test_other_headers_after_the_files_compared_are_never_mixed_up(
    spark: SparkSession, tmp_path: Path
) -> None:
    for place in range(FILES_COMPARED + 1):
        write(tmp_path / f"{place:03}.csv", "user,item\n1,2\n")
    assert rows(read_table(spark, tmp_path)) == [("1", "2")] * (FILES_COMPARED + 1)
    write(tmp_path / "999.csv", "item,user\n1,2\n")
    table = read_table(spark, tmp_path)  # the last header is not compared beforehand
    with pytest.raises(Exception, match="CSV header does not conform"):
        table.collect()


def test_real_files(spark: SparkSession, real_data: Path) -> None:
    table = read_table(spark, real_data / "ml-latest-small" / "movies.csv")
    assert table.count() == 9742
    titles = {row["title"]: row[MALFORMED_LINE] for row in table.collect()}
    assert set(titles.values()) == {None}
    assert "11'09\"01 - September 11 (2002)" in titles
