"""Processes that learn together, see `graphrec.recommenders.embedding.peers`, over connections.

The first process is the hub: the others are its guests, send it what they have computed, and get
back what all have. Who does not know the key of the invitation is not let in.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import chain
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener

import numpy as np

from graphrec.kernels.types import Array
from graphrec.recommenders.embedding.peers import Part


class Hub:
    """The first process.

    Args:
        host: the name or address of its machine, by which the others find it.
        tasks: how many processes there are.
    """

    task = 0

    def __init__(self, host: str, tasks: int) -> None:
        self.tasks = tasks
        self._key = secrets.token_hex(32)
        self._listener = Listener((host, 0), backlog=tasks, authkey=self._key.encode())
        self._guests: dict[int, Connection] = {}
        self.invitation = json.dumps([host, self._listener.address[1], self._key])

    def join(self) -> None:
        """Wait until all guests are there."""
        while len(self._guests) < self.tasks - 1:
            try:
                guest = self._listener.accept()
            except (AuthenticationError, EOFError, ConnectionError):  # somebody else
                continue
            self._guests[int(guest.recv_bytes())] = guest

    def exchange(self, own: list[Part]) -> list[list[Part]]:
        """What all have computed."""
        guests = [self._guests[task] for task in range(1, self.tasks)]
        messages = [_packed(own), *(guest.recv_bytes() for guest in guests)]
        for guest in guests:
            for message in messages:
                guest.send_bytes(message)
        return [own, *map(_parts, messages[1:])]

    def close(self) -> None:
        """End the connections."""
        self._listener.close()
        for guest in self._guests.values():
            guest.close()


class Guest:
    """One of the others.

    Args:
        invitation: of the hub.
        task: its number, above 0.
        tasks: how many processes there are.
    """

    def __init__(self, invitation: str, task: int, tasks: int) -> None:
        host, port, key = json.loads(invitation)
        self.task, self.tasks = task, tasks
        self._hub = Client((host, port), authkey=key.encode())
        self._hub.send_bytes(str(task).encode())

    def exchange(self, own: list[Part]) -> list[list[Part]]:
        """What all have computed."""
        self._hub.send_bytes(_packed(own))
        return [_parts(self._hub.recv_bytes()) for _ in range(self.tasks)]

    def close(self) -> None:
        """End the connection."""
        self._hub.close()


def pack(arrays: Iterable[Array]) -> bytes:
    """Arrays as bytes."""
    written = BytesIO()
    np.savez(written, *arrays)
    return written.getvalue()


def unpack(packed: bytes) -> list[Array]:
    """The arrays again."""
    with np.load(BytesIO(packed)) as read:
        return [read[f"arr_{number}"] for number in range(len(read.files))]


def _packed(parts: Sequence[Part]) -> bytes:
    """Blocks as bytes: how many there are, and their arrays."""
    arrays = [
        [part.user, part.by_mean, part.by_target, part.by_negative, *part.parameters]
        for part in parts
    ]
    return pack([np.array(len(parts)), *chain.from_iterable(arrays)])


def _parts(packed: bytes) -> list[Part]:
    """The blocks again."""
    count, *arrays = unpack(packed)
    each = len(arrays) // max(int(count), 1)
    return [_part(*arrays[first : first + each]) for first in range(0, len(arrays), max(each, 1))]


def _part(
    user: Array, by_mean: Array, by_target: Array, by_negative: Array, *parameters: Array
) -> Part:
    return Part(user, by_mean, by_target, by_negative, parameters)
