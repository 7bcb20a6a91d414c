"""`graphrec stream`: a saved model follows a folder of files or a topic of Kafka."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from graphrec.cli.options import INPUT, RUN, RunOptions, TableOptions, VersionOptions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from graphrec.cli.runtime.run import Run
    from graphrec.recommenders.update_stream import RowsOf, StreamedBatch, UpdateStream


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, VersionOptions, TableOptions):
    """What `stream` takes."""

    model: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="A saved model, or the folder of its versions.",
            show_default=False,
        ),
    ]
    checkpoint: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Where it is noted how far the stream was read; of this stream and model alone.",
            show_default=False,
        ),
    ]
    kafka: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT,...",
            show_default=False,
            help="Brokers of Kafka, instead of IN; the values of messages are JSON objects.",
            rich_help_panel=INPUT,
        ),
    ] = None
    topic: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="What is read there, from its first message on.",
            rich_help_panel=INPUT,
        ),
    ] = None
    per_batch: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            show_default="16 files or 100,000 messages",
            help="Files or messages that are taken in at once, at most.",
            rich_help_panel=INPUT,
        ),
    ] = None
    available_now: Annotated[
        bool, typer.Option(help="Take in what is there, and end.", rich_help_panel=RUN)
    ] = False
    interval: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0.0,
            help="From the begin of one batch to that of the next; 0: as soon as there is "
            "something new.",
            rich_help_panel=RUN,
        ),
    ] = 0.0


def run(options: Options) -> None:
    """Update a model with each batch of files that come to the folder IN, or of Kafka's messages.

    A batch is a version of the model, and is taken in once, whenever this is killed and started
    again with the same --checkpoint. Rows are judged as by `update`; rejected ones are in
    CHECKPOINT/_rejected.
    """
    from graphrec.cli.runtime.run import running
    from graphrec.spark.kafka_jars import kafka_settings

    _check(options)
    config = None if options.kafka is None else kafka_settings()
    with running("stream", options, needs_jvm=True, config=config) as run:
        stream = _start(options, run)
        try:
            stream.awaitTermination()
        finally:
            stream.stop()


def _check(options: Options) -> None:
    """Refuse options that contradict each other, before anything is read."""
    from graphrec.errors import ParameterError
    from graphrec.recommenders.versions import is_folder_of_versions

    if (options.input is None) == (options.kafka is None):
        raise ParameterError("there is one source of a stream", fix="give either IN or --kafka")
    if (options.kafka is None) != (options.topic is None):
        raise ParameterError("--kafka and --topic go together", fix="give both of them")
    if options.out is None and not is_folder_of_versions(options.model):
        raise ParameterError(
            f"{options.model} is no folder of versions",
            fix="name one by --out, of which this model becomes the first version",
        )


def _start(options: Options, run: Run) -> UpdateStream:
    from graphrec.recommenders.model import RecommenderModel
    from graphrec.recommenders.update_stream import StreamSettings, start
    from graphrec.recommenders.versions import DEFAULT_KEPT, held, is_folder_of_versions

    versions = options.out or options.model
    settings = StreamSettings(
        versions=versions,
        checkpoint=options.checkpoint,
        keep=options.keep or DEFAULT_KEPT,
        availableNow=options.available_now,
        seconds=options.interval,
    )
    events, rows_of = _source(options, run.spark)
    known = versions if is_folder_of_versions(versions) else options.model
    with held(known) as version:  # later ones are held while a batch is taken in
        return start(
            RecommenderModel.load(version),
            events,
            settings,
            rows_of=rows_of,
            beside=lambda batch, folder: _record(batch, folder, run),
            taken_in=lambda batch, path: _print(batch, path, run),
        )


def _source(options: Options, spark: SparkSession) -> tuple[DataFrame, RowsOf]:
    """The stream, and what makes rows of a batch of it."""
    from graphrec.data.reading.file_events import MAX_FILES, FileEvents, names_of_files
    from graphrec.data.reading.kafka_events import MAX_MESSAGES, messages, rows_of_messages

    if options.kafka is not None and options.topic is not None:
        per_batch = options.per_batch or MAX_MESSAGES
        return messages(spark, options.kafka, options.topic, per_batch=per_batch), rows_of_messages
    assert options.input is not None  # see `_check`
    files = FileEvents(options.input_format, options.encoding, options.delimiter)
    per_batch = options.per_batch or MAX_FILES
    return names_of_files(spark, options.input, per_batch=per_batch), files.rows


def _record(batch: StreamedBatch, folder: str, run: Run) -> None:
    """Write the record of a version into it."""
    from graphrec.cli.io.update_record import figures_of

    figures = figures_of(batch.update)
    figures["input"]["number"] = batch.number
    run.write_record(folder, parameters={}, **figures, goes_on=True)


def _print(batch: StreamedBatch, path: str, run: Run) -> None:
    """What was taken in, and what was not."""
    from graphrec.cli.text.update import described

    first, *others = described(batch.update)
    for line in (f"batch {batch.number}: {first}", *others, f"written to {path}"):
        run.report.line(line)
