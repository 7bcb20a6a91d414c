"""Lists in a real Redis server, and addresses that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from graphrec.errors import ParameterError, UnreachableError
from graphrec.serving.redis_lists import RedisLists
from tests.redis_server import PASSWORD, redis_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def lists(spark: SparkSession) -> DataFrame:
    rows = [(7, "b/ü", 2, 0.5, ["a"]), (7, "a", 1, 1.5, []), (8, "c", 1, -0.25, ["a", "b"])]
    return spark.createDataFrame(
        rows, "user long, item string, rank int, score double, because array<string>"
    )


def test_each_user_has_a_key_and_others_stay(server: tuple[str, Any], lists: DataFrame) -> None:
    url, client = server
    to = RedisLists.parse(f"{url}?prefix=lists:&ttl=600")
    to.check()
    client.mset({"another": "value", "lists:7": "of yesterday"})
    assert to.send(lists, "user") == 2
    assert set(client.scan_iter()) == {b"another", b"lists:7", b"lists:8"}
    assert json.loads(client.get("lists:7")) == [
        {"rank": 1, "item": "a", "score": 1.5, "because": []},
        {"rank": 2, "item": "b/ü", "score": 0.5, "because": ["a"]},
    ]
    assert 0 < client.ttl("lists:8") <= 600
    assert client.ttl("another") == -1


def test_a_server_that_has_no_memory_left_is_an_error_that_says_so(
    server: tuple[str, Any], lists: DataFrame
) -> None:
    url, client = server
    client.config_set("maxmemory", "1")
    try:
        with pytest.raises(UnreachableError, match=r"cannot be written to.*maxmemory") as error:
            RedisLists.parse(url).send(lists, "user")
    finally:
        client.config_set("maxmemory", "50mb")
    assert PASSWORD not in str(error.value)


def test_a_wrong_password_is_said_before_anything_is_computed(server: tuple[str, Any]) -> None:
    wrong = RedisLists.parse(server[0].replace(PASSWORD, "wrong"))
    with pytest.raises(UnreachableError, match=r"at redis://127\.0\.0\.1:.*password"):
        wrong.check()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("redis://", "no host"),
        ("redis://host:x/0", "cannot be read"),
        ("redis://host/0?ttl=soon", "ttl is a whole number of seconds"),
        ("redis://host/0?ttl=0", "ttl is a whole number of seconds"),
        ("redis://host/0?prefx=x", "found prefx"),
    ],
)
def test_addresses_that_cannot_be_read_are_refused(text: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        RedisLists.parse(text)


def test_what_is_shown_of_an_address_has_no_password() -> None:
    lists = RedisLists.parse("redis://user:secret@host:6379/2?prefix=&ttl=60")
    assert (lists.shown, lists.prefix, lists.ttl) == ("redis://host:6379/2", "", 60)
    assert RedisLists.parse("redis://host").prefix == "graphrec:"
