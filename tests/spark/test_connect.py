"""A Spark Connect server that is not there is one clear line, at once."""

from __future__ import annotations

import pytest

import graphrec
from graphrec.errors import MissingExtraError, PlatformError
from graphrec.spark import extras
from graphrec.spark.connect import require_server


def test_nobody_listens() -> None:
    with pytest.raises(PlatformError) as caught:
        require_server("sc://127.0.0.1:9/;token=secret")
    assert str(caught.value).startswith(
        "no Spark Connect server answers at sc://127.0.0.1:9; found"
    )
    assert "unset SPARK_REMOTE" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_address_that_is_none() -> None:
    with pytest.raises(PlatformError, match="at sc://host:port; found"):
        require_server("sc://host:port")


def test_pyspark_starts_a_local_server_itself() -> None:
    require_server("local[2]")


def test_the_packages_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install .graphrec\[connect\]"):
        require_server("local")


@pytest.mark.usefixtures("spark")
def test_a_running_session_is_not_asked_for_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_REMOTE", "sc://127.0.0.1:9")
    monkeypatch.setattr("graphrec.spark.session.is_remote", lambda: False)
    assert graphrec.spark_session().range(2).count() == 2
