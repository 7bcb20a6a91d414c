"""A real broker of Kafka on the loopback, of one node, from the jars of Maven."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graphrec.spark.java import find_java
from graphrec.spark.maven import Coordinate, kept_jars

BROKER = "org.apache.kafka:kafka_2.13:4.1.1"
_LITTLE = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_SECONDS = 120.0  # until it listens, on a busy machine
_CONFIG = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
log.dirs={folder}/log
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
"""
_FORMATTED = """
version=1
cluster.id=MkU3OEVBNTcwNTJENDM2Qk
node.id=1
directory.id=Pa9gNZ2gR0WqyhX1xQqCmg
"""


@contextmanager
def kafka_broker(folder: Path) -> Iterator[str]:
    """The address of a broker that runs while the block lasts.

    Args:
        folder: for its data.
    """
    jars = kept_jars("kafka-broker-4.1.1", [Coordinate(BROKER, without=())])
    if not jars:
        pytest.skip(f"no broker: {BROKER} cannot be had")
    broker, controller = _free_ports(2)
    (folder / "log").mkdir()
    (folder / "log" / "meta.properties").write_text(_FORMATTED)
    config = folder / "server.properties"
    config.write_text(_CONFIG.format(broker=broker, controller=controller, folder=folder))
    command = [find_java(), *_LITTLE, "-cp", ":".join(jars), "kafka.Kafka", str(config)]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
    try:
        _wait(process, broker, folder / "said")
        yield f"127.0.0.1:{broker}"
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"the broker does not listen:\n{said.read_text()}")


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
