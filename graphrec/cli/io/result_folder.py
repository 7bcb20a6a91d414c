"""Atomic output directories: a result appears complete or not at all.

Everything is written to a staging directory beside the wanted one, on the same file system, which
is renamed at the end. An older directory is renamed away before that and deleted after it;
whatever fails, it is put back. Where renaming is one step (local disks, HDFS), nobody ever sees
half a result; object stores that copy instead of renaming need a moment.

A killed process (SIGKILL, power) may leave `.NAME.graphrec-*` beside the directory: `*.old` is the
older result, if it happened between the two renames. On the disks of this machine the next run that
writes beside it puts an older result back and removes the rest (`leftovers.py`); elsewhere somebody
has to.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from graphrec.cli.io.file_systems import Files
from graphrec.cli.io.hadoop_files import HadoopFiles
from graphrec.cli.io.leftovers import OLD_SUFFIX, claimed, remove_leftovers
from graphrec.cli.runtime.error_text import disk_full, one_line
from graphrec.cli.runtime.job_tags import add_job_tag, cancel_jobs, remove_job_tag
from graphrec.cli.runtime.signals import held
from graphrec.data.reading.catalog_names import is_of_catalog
from graphrec.errors import GraphrecError, InputError, OutputExistsError

RUN_RECORD: Final = "_run.json"
RESULT: Final = frozenset({RUN_RECORD})  # what is in every result, and in every saved model
SAVED_MODEL: Final = frozenset({"metadata", "items", "neighbours", "histories"})

_SETTLING_SECONDS: Final = (0.3, 1.2)  # tasks that are being cancelled may still write
_RETRY_SECONDS: Final = (0.1, 0.5, 2.0)


@contextmanager
def staged(
    spark: SparkSession,
    path: str,
    *,
    made_of: frozenset[str],
    overwrite: bool,
    apart_from: Sequence[str] = (),
) -> Iterator[str]:
    """Yield a new directory to write to, which replaces `path` at the end of the block.

    If the block fails or is interrupted, Spark's jobs of the block are cancelled, the new
    directory is deleted, and `path` is as it was.

    Args:
        spark: the session that writes.
        path: the wanted directory.
        made_of: names that are in every directory of this kind. Only such a one, or an empty
            one, is ever replaced.
        overwrite: replace `path` if it is there.
        apart_from: other paths of the run: none may be in `path`, nor `path` in one of them.

    Raises:
        OutputExistsError: `path` is there, and may not be replaced.
        InputError: `path` and another one overlap, or it cannot be written to.
        PlatformError: the disk is full.
    """
    if not path.strip():
        raise InputError("the output has no name", fix="name a directory")
    files = _files_of(spark)
    with _one_line_errors(path):
        wanted = files.qualified(path)
        for name in apart_from:
            if not is_of_catalog(name):
                _require_apart(files, path, name)
        remove_leftovers(wanted)
        _require_replaceable(files, wanted, made_of, overwrite=overwrite)
        tag = f"graphrec-{uuid.uuid4().hex[:8]}"
        staging = files.beside(wanted, f".{{}}.{tag}")
        files.make(files.parent(wanted))
    with claimed(staging), _tagged(spark, tag):
        swapped = False
        try:
            with _one_line_errors(path):
                files.make(staging)
            yield staging
            with held():
                _require_replaceable(files, wanted, made_of, overwrite=overwrite)  # still so?
                _swap(files, staging, wanted)
                swapped = True
        except BaseException as error:
            if not swapped:
                error.add_note(f"{path} is as it was")
                with held():
                    _insist(lambda: cancel_jobs(spark, tag))
                    _discard(files, staging, settling=not isinstance(error, InputError))
            if full := disk_full(error, path):
                raise full from error
            raise


def write_text(spark: SparkSession, path: str, text: str) -> None:
    """Write a small file."""
    _files_of(spark).write(path, text)


def _files_of(spark: SparkSession) -> Files:
    """The file systems that a session writes to."""
    if not is_remote():
        return HadoopFiles(spark)
    from graphrec.cli.io.arrow_files import ArrowFiles  # noqa: PLC0415  seldom needed

    return ArrowFiles(spark)


# --- checks ---------------------------------------------------------------------------------------


def _require_apart(files: Files, path: str, name: str) -> None:
    """Raise an InputError if the output is an input, in an input, or around one."""
    host, own = files.location(path)
    try:
        other_host, other = files.location(name)
    except (Py4JError, PySparkException):
        return  # whoever reads it will say what is wrong with it
    if host != other_host:
        return
    if own == other:
        relation = "is"
    elif other in own.parents:
        relation = "is in"
    elif own in other.parents:
        relation = "contains"
    else:
        return
    raise InputError(
        f"the output {path} {relation} {name}", fix="give it a directory of its own elsewhere"
    )


def _require_replaceable(
    files: Files, wanted: str, made_of: frozenset[str], *, overwrite: bool
) -> None:
    """Raise an OutputExistsError unless nothing is there, or what may be replaced."""
    names = files.names(wanted)
    if names is None:
        return
    if names and not names >= made_of:
        raise OutputExistsError(
            f"{wanted} is there and was not written by graphrec", fix="choose another directory"
        )
    if not overwrite:
        raise OutputExistsError(
            f"{wanted} is there already", fix="choose another directory, or give --overwrite"
        )


@contextmanager
def _one_line_errors(path: str) -> Iterator[None]:
    try:
        yield
    except (Py4JError, PySparkException) as error:
        raise InputError(f"{path} cannot be written to", found=one_line(error)) from error


@contextmanager
def _tagged(spark: SparkSession, tag: str) -> Iterator[None]:
    """Mark Spark's jobs of the block, so that they can be cancelled."""
    add_job_tag(spark, tag)
    try:
        yield
    finally:
        _insist(lambda: remove_job_tag(spark, tag))


# --- steps ----------------------------------------------------------------------------------------


def _swap(files: Files, staging: str, wanted: str) -> None:
    if files.names(wanted) is None:
        files.rename(staging, wanted)
        return
    old = f"{staging}{OLD_SUFFIX}"
    files.rename(wanted, old)
    try:
        files.rename(staging, wanted)
    except BaseException:
        files.rename(old, wanted)
        raise
    files.delete(old)


def _discard(files: Files, staging: str, *, settling: bool) -> None:
    """Delete a directory, several times if tasks that are being cancelled may still write to it."""
    for seconds in (0.0, *_SETTLING_SECONDS) if settling else (0.0,):
        time.sleep(seconds)
        if not _insist(lambda: files.delete(staging)) and staging.startswith("file:/"):
            # The JVM was terminated together with this process, and its tasks, too.
            shutil.rmtree(staging.removeprefix("file:"), ignore_errors=True)
            return


def _insist(step: Callable[[], None]) -> bool:
    """Retry a call of Spark or a file system; return whether it succeeded.

    An interrupted call ends its connection, and sometimes takes the next one with it.
    """
    for seconds in (*_RETRY_SECONDS, 0.0):
        try:
            step()
        except (Py4JError, PySparkException, GraphrecError, OSError):
            time.sleep(seconds)
        else:
            return True
    return False
