"""The files that are mapped: made once, by whoever comes first, and never by half."""

from __future__ import annotations

import mmap
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import graphrec as gr
from graphrec.errors import UnreadableInputError
from graphrec.scorer.mapped_model import open_model


def is_mapped(array: Any) -> bool:
    """Whether an array is a view of a file."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    """A copy of the model without the files that are mapped."""
    return Path(shutil.copytree(saved, tmp_path / "copy", ignore=lambda *_: {"_mapped"}))


def test_the_files_are_made_once_and_are_mapped(copy: Path) -> None:
    first = open_model(copy)
    [place] = (copy / "_mapped").iterdir()
    made = {file.name: file.stat().st_mtime_ns for file in place.iterdir()}
    again = open_model(copy)
    assert {file.name: file.stat().st_mtime_ns for file in place.iterdir()} == made
    assert place.name == first.digest == again.digest
    tables = again.tables.mapped
    for name in ("indices", "data", "factors"):
        assert is_mapped(tables[name])
        assert not tables[name].flags.writeable


def test_a_copy_of_a_model_has_its_digest_and_another_model_another(
    saved: Path, copy: Path
) -> None:
    assert open_model(copy).digest == open_model(saved).digest
    table = pq.read_table(copy / "items")
    shutil.rmtree(copy / "items")
    (copy / "items").mkdir()
    pq.write_table(table, copy / "items" / "part-other.parquet")
    assert open_model(copy).digest != open_model(saved).digest


def test_a_folder_may_be_named_for_a_model_that_cannot_be_written_to(
    copy: Path, tmp_path: Path
) -> None:
    scorer = gr.Scorer.open(copy, cache=tmp_path / "cache")
    assert not (copy / "_mapped").exists()
    assert (tmp_path / "cache" / scorer.digest).is_dir()
    file = tmp_path / "a file"
    file.touch()
    with pytest.raises(UnreadableInputError, match="cannot be written to"):
        gr.Scorer.open(copy, cache=file / "cache")


def lose_metadata(model: Path) -> None:
    shutil.rmtree(model / "metadata")


def cut_neighbours(model: Path) -> None:
    for file in (model / "neighbours").glob("*.parquet"):
        file.write_bytes(file.read_bytes()[:-100])


def leave_out_items(model: Path) -> None:
    """Half of the catalogue: the neighbours name items that there are not."""
    table = pq.read_table(model / "items")
    for file in (model / "items").glob("*.parquet"):
        file.unlink()
    pq.write_table(table.slice(0, table.num_rows // 2), model / "items" / "part-0.parquet")


def score_by_no_number(model: Path) -> None:
    table = pq.read_table(model / "factors")
    width = len(table["vector"][0])
    vectors = pa.array([[float("nan")] * width] * table.num_rows, pa.list_(pa.float32()))
    for file in (model / "factors").glob("*.parquet"):
        file.unlink()
    broken = table.set_column(table.column_names.index("vector"), "vector", vectors)
    pq.write_table(broken, model / "factors" / "part-0.parquet")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose_metadata, "there is no model at"),
        (cut_neighbours, "the table neighbours"),
        (leave_out_items, "do not fit together"),
        (score_by_no_number, "do not fit together"),
    ],
)
def test_a_damaged_model_is_refused_and_leaves_nothing(damage, message: str, copy: Path) -> None:  # type: ignore[no-untyped-def]
    damage(copy)
    with pytest.raises(UnreadableInputError, match=message):
        open_model(copy)
    made = copy / "_mapped"
    assert not made.exists() or not list(made.iterdir())


def test_files_that_were_damaged_later_say_what_to_delete(copy: Path) -> None:
    open_model(copy)
    [place] = (copy / "_mapped").iterdir()
    (place / "indices.npy").unlink()
    with pytest.raises(UnreadableInputError, match=f"delete {place}"):
        open_model(copy)
