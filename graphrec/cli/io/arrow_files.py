"""pyarrow's file systems, where the session is a client of Spark Connect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem
from pyspark.sql import SparkSession
from typing_extensions import override

from graphrec.cli.io.file_systems import Files, root_error
from graphrec.cli.runtime.error_text import one_line
from graphrec.errors import InputError
from graphrec.spark.connect import server_is_here
from graphrec.spark.paths import has_scheme, path_for

_ARROW_NAMES: Final = {"s3a": "s3", "s3n": "s3"}  # of what Hadoop calls otherwise


class ArrowFiles(Files):
    """pyarrow's file systems, where the session is a client of Spark Connect."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    @override
    def qualified(self, path: str) -> str:
        if has_scheme(path):
            return path
        if not server_is_here(self._spark):
            raise InputError(
                f"{path} may be on this machine or on Spark's, which is another one",
                fix="name the file system too, as in s3://bucket/lists",
            )
        return f"file:{path_for(self._spark, path)}"

    @override
    def location(self, path: str) -> tuple[tuple[str, str | None], Path]:
        parts = urlsplit(self.qualified(path))
        full = Path(parts.path)
        return (parts.scheme, parts.netloc or None), (
            full.resolve() if parts.scheme == "file" else full
        )

    @override
    def beside(self, path: str, name: str) -> str:
        return f"{self.parent(path)}/{name.format(PurePosixPath(path).name)}"

    @override
    def parent(self, path: str) -> str:
        above, _, name = path.rstrip("/").rpartition("/")
        if not name or not above.partition(":")[2]:
            raise root_error(path)
        return above

    @override
    def names(self, path: str) -> set[str] | None:
        with _opened(path) as (system, full):
            kind = system.get_file_info(full).type
            if kind == FileType.NotFound:
                return None
            if kind != FileType.Directory:
                return {"a file"}
            return {info.base_name for info in system.get_file_info(FileSelector(full))}

    @override
    def make(self, path: str) -> None:
        with _opened(path) as (system, full):
            system.create_dir(full, recursive=True)

    @override
    def rename(self, source: str, target: str) -> None:
        with _opened(source) as (system, full), _opened(target) as (_, new):
            system.move(full, new)

    @override
    def delete(self, path: str) -> None:
        with _opened(path) as (system, full):
            if system.get_file_info(full).type != FileType.NotFound:
                system.delete_dir(full)

    @override
    def write(self, path: str, text: str) -> None:
        with _opened(path) as (system, full), system.open_output_stream(full) as stream:
            stream.write(text.encode())


@contextmanager
def _opened(path: str) -> Iterator[tuple[Any, str]]:
    """Pyarrow's file system of a full path, and the path in it; its errors in one line."""
    try:
        yield _local(path) or FileSystem.from_uri(_with_arrow_name(path))
    except (OSError, ValueError, NotImplementedError) as error:  # pyarrow's are of these kinds
        raise InputError(f"{path} cannot be written to", found=one_line(error)) from error


def _local(path: str) -> tuple[FileSystem, str] | None:
    """A path of this machine may have any characters, unlike a URI."""
    if not path.startswith("file:"):
        return None
    return LocalFileSystem(), "/" + path.removeprefix("file:").lstrip("/")


def _with_arrow_name(path: str) -> str:
    scheme, _, rest = path.partition(":")
    return f"{_ARROW_NAMES.get(scheme, scheme)}:{rest}"
