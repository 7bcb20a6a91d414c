"""The benchmark of features, on a small catalogue."""

from __future__ import annotations

import re
import sys

import pytest

from benchmarks import new_items


def test_every_step_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--items", "3000", "--features", "7", "--new", "100", "--rank", "4"]
    monkeypatch.setattr(sys, "argv", ["new_items", *small])
    new_items.main()
    printed = capsys.readouterr().out
    assert len(re.findall(r"\d CPU s +[\d.]+ GiB$", printed, re.MULTILINE)) == 4
    assert "columns of 7 features" in printed


def test_the_catalogue_is_of_all_kinds() -> None:
    table = new_items.catalogue(2000, 7)
    assert table.num_rows == 2000
    kinds = [str(kind) for kind in table.schema.types]
    assert kinds == [*["double"] * 3, *["string"] * 3, "list<item: string>"]
    counts = [len(set(table[f"category {n}"].to_pylist())) for n in range(3)]
    assert counts == sorted(counts)
    assert counts[0] <= 500
