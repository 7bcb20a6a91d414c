"""`graphrec update`: a saved model takes in new interactions, without a whole fit."""
# ruff: noqa: PLC0415  what is heavy waits until the verb runs, so that --help is quick

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from graphrec.cli.options import (
    INPUT,
    OverwriteOption,
    RunOptions,
    SavedModelOption,
    TableOptions,
    VersionOptions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

    from graphrec.cli.runtime.progress_lines import Report
    from graphrec.cli.runtime.run import Run
    from graphrec.recommenders.update import Update


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, OverwriteOption, VersionOptions, TableOptions, SavedModelOption):
    """What `update` takes."""

    forget: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Users of whom nothing may remain; all legs are then learned anew.",
            rich_help_panel=INPUT,
        ),
    ] = None


def run(options: Options) -> None:
    """Take the interactions of IN into a model; what it has taken in before changes nothing.

    Users and items may be new. Rows are judged as those were that the model was learned from; the
    rejected ones are in DIR/_rejected, with --keep in the version's. Weights and settings stay as
    the fit has chosen them.
    """
    from graphrec.cli.io.inputs import open_ids
    from graphrec.cli.runtime.run import running
    from graphrec.data.reading.readers import read_table
    from graphrec.recommenders.model import RecommenderModel
    from graphrec.recommenders.update import update

    _check(options)
    with running("update", options) as run:
        with _writer(run.spark, options) as write:
            model = RecommenderModel.load(options.served)
            new = forget = None
            if options.input is not None:
                new = read_table(
                    run.spark,
                    options.input,
                    format=options.input_format,
                    encoding=options.encoding,
                    delimiter=options.delimiter,
                )
            if options.forget is not None:
                user = {"user": model.dataset.columns.user}
                ids = open_ids(run.spark, options.forget, wanted=user, text=options)
                forget = ids.typed(model.dataset.id_types)
            done = update(model, new, forget)
            written = write(done, run)
        _print(run.report, done, written)


def _check(options: Options) -> None:
    """Refuse options that contradict each other, before anything is read."""
    from graphrec.errors import ParameterError
    from graphrec.recommenders.versions import is_folder_of_versions

    if options.input is None and options.forget is None:
        raise ParameterError("nothing to update by", fix="give IN, or --forget")
    if options.out is None and not is_folder_of_versions(options.served):
        raise ParameterError(
            "the updated model needs a directory of its own",
            fix="name it by --out, or with --keep a folder for its versions",
        )


@contextmanager
def _writer(spark: SparkSession, options: Options) -> Iterator[Callable[[Update, Run], str | None]]:
    """A function that writes what came of an update, and gives the place; None: nowhere.

    A directory is made in any case; a version only of what has changed.
    """
    from graphrec.cli.io.result_folder import SAVED_MODEL, staged
    from graphrec.recommenders.versions import DEFAULT_KEPT, add_version, is_folder_of_versions

    out = options.out or options.served
    if options.keep is not None or is_folder_of_versions(out):

        def add(done: Update, run: Run) -> str | None:
            if not done.has_changed:
                return None
            keep = options.keep or DEFAULT_KEPT
            return add_version(out, lambda folder: _write(done, run, folder), keep=keep)

        yield add
        return
    read = [path for path in (options.served, options.input, options.forget) if path is not None]
    with staged(
        spark, out, made_of=SAVED_MODEL, overwrite=options.overwrite, apart_from=read
    ) as folder:

        def write(done: Update, run: Run) -> str:
            _write(done, run, folder)
            return out

        yield write


def _write(done: Update, run: Run, folder: str) -> None:
    """Write the model, the rejected rows and the record into a folder that is there or not."""
    from graphrec.cli.io.results import write_rejected
    from graphrec.cli.io.update_record import figures_of

    done.model.write().save(folder)
    write_rejected(done.rejected, folder)
    run.write_record(folder, parameters={}, **figures_of(done))


def _print(report: Report, done: Update, written: str | None) -> None:
    """What was taken in, and what was not."""
    from graphrec.cli.text.update import described

    report.line()
    for line in described(done):
        report.line(line)
    report.line("no new version" if written is None else f"written to {written}")
