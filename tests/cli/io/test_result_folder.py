"""Directories that appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from graphrec.cli.io.result_folder import RESULT, staged, write_text
from graphrec.cli.runtime.signals import Interrupted, interruptions_raise
from graphrec.data.reading.file_names import escaped
from graphrec.errors import InputError, OutputExistsError, PlatformError

OLD = {"_run.json": "old"}


def make(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def contents(folder: Path) -> dict[str, str]:
    """All files but Hadoop's checksums."""
    return {file.name: file.read_text() for file in folder.iterdir() if file.suffix != ".crc"}


def write(spark: SparkSession, path: Path | str, text: str, *, overwrite: bool = False) -> None:
    with staged(spark, str(path), made_of=RESULT, overwrite=overwrite) as folder:
        write_text(spark, f"{folder}/_run.json", text)


def test_appears_at_the_end_with_what_was_written(spark: SparkSession, tmp_path: Path) -> None:
    wanted = tmp_path / "deep" / "out"
    with staged(spark, str(wanted), made_of=RESULT, overwrite=False) as folder:
        write_text(spark, f"{folder}/_run.json", "new")
        assert not wanted.exists()
        assert Path(folder.removeprefix("file:")).parent == wanted.parent
    assert contents(wanted) == {"_run.json": "new"}
    assert os.listdir(wanted.parent) == ["out"]


@pytest.mark.parametrize("name", ["a b", "50%", "[x]{y}*?", "ä#?&", "-x"])
def test_names_with_special_characters(spark: SparkSession, tmp_path: Path, name: str) -> None:
    with staged(spark, str(tmp_path / name), made_of=RESULT, overwrite=False) as folder:
        spark.range(3).write.mode("append").parquet(folder)
    assert os.listdir(tmp_path) == [name]
    assert spark.read.parquet(escaped(str(tmp_path / name))).count() == 3


def test_replaces_only_when_asked_to(spark: SparkSession, tmp_path: Path) -> None:
    out = make(tmp_path / "out", OLD)
    with pytest.raises(OutputExistsError, match="--overwrite"):
        write(spark, out, "new")
    assert contents(out) == OLD
    write(spark, out, "new", overwrite=True)
    assert contents(out) == {"_run.json": "new"}
    assert os.listdir(tmp_path) == ["out"]


def test_replaces_an_empty_directory(spark: SparkSession, tmp_path: Path) -> None:
    write(spark, make(tmp_path / "out", {}), "new", overwrite=True)
    assert contents(tmp_path / "out") == {"_run.json": "new"}


def test_never_replaces_what_graphrec_did_not_write(spark: SparkSession, tmp_path: Path) -> None:
    home = make(tmp_path / "home", {"thesis.txt": "years of work"})
    file = tmp_path / "_run.json"
    file.write_text("a file")
    for path in (home, file):
        with pytest.raises(OutputExistsError, match="not written by graphrec"):
            write(spark, path, "new", overwrite=True)
    assert contents(home) == {"thesis.txt": "years of work"}
    assert file.read_text() == "a file"
    with pytest.raises(OutputExistsError, match="not written by graphrec"):
        write(spark, Path("/"), "new", overwrite=True)


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_failed_block_changes_nothing(
    spark: SparkSession, tmp_path: Path, error: BaseException
) -> None:
    out = make(tmp_path / "out", OLD)

    def fail() -> None:
        with staged(spark, str(out), made_of=RESULT, overwrite=True) as folder:
            write_text(spark, f"{folder}/half", "half")
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert contents(out) == OLD
    assert os.listdir(tmp_path) == ["out"]
    assert caught.value.__notes__ == [f"{out} is as it was"]


