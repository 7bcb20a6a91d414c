from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import orc
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.interaction_columns import MALFORMED_LINE
from graphrec.data.reading.readers import FILES_COMPARED, read_table
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.data.text_ids import is_untyped
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


def test_orc_keeps_its_types(spark: SparkSession, tmp_path: Path) -> None:
    orc.write_table(pa.Table.from_pandas(TABLE), tmp_path / "t.orc")
    assert rows(read_table(spark, tmp_path / "t.orc")) == ROWS


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


NAMES = {"007": "007", "7": "7", "1e3": "1e3", "2024-03-10": "2024-03-10", "a%2Fb": "a/b"}
NAMES_OF_NONE = {"__HIVE_DEFAULT_PARTITION__": None}


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_names_of_directories_are_text_as_they_are_written(
    spark: SparkSession, tmp_path: Path, kind: str
) -> None:
    names = NAMES | NAMES_OF_NONE
    for name in names:
        part = tmp_path / f"userId={name}" / f"part.{kind}"
        part.parent.mkdir()
        if kind == "parquet":
            TABLE[["item"]].head(1).to_parquet(part)
        else:
            write(part, "item\n7\n" if kind == "csv" else '{"item": 7}\n')
    table = read_table(spark, tmp_path)
    assert {row["userId"] for row in table.collect()} == set(names.values())
    assert is_untyped(table, "userId")


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


def delta_directory(folder: Path) -> Path:
    TABLE.to_parquet(folder / "part-0.parquet")
    write(folder / "_delta_log" / "00000000000000000000.json", "{}")
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
        (lambda d: write(d / "_t.csv", CSV), ["_t.csv is hidden", "rename it"]),
        (lambda d: write(d / ".t.csv", CSV), [".t.csv is hidden"]),
        (lambda d: write(d / "a:b.csv", CSV), ["a:b.csv cannot be read", "colon"]),
        (lambda d: write(d / "t.gz", CSV).rename(d / "t.csv"), ["t.csv is not text", ".gz"]),
        (lambda d: write(d / "t.gz", CSV).rename(d / "t.json"), ["t.json is not text", "gzip"]),
        (lambda d: write(d / "t.bz2", CSV).rename(d / "t.csv"), ["t.csv is not text", "bzip2"]),
        (
            lambda d: write(d / "t.csv", "PK\x03\x04"),
            ["t.csv is not text", "zip", "as CSV"],
        ),
        (lambda d: write(d / "t.csv", "u\0s\0"), ["t.csv is not text", "zero bytes", "--encoding"]),
        (lambda d: write(d / "t.csv", "a,\x1b[2Jb\n"), [r"only the header a, \x1b[2Jb"]),
        (lambda d: write(d / "t\n.csv", ""), [r"t\n.csv is empty"]),
        (lambda d: write(d / "t.csv", "196,242,3\n1,2,3\n"), ["no column names", "userId,itemId"]),
        (lambda d: write(d / "t.csv", "user,item,user\n1,2,3\n"), ["repeats user"]),
        (
            lambda d: write(d / "p" / "user=1" / "t.csv", "User,item\n5,a\n").parents[1],
            ["the column user of ", "in the name of its directory, too"],
        ),
        (lambda d: write(d / "t[1].csv", "1,2\n3,4\n"), ["first line of ", "/t[1].csv has no"]),
        (lambda d: write(d / "t.csv", f"{'x' * 200_000},b\n1,2\n"), ["t.csv is no header"]),
        (lambda d: write(d / "t.json", "[\n1,\n2]\n"), ["no line that is a JSON object"]),
        (
            lambda d: headers(d, "user,item,rating", "user,item,tag"),
            ["different columns", "user, item, rating in ", "user, item, tag in "],
        ),
        (lambda d: headers(d, "user,item,rating", "item,user,rating"), ["different columns"]),
        (other_parquet, ["different columns", "title"]),
        (delta_directory, ["directory of a Delta table", "deleted rows", "table:delta."]),
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
    with pytest.raises(ParameterError, match="csv, tsv, parquet, orc, json"):
        read_table(spark, write(tmp_path / "t.csv", CSV), format="excel")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("ïtem,us\x1ber", r"found ïtem, us\x1ber instead of user, ïtem"),
        ("user,ïtem,rating", "found 3 columns instead of 2"),
    ],
)
def test_other_headers_after_the_files_compared_are_never_mixed_up(
    spark: SparkSession, tmp_path: Path, header: str, found: str
) -> None:
    for place in range(FILES_COMPARED + 1):
        write(tmp_path / f"{place:03}.csv", "user,ïtem\n1,2\n")
    assert rows(read_table(spark, tmp_path)) == [("1", "2")] * (FILES_COMPARED + 1)
    write(tmp_path / "999.csv", f"{header}\n1,2\n")
    table = read_table(spark, tmp_path)  # the last header is not compared beforehand
    with (
        pytest.raises(UnreadableInputError, match=r"999\.csv has other columns") as caught,
        one_line_errors(spark),
    ):
        table.collect()
    assert found in str(caught.value)


# --- encodings ------------------------------------------------------------------------------------

PEOPLE = "user,item\nJosé,1\nJosè,2\nJo\ufffd,3\n"
READ = [("José", "1"), ("Josè", "2"), ("Jo\ufffd", "3")]
PEOPLE_OF_LATIN = PEOPLE.replace("\ufffd", "")
READ_OF_LATIN = [("Jo", "3"), ("Josè", "2"), ("José", "1")]


