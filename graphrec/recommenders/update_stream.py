"""A model that follows a stream of interactions: each batch becomes a version of it, once.

A batch is taken in by `graphrec.recommenders.update`, and written as the next version of a folder,
see `graphrec.recommenders.versions`. Each begins with the version that is on disk, so nothing is
in memory alone, and a driver that is killed goes on with just what it would have had. What comes
of a kill, by the step that it comes before:

- the version is current: nothing has happened, and the batch is taken in when it is given again;
- Spark has noted the batch in the checkpoint: the version says that it has the batch, and the batch
  is passed over when it is given again, see `graphrec.recommenders.stream_positions`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from graphrec.data.dataset import Dataset
from graphrec.data.reading.file_names import escaped
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.errors import ParameterError
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.stream_positions import is_new
from graphrec.recommenders.update import Update, update, with_batch_names
from graphrec.recommenders.versions import DEFAULT_KEPT, add_version, held, is_folder_of_versions
from graphrec.spark.paths import has_scheme

REJECTED = "_rejected"  # of the checkpoint's folder: the rejected rows, by batch
_METADATA = "metadata"  # where Spark keeps the id of a checkpoint

RowsOf = Callable[[DataFrame, Dataset], DataFrame]


@dataclass(frozen=True)
class StreamedBatch:
    """A batch that is taken in.

    Attributes:
        number: its number in the stream, from 0 on.
        update: what came of it.
    """

    number: int
    update: Update


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """How a model follows a stream.

    Attributes:
        versions: the folder of the model's versions.
        checkpoint: the folder in which Spark notes how far the stream was read.
        keep: how many versions stay.
        availableNow: take in what is there, and end.
        seconds: from the begin of one batch to that of the next; 0: as soon as there is something.
    """

    versions: str
    checkpoint: str
    keep: int = DEFAULT_KEPT
    availableNow: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.availableNow and self.seconds:
            raise ParameterError(
                "what is there is taken in at once", fix="give availableNow or seconds, not both"
            )
        if self.seconds < 0:
            raise ParameterError("seconds must not be below 0", found=repr(self.seconds))

    def triggered(self, writer: DataStreamWriter) -> DataStreamWriter:
        """A writer of a stream with the times of its batches."""
        if self.availableNow:
            return writer.trigger(availableNow=True)
        return writer.trigger(processingTime=f"{round(self.seconds * 1000)} milliseconds")


class UpdateStream:
    """A running stream of updates, see `RecommenderModel.updateStream`.

    Attributes:
        query: Spark's own object, for its progress.
    """

    def __init__(self, query: StreamingQuery, take_in: _TakeIn) -> None:
        self.query = query
        self._take_in = take_in

    def awaitTermination(self, timeout: float | None = None) -> bool:
        """Wait until the stream ends.

        Args:
            timeout: seconds after which to wait no longer; None: there is no end of it.

        Returns:
            Whether it has ended.

        Raises:
            GraphrecError: a batch could not be taken in. The last version is as it was, and the
                stream goes on with this batch when it is started again.
            StreamingQueryException: the source failed.
        """
        try:
            if timeout is not None:
                return bool(self.query.awaitTermination(timeout))  # type: ignore[arg-type] # a float is taken
            self.query.awaitTermination()
        except StreamingQueryException:
            if self._take_in.failure is not None:
                raise self._take_in.failure from None
            raise
        return True

    def stop(self) -> None:
        """End the stream; a batch that is at work is given up, and comes again."""
        self.query.stop()


def start(
    model: RecommenderModel,
    events: DataFrame,
    settings: StreamSettings,
    *,
    rows_of: RowsOf | None = None,
    beside: Callable[[StreamedBatch, str], None] | None = None,
    taken_in: Callable[[StreamedBatch, str], None] | None = None,
) -> UpdateStream:
    """See `RecommenderModel.updateStream`.

    Args:
        model: it is the first version, if there is none.
        events: a streaming DataFrame.
        settings: where versions and checkpoint are, and when a batch is due.
        rows_of: makes interactions of a batch; None: it consists of them.
        beside: writes something into a version, before it is current.
        taken_in: called with the path of each version.
    """
    if not (isinstance(events, DataFrame) and events.isStreaming):
        raise ParameterError(
            "a stream is needed", found=type(events).__name__, fix="read it by spark.readStream"
        )
    _require_versions_of(model, settings)
    take_in = _TakeIn(settings, rows_of, beside, taken_in)
    checkpoint = _full_path(settings.checkpoint)
    writer = events.writeStream.option("checkpointLocation", checkpoint).foreachBatch(take_in)
    return UpdateStream(settings.triggered(writer).start(), take_in)


def _require_versions_of(model: RecommenderModel, settings: StreamSettings) -> None:
    """Make the first version, or see that those that are there come from this model.

    Raises:
        ParameterError: they come from another one, or the model cannot be updated.
    """
    if model.learned_by is None or model.dataset.rows is None:
        update(model, model.dataset.empty_interactions())  # says why it cannot be updated
    if not is_folder_of_versions(settings.versions):
        add_version(settings.versions, model.write().save, keep=settings.keep)
        return
    with held(settings.versions) as version:
        current = RecommenderModel.load(version)
        names, later = (with_batch_names(one.dataset).batches for one in (model, current))
    if later[: len(names)] != names:
        raise ParameterError(
            f"the versions in {settings.versions} do not come from this model",
            fix="name another folder, or load the model from this one",
        )


@dataclass(eq=False)
class _TakeIn:
    """What Spark calls with each batch."""

    settings: StreamSettings
    rows_of: RowsOf | None
    beside: Callable[[StreamedBatch, str], None] | None
    taken_in: Callable[[StreamedBatch, str], None] | None
    failure: Exception | None = None  # why the stream has ended

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Write the version of a batch, unless it is there."""
        try:
            with (
                one_line_errors(batch.sparkSession),
                held(self.settings.versions) as version,
            ):
                self._take_in(batch, number, version)
        except Exception as error:  # Spark would hand on its text alone
            self.failure = error
            raise

    def _take_in(self, batch: DataFrame, number: int, version: str) -> None:
        spark = batch.sparkSession
        model = RecommenderModel.read().session(spark).load(version)
        checkpoint = _checkpoint_id(spark, self.settings.checkpoint)
        if not is_new(model.streams, checkpoint, number):
            return
        rows = batch if self.rows_of is None else self.rows_of(batch, model.dataset)
        done = update(model, rows, batch=f"{checkpoint}/{number}")
        done.model.streams = {**model.streams, checkpoint: number}
        self._keep_rejected(done, number)
        streamed = StreamedBatch(number, done)
        path = add_version(
            self.settings.versions,
            lambda folder: self._write(streamed, folder),
            keep=self.settings.keep,
        )
        if self.taken_in is not None:
            self.taken_in(streamed, path)

    def _keep_rejected(self, done: Update, number: int) -> None:
        """Keep what was rejected beside the checkpoint, for versions go; again it is the same."""
        if done.figures.rejected:
            folder = _full_path(self.settings.checkpoint)
            done.rejected.write.mode("overwrite").parquet(f"{folder}/{REJECTED}/batch={number}")

    def _write(self, streamed: StreamedBatch, folder: str) -> None:
        streamed.update.model.write().save(folder)
        if self.beside is not None:
            self.beside(streamed, folder)


def _checkpoint_id(spark: SparkSession, folder: str) -> str:
    """What Spark calls a checkpoint, wherever that is moved to."""
    row = spark.read.text(escaped(f"{_full_path(folder)}/{_METADATA}")).first()
    assert row is not None  # Spark writes it before the first batch
    return str(json.loads(row[0])["id"])


def _full_path(path: str) -> str:
    """Spark's own threads may have another working directory."""
    return path if has_scheme(path) else str(Path(path).absolute())