def test_the_older_directory_is_put_back_if_the_new_one_cannot_be_renamed(
    spark: SparkSession, tmp_path: Path
) -> None:
    out = make(tmp_path / "out", OLD)
    with (
        pytest.raises(Exception, match="graphrec-"),
        staged(spark, str(out), made_of=RESULT, overwrite=True) as folder,
    ):
        os.rmdir(folder.removeprefix("file:"))
    assert contents(out) == OLD
    assert os.listdir(tmp_path) == ["out"]


def test_a_directory_that_came_into_being_meanwhile_is_left_alone(
    spark: SparkSession, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with (
        pytest.raises(OutputExistsError),
        staged(spark, str(out), made_of=RESULT, overwrite=False),
    ):
        make(out, {"_run.json": "by another run"})
    assert contents(out) == {"_run.json": "by another run"}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("out", "other", "relation"),
    [
        ("in", "in", " is "),
        ("in/out", "in", "is in"),
        ("in/out", "in/../in", "is in"),
        ("link/out", "in", "is in"),
        ("in", "in/data/ratings.csv", "contains"),
        ("in", "in/*.csv", "contains"),
    ],
)
def test_apart_from_other_paths(
    spark: SparkSession, tmp_path: Path, out: str, other: str, relation: str
) -> None:
    make(tmp_path / "in", OLD)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    with (
        pytest.raises(InputError, match=relation),
        staged(
            spark,
            f"{tmp_path}/{out}",
            made_of=RESULT,
            overwrite=True,
            apart_from=[f"{tmp_path}/other", f"{tmp_path}/{other}"],
        ),
    ):
        pass
    assert contents(tmp_path / "in") == OLD


@pytest.mark.parametrize("path", ["/proc/none/out", "gopher://host/out", "a:b"])
def test_what_cannot_be_written_to_is_said_before_anything_is_done(
    spark: SparkSession, path: str
) -> None:
    with pytest.raises(InputError, match="cannot be written to"):
        write(spark, path, "new")


def test_a_full_disk_is_one_clear_line(spark: SparkSession, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        with (
            pytest.raises(PlatformError, match="no space left on the device") as caught,
            staged(spark, f"{disk}/out", made_of=RESULT, overwrite=False) as folder,
        ):
            spark.range(0, 1_000_000, 1, 1).write.mode("append").parquet(folder)
        assert str(caught.value).startswith(f"{disk}/out cannot be written to; found no space")
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_what_a_killed_run_left_is_removed(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / ".out.graphrec-0123abcd").mkdir()
    (tmp_path / ".out.graphrec-0123abcd.lock").write_text("")
    write(spark, tmp_path / "other", "new")
    assert os.listdir(tmp_path) == ["other"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_job_is_cancelled_and_leaves_nothing(
    spark: SparkSession, tmp_path: Path, number: signal.Signals
) -> None:
    def slow(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for _ in range(150):
                yield batch
                time.sleep(0.1)

    out = make(tmp_path / "out", OLD)
    watch = threading.Thread(target=interrupt_when_writing, args=(tmp_path, number))
    watch.start()
    with (
        pytest.raises(Interrupted),
        interruptions_raise(),
        staged(spark, str(out), made_of=RESULT, overwrite=True) as folder,
    ):
        spark.range(0, 20_000, 1, 2).mapInArrow(slow, "id long").write.mode("append").parquet(
            folder
        )
    watch.join()
    assert contents(out) == OLD
    assert os.listdir(tmp_path) == ["out"]
    assert no_job_runs(spark, within=5.0)


def no_job_runs(spark: SparkSession, within: float) -> bool:
    """Whether all jobs have ended, which Spark reports a moment later."""
    deadline = time.monotonic() + within
    while spark.sparkContext.statusTracker().getActiveJobsIds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def interrupt_when_writing(folder: Path, number: signal.Signals) -> None:
    """Wait until tasks have begun to write."""
    for _ in range(600):
        time.sleep(0.1)
        with suppress(OSError):
            if list(folder.glob(".out.graphrec-*/_temporary/*/_temporary/*")):
                break
    os.kill(os.getpid(), number)