@pytest.mark.parametrize(
    ("written", "given", "expected"),
    [
        ("utf-8", None, READ),
        ("utf-8-sig", None, READ),
        ("utf-8-sig", "latin-1", READ),
        ("latin-1", "latin-1", READ_OF_LATIN),
        ("cp1252", "cp1252", READ_OF_LATIN),
        ("utf-16", None, READ_OF_LATIN),
        ("utf-16", "utf-16", READ_OF_LATIN),
        ("utf-16-le", "utf-16", READ_OF_LATIN),
        ("utf-32", None, READ_OF_LATIN),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv", "t.json"])
def test_encodings(
    spark: SparkSession, tmp_path: Path, name: str, written: str, given: str | None, expected: Any
) -> None:
    text = PEOPLE if expected is READ else PEOPLE_OF_LATIN
    if name == "t.tsv":
        text = text.replace(",", "\t").replace("\n", "\r\n")
    if name == "t.json":
        lines = (line.split(",") for line in text.splitlines()[1:])
        text = "".join(f'{{"user": "{user}", "item": "{item}"}}\n' for user, item in lines)
    data = text.encode(written)
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    table = read_table(spark, path, encoding=given).select("user", "item")
    assert rows(table) == sorted(expected)


@pytest.mark.parametrize(
    ("name", "data", "given", "line"),
    [
        ("t.csv", PEOPLE_OF_LATIN.encode("latin-1"), None, 2),
        ("t.csv", b"user,item\n\na,1\nb,2\nJos\xe9,1\n", None, 5),
        ("t.csv", b"us\xe9r,item\na,1\n", None, 1),
        ("t.csv", b"user,item\na,1\n\x81,2\n", "cp1252", 3),
        ("t.csv", PEOPLE.encode(), "ascii", 2),
        ("t.csv", "user,item\na,1\n".encode("utf-16") + b"\x00\xd8,\x001\x00\n\x00", None, 3),
        ("t.csv.gz", gzip.compress(b"user,item\na,1\nJos\xe9,1\n", mtime=0), None, 3),
        ("t.json", b'{"user": "a"}\n{"user": "Jos\xe9"}\n', None, 2),
        ("t.json", b'{"user": "a"}\n{"user": "Jos\x81"}\n', "cp1252", 2),
        ("t[1]{x}%20.csv", b"user,item\nJos\xe9,1\n", None, 2),
    ],
)
def test_bytes_that_are_no_text_are_reported_with_their_line(
    spark: SparkSession, tmp_path: Path, name: str, data: bytes, given: str | None, line: int
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableInputError) as caught, one_line_errors(spark):
        read_table(spark, tmp_path / name, encoding=given).collect()
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / name} is not text in ")
    assert f"; found other bytes in line {line}; name its encoding by --encoding" in message


def test_the_line_is_found_beyond_the_first_block_of_any_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    for place in range(3):
        write(tmp_path / f"{place}.csv", "user,item\n" + "bob,1\n" * 500)
    with (tmp_path / "1.csv").open("ab") as file:
        file.write(b"Jos\xe9,1\n" + b"bob,1\n" * 500)
    before = spark.conf.get("spark.sql.files.maxPartitionBytes") or ""
    spark.conf.set("spark.sql.files.maxPartitionBytes", "1000b")
    try:
        with (
            pytest.raises(UnreadableInputError, match=r"1\.csv is .* in line 502;"),
            one_line_errors(spark),
        ):
            read_table(spark, tmp_path).collect()
    finally:
        spark.conf.set("spark.sql.files.maxPartitionBytes", before)


def test_files_of_one_directory_have_one_encoding(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path / "a.csv", PEOPLE)
    (tmp_path / "b.csv").write_bytes(PEOPLE.encode("utf-16"))
    with pytest.raises(UnreadableInputError, match=r"utf-8 in .*a\.csv, utf-16-le in .*b\.csv"):
        read_table(spark, tmp_path)


def test_encodings_whose_lines_end_otherwise_are_refused(
    spark: SparkSession, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match="files in 'cp037' are not read"):
        read_table(spark, write(tmp_path / "t.csv", CSV), encoding="cp037")


@pytest.mark.parametrize("name", ["klingon", "idna", "rot13"])
def test_unknown_encoding(spark: SparkSession, tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match=f"no encoding '{name}' is known"):
        read_table(spark, write(tmp_path / "t.csv", CSV), encoding=name)


# --- delimiters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mark", "given"), [(";", ";"), ("|", "|"), ("\t", "tab"), ("\t", r"\t")])
def test_given_delimiter(spark: SparkSession, tmp_path: Path, mark: str, given: str) -> None:
    path = write(tmp_path / "t.csv", CSV.replace(",", mark).replace("4.0", '"4,0"'))
    with pytest.raises(UnreadableInputError, match=r"is the delimiter .*--delimiter '"):
        read_table(spark, path)
    assert rows(read_table(spark, path, delimiter=given))[0] == ("u1", "7", "4,0")


@pytest.mark.parametrize("given", ["::", "", '"', "\n"])
def test_what_is_no_delimiter(spark: SparkSession, tmp_path: Path, given: str) -> None:
    with pytest.raises(ParameterError, match="a delimiter is one character"):
        read_table(spark, write(tmp_path / "t.csv", CSV), delimiter=given)


def test_real_files(spark: SparkSession, real_data: Path) -> None:
    table = read_table(spark, real_data / "ml-latest-small" / "movies.csv")
    assert table.count() == 9742
    titles = {row["title"]: row[MALFORMED_LINE] for row in table.collect()}
    assert set(titles.values()) == {None}
    assert "11'09\"01 - September 11 (2002)" in titles
