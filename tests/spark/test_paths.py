"""Paths of a client, as another process takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphrec.spark import paths as module
from graphrec.spark.paths import has_scheme, path_for
from tests.connect_client import client


@pytest.mark.parametrize("path", ["s3://bucket/x", "file:/x", "hdfs:///x"])
def test_a_scheme_names_the_file_system(path: str) -> None:
    assert has_scheme(path)
    assert not has_scheme(path.partition(":")[2])


def test_a_classic_session_takes_paths_as_they_are() -> None:
    assert path_for(client("localhost"), "ratings.csv") == "ratings.csv"


def test_a_server_of_this_machine_gets_full_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_remote", lambda: True)
    here = str(Path("ratings.csv").absolute())
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert path_for(client(host), "ratings.csv") == here
    assert path_for(client("localhost"), "/tmp/a b[1].csv") == "/tmp/a b[1].csv"
    assert path_for(client("localhost"), "s3://bucket/x") == "s3://bucket/x"
    assert path_for(client("spark.example"), "ratings.csv") == "ratings.csv"
