"""Directories and files by Hadoop and by pyarrow: the same for both."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.cli.io import arrow_files
from graphrec.cli.io.arrow_files import ArrowFiles
from graphrec.cli.io.file_systems import Files
from graphrec.cli.io.hadoop_files import HadoopFiles
from graphrec.errors import InputError
from graphrec.spark import paths
from tests.connect_client import client


@pytest.fixture(params=["hadoop", "arrow"])
def files(
    request: pytest.FixtureRequest, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> Files:
    if request.param == "hadoop":
        return HadoopFiles(spark)
    monkeypatch.setattr(paths, "is_remote", lambda: True)
    return ArrowFiles(client("localhost"))


def test_what_results_need(files: Files, tmp_path: Path) -> None:
    wanted = files.qualified(str(tmp_path / "some where" / "lists 100%"))
    assert files.names(wanted) is None
    assert files.names(files.parent(wanted)) is None
    new = files.beside(wanted, ".{}.new")
    files.make(new)
    files.write(f"{new}/_run.json", "{}")
    assert files.names(new) == {"_run.json"}
    assert files.names(f"{new}/_run.json") == {"a file"}
    files.rename(new, wanted)
    assert files.names(files.parent(wanted)) == {"lists 100%"}
    written = tmp_path / "some where" / "lists 100%" / "_run.json"
    assert written.read_text() == "{}"
    files.delete(wanted)
    files.delete(wanted)  # what is not there is no error
    assert files.names(files.parent(wanted)) == set()


def test_a_path_has_one_place(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert files.location(f"{link}/x") == files.location(f"file://{tmp_path}/x")
    assert files.location(f"{tmp_path}/x") == (("file", None), tmp_path.resolve() / "x")
    with pytest.raises(InputError, match="is the root of a file system"):
        files.parent(files.qualified("/"))


def test_paths_without_a_scheme_need_spark_on_this_machine() -> None:
    for path in ("lists", "/lists"):
        with pytest.raises(InputError, match=f"{path} may be on this machine or on Spark's"):
            ArrowFiles(client("spark.example")).qualified(path)
    assert ArrowFiles(client("spark.example")).qualified("s3a://b/lists") == "s3a://b/lists"


def test_a_disk_that_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written to; found"):
        ArrowFiles(client("localhost")).make(f"file:{tmp_path}/file/lists")


def test_object_stores_have_other_names_in_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Stores:
        @staticmethod
        def from_uri(uri: str) -> None:
            asked.append(uri)
            raise OSError("no network here")

    monkeypatch.setattr(arrow_files, "FileSystem", Stores)
    for scheme in ("s3a", "s3", "gs"):
        with pytest.raises(InputError, match="no network here"):
            ArrowFiles(client("localhost")).make(f"{scheme}://bucket/lists")
    assert asked == ["s3://bucket/lists", "s3://bucket/lists", "gs://bucket/lists"]
