"""Hadoop's file systems, by the JVM of a classic session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from typing_extensions import override

from graphrec.cli.io.file_systems import Files, root_error
from graphrec.errors import InputError, PlatformError


class HadoopFiles(Files):
    """Hadoop's FileSystem, by the JVM of a classic session."""

    def __init__(self, spark: SparkSession) -> None:
        self._path: Any = spark._jvm.org.apache.hadoop.fs.Path  # type: ignore[union-attr]
        self._settings: Any = spark._jsc.hadoopConfiguration()

    @override
    def qualified(self, path: str) -> str:
        short = self._path(path)
        return str(short.getFileSystem(self._settings).makeQualified(short).toString())

    @override
    def location(self, path: str) -> tuple[tuple[str, str | None], Path]:
        uri = self._path(self.qualified(path)).toUri()
        full = Path(uri.getPath())
        local = uri.getScheme() == "file"
        return (uri.getScheme(), uri.getAuthority()), full.resolve() if local else full

    @override
    def beside(self, path: str, name: str) -> str:
        full = self._path(path)
        return str(self._path(self.parent(path), name.format(full.getName())).toString())

    @override
    def parent(self, path: str) -> str:
        parent = self._path(path).getParent()
        if parent is None:
            raise root_error(path)
        return str(parent.toString())

    @override
    def names(self, path: str) -> set[str] | None:
        full, system = self._opened(path)
        if not system.exists(full):
            return None
        if not system.getFileStatus(full).isDirectory():
            return {"a file"}
        return {status.getPath().getName() for status in system.listStatus(full)}

    @override
    def make(self, path: str) -> None:
        full, system = self._opened(path)
        if not system.mkdirs(full):
            raise InputError(f"{full.getParent().toString()} cannot be written to")

    @override
    def rename(self, source: str, target: str) -> None:
        full, system = self._opened(source)
        if not system.rename(full, self._path(target)):
            raise PlatformError(f"{source} cannot be renamed to {target}")

    @override
    def delete(self, path: str) -> None:
        full, system = self._opened(path)
        system.delete(full, True)

    @override
    def write(self, path: str, text: str) -> None:
        full, system = self._opened(path)
        stream = system.create(full, True)
        try:
            stream.write(bytearray(text.encode()))
        finally:
            stream.close()

    def _opened(self, path: str) -> tuple[Any, Any]:
        """A path as Hadoop takes it, and its file system."""
        full = self._path(path)
        return full, full.getFileSystem(self._settings)
